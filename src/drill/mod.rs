//! What a person does with a run, as functions that take and return values: choosing one, looking
//! at its record, acting on its lab, writing it up, having it graded. Every door calls these and
//! differs only in how it shows things: nothing here prints, parses arguments or listens to
//! signals.
//!
//! Results are values that become the JSON of the contract; remarks go to the door's [`Notices`];
//! failures are one [`DrillError`] that keeps what it came from.

pub mod changes;
pub mod choose;
pub mod cite;
pub mod content;
mod deadline;
pub mod doctor;
pub mod error;
pub mod events;
pub mod exec;
pub mod families;
pub mod hint;
pub mod history;
pub mod image;
mod instant;
pub mod keep;
pub mod logs;
mod machine;
pub mod metrics;
pub mod node;
pub mod notice;
pub mod page;
pub mod playbook;
pub mod query;
pub mod recorded;
pub mod rehearsal;
pub mod release;
pub mod report;
pub mod runs;
mod sealed;
pub mod service;
pub mod start;
pub mod status;
pub mod stop;
pub mod submit;
pub mod terminal;
pub mod vocab;
pub mod write_up;

pub use choose::Chosen;
pub use error::DrillError;
pub use notice::{Notice, Notices};
