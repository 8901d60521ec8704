//! The arguments of `conversation`: topics that are looked at, played, and talked of with the customers of a store.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What is done with a topic.
#[derive(Debug, Subcommand)]
pub(crate) enum Conversation {
    /// Play the customer against a topic file, with a clock that can be turned; needs no store
    ///
    /// What you type is texted. Lines that begin with / are for the stage: /wait 26h turns the clock, /fact size.shoes=38
    /// says something at the till, /person takes over, /back gives back, /open, or /open fr, opens the topic again, /known
    /// tells what is known.
    Chat(Chat),
    /// Say what is not sound in topic files; exit code 0 when all are
    ///
    /// Their form alone, as you type it, an editor checks with docs/topic.schema.json, a JSON Schema; a topic may name it under
    /// $schema.
    Lint(Lint),
    /// Open a topic with a customer: its first question waits in the outbox; exit code 1 when there is nothing to ask, or
    /// the gate does not let it out
    ///
    /// What she answers is for the program that takes her texts in, which has to have the topic too.
    Open(Open),
    /// List the topics whose question has waited long enough, who waits longest first
    ///
    /// With --apply each is asked again, or ends, as its topic says. What the gate does not let out stays to be done.
    FollowUp(FollowUps),
}

#[derive(Debug, Args)]
pub(crate) struct Chat {
    /// The topic
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Play these lines instead of what is typed
    #[arg(long, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,
    /// Her language, BCP 47 [default: the topic's first]
    #[arg(long, value_name = "TAG")]
    pub(crate) language: Option<String>,
    /// The brand, as messages name it
    #[arg(long, value_name = "NAME", default_value = "the shop")]
    pub(crate) brand: String,
}

#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// The topics
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Open {
    /// The topic
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// With whom: a phone number, an e-mail address, or kind:value
    #[arg(value_name = "IDENTIFIER")]
    pub(crate) contact: String,
    /// Her language, BCP 47 [default: that of her profile]
    #[arg(long, value_name = "TAG")]
    pub(crate) language: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct FollowUps {
    /// The topics that may be open; those of others are not looked at
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Ask again, or end them
    #[arg(long)]
    pub(crate) apply: bool,
}
