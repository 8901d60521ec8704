//! The `phygital` command.

#![forbid(unsafe_code)]

mod demo;

fn main() {}
