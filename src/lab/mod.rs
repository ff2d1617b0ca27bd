//! What makes it real: containers, brokers, files, time.

pub mod kafka;
