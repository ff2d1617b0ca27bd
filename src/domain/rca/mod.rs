//! The root-cause analysis: its vocabularies, its document, and what can be said of its claims by
//! looking at the record alone.

pub mod analysis;
pub mod check;
pub mod commands;
pub mod detect;
pub mod document;
pub mod effect;
pub mod moment;
pub mod record;
pub mod template;
pub mod vocab;

#[cfg(test)]
pub(crate) mod sample;
