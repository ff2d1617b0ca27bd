//! chaoslab, a troubleshooting simulator for Apache Kafka. The modules below are the map of the
//! code, lowest first.

pub mod domain;

#[cfg(feature = "lab")]
pub mod lab;

#[cfg(feature = "lab")]
pub mod drill;

#[cfg(feature = "lab")]
pub mod cli;
