//! Ways to break a cluster, and what is true of a cluster so broken.

pub mod truth;
