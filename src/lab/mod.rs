//! What makes it real: containers, brokers, files, time.

pub mod casefile;
pub mod engine;
pub mod facts;
pub mod image;
pub mod kafka;
pub mod keeper;
pub mod library;
pub mod observer;
pub mod recording;
pub mod rehearsal;
pub mod run;
pub mod store;
pub mod wait;
