//! Kafka as seen by an administrator: one connection a node, admin calls, readiness. The only room
//! that speaks its protocol.

pub mod admin;
mod changes;
pub mod groups;
pub mod partitions;
pub mod settings;
pub mod wire;
