//! The `chaoslab` program.
fn main() {}
