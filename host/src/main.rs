//! The command `levain`.
fn main() {}
