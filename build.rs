//! Packs what the program carries with it.
fn main() {}
