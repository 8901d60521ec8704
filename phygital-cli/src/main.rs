//! The `phygital` command. `docs/command.md` shows what each part answers.

#![forbid(unsafe_code)]

mod arguments;
mod at_reader;
mod attribution;
mod attribution_arguments;
mod attribution_order_arguments;
mod attribution_report_arguments;
mod calendar;
mod commands;
mod conversation;
mod conversation_arguments;
mod coverage;
mod demo;
mod experiment;
mod experiment_arguments;
mod failure;
mod hex;
mod identity;
mod identity_arguments;
mod journal_file;
mod journey_arguments;
mod lines;
mod measure;
mod measure_arguments;
mod named_column;
mod output;
mod picture;
mod presented;
mod provisioning_files;
mod reader_arguments;
mod settings;
mod shop;
mod simulated;
mod table;
mod text_file;
mod value;
mod value_arguments;
mod vectors;
mod who;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use arguments::{Arguments, Command};
use failure::{Exit, Failure};
use output::{CLOSED, Output, complain};
use shop::{DB_DEFAULT, Shop};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return if error.print().is_ok() { Exit::Done.into() } else { Exit::Failed.into() };
        }
        Err(error) => {
            let json = std::env::args_os().any(|argument| argument == "--json");
            complain(&arguments::misuse(&error).line(json));
            return Exit::Misuse.into();
        }
    };
    let json = arguments.global.json;
    match run(arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if failure.kind != CLOSED {
                complain(&failure.line(json));
            }
            failure.exit.into()
        }
    }
}

fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let Arguments { global, command } = arguments;
    let shop = Shop {
        db_named: global.db.is_some(),
        db: global.db.unwrap_or_else(|| PathBuf::from(DB_DEFAULT)),
        settings: global.config,
        now: global.now,
    };
    let mut output = Output::new(global.json);
    let answer = match command {
        Command::Demo(with) => commands::demo(with, &output),
        Command::Init(with) => commands::init(&shop, with, &mut output),
        Command::Tap(arguments::Tap::Verify(with)) => commands::verify(&shop, with, &mut output),
        Command::Tap(arguments::Tap::Diagnose(with)) => commands::diagnose(&shop, &with, &mut output),
        Command::Tap(arguments::Tap::Simulate(with)) => commands::simulate(&shop, &with, &mut output),
        Command::Vectors(with) => commands::vectors(&with, &mut output),
        Command::Read(with) => commands::read(&shop, &with, &mut output),
        Command::Reader(reader_arguments::Reader::List(with)) => commands::list(&with, &mut output),
        Command::Reader(reader_arguments::Reader::Watch(with)) => commands::watch(&shop, &with, &mut output),
        Command::Reader(reader_arguments::Reader::Selftest(with)) => commands::selftest(&with, &mut output),
        Command::Tag(with) => commands::tag(&shop, with, &mut output),
        Command::Record(with) => commands::record(&shop, with, &mut output),
        Command::Card(with) => commands::card(&shop, &with, &mut output),
        Command::Person(with) => commands::person(&shop, &with, &mut output),
        Command::Explain(with) => commands::explain(&shop, &with, &mut output),
        Command::Identity(with) => commands::identity(with, &mut output),
        Command::Attribution(with) => attribution::attribution(&shop, with, &mut output),
        Command::Experiment(with) => experiment::experiment(with, &mut output),
        Command::Measure(with) => measure::measure(&shop, with, &mut output),
        Command::Value(with) => value::value(&shop, with, &mut output),
        Command::Conversation(with) => conversation::conversation(&shop, with, &mut output),
        Command::Consent(with) => commands::consent(&shop, with, &mut output),
        Command::Rules(with) => commands::rules(&shop, with, &mut output),
        Command::Outbox(with) => commands::outbox(&shop, with, &mut output),
        Command::Review(with) => commands::review(&shop, &with, &mut output),
        Command::Rebuild(with) => commands::rebuild(&shop, &with, &mut output),
        Command::Log(with) => commands::log(&shop, with, &mut output),
    };
    // What was said before a failure is said all the same.
    let flushed = output.flush();
    answer.and_then(|exit| flushed.map(|()| exit))
}
