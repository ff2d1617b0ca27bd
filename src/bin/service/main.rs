//! The program the lab's services run.
fn main() {}
