//! The `edgepod` command.

fn main() {}
