//! kcc-cache

fn main() {}
