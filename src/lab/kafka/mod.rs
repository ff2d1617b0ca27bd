//! Kafka as seen by an administrator: one connection a node, admin calls, readiness. The only room that speaks its protocol.

pub mod admin;
pub mod groups;
pub mod partitions;
pub mod settings;
pub mod wire;
