//! What makes it real: containers, brokers, files, time.

pub mod engine;
pub mod kafka;
pub mod wait;
