//! The `phygital` command.

#![forbid(unsafe_code)]

fn main() {}
