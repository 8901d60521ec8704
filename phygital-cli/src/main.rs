//! The `phygital` command.

#![forbid(unsafe_code)]

mod demo;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Taps become known customers.
#[derive(Debug, Parser)]
#[command(name = "phygital", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays a month at three shops; writes report.html and shop.db.
    Demo {
        /// The same seed writes the same bytes.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many people the shops have to do with.
        #[arg(long, default_value_t = 1_000)]
        customers: u32,
        /// Events to play instead: JSON Lines, CloudEvents or Segment's wire form.
        #[arg(long)]
        events: Option<PathBuf>,
        /// The folder to write to.
        #[arg(long, default_value = ".")]
        out: PathBuf,
        /// Print the summary only.
        #[arg(long, short)]
        quiet: bool,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let Command::Demo { seed, customers, events, out, quiet, json } = command;
    match demo::run(&demo::Options { seed, customers, events, out, quiet, json }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("phygital: {error}");
            ExitCode::from(3)
        }
    }
}
