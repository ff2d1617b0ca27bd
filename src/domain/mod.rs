//! What it means. Pure: no I/O, no clock, no async. Rooms in order, each using only those before
//! it.

pub mod yaml;

pub mod topology;

pub mod workload;

pub mod telemetry;

pub mod rca;

pub mod fault;

pub mod recording;

pub mod grade;

pub mod scenario;

pub mod review;

pub mod report;
