//! The arguments of what is done at a reader.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use phygital_core::vocab::{PlaceId, TagUid, TouchpointId};

/// Which reader.
#[derive(Debug, Clone, Args)]
pub(crate) struct AtReader {
    /// How the reader is reached [default: the first that has one]
    #[arg(long, value_enum, help_heading = "Which reader")]
    pub(crate) backend: Option<BackendKind>,
    /// Its name, as `reader list` shows it [default: the first]
    #[arg(long, value_name = "NAME", help_heading = "Which reader")]
    pub(crate) reader: Option<String>,
    /// The tag in software that lies on the reader of `--backend sim`; made by the first command that names it
    #[arg(long, value_name = "FILE", default_value = "tag.sim", help_heading = "Which reader")]
    pub(crate) sim_tag: PathBuf,
    /// How long to wait for a card, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, help_heading = "Which reader",
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) wait: u64,
}

/// How readers are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackendKind {
    /// The system's PC/SC service
    #[cfg(feature = "pcsc")]
    Pcsc,
    /// A PN532 on a serial line
    Pn532,
    /// libnfc, in a helper process
    Libnfc,
    /// A reader in software with one tag, for trying out
    Sim,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Reader {
    /// List the readers that are there
    List(ReaderList),
    /// Tell taps as they come, until Ctrl-C
    Watch(Watch),
    /// Walk through what only real hardware can show, and say what was not tested
    Selftest(Selftest),
}

#[derive(Debug, Args)]
pub(crate) struct ReaderList {
    /// Only readers of this backend
    #[arg(long, value_enum)]
    pub(crate) backend: Option<BackendKind>,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) at: AtReader,
    /// The keys under which taps are judged, JSON [default: as for `tap verify`]
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// End after so many taps
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Selftest {
    #[command(flatten)]
    pub(crate) at: AtReader,
    /// Ask nobody: skip what needs a hand, and say so
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Read {
    #[command(flatten)]
    pub(crate) at: AtReader,
    /// The keys under which the tap is judged, JSON; without, nothing is judged
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
}

/// Where keys and template of a tag stand.
#[derive(Debug, Clone, Args)]
pub(crate) struct TagKeys {
    /// The provisioning keys, JSON: version, master_key, system_id, picc_slot, keys
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: PathBuf,
    /// Which version of the keys [default: the latest in the file]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) version: Option<u8>,
    /// The tag's UID, 14 hexadecimal digits; needed where the tag hides it
    #[arg(long, value_name = "UID")]
    pub(crate) uid: Option<TagUid>,
}

/// Where the journal lies, and what to insist on.
#[derive(Debug, Clone, Args)]
pub(crate) struct Journalled {
    /// The journal [default: UID.jsonl in the folder `journals` beside the store]
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Leave the registry of tags alone, even where there is a store
    #[arg(long)]
    pub(crate) no_registry: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Provision {
    /// The URL with its placeholders, such as `tap.example/t?p={picc}&c={mac}`, or a JSON file that has it
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) template: String,
    #[command(flatten)]
    pub(crate) tag_keys: TagKeys,
    #[command(flatten)]
    pub(crate) journalled: Journalled,
    /// For good: the tag draws a random ID, and only your keys tell which it is
    #[arg(long)]
    pub(crate) random_id: bool,
    /// For good: the tag computes in LRP mode instead of AES
    #[arg(long)]
    pub(crate) lrp: bool,
    /// For good: a TagTamper watches its loop
    #[arg(long)]
    pub(crate) tagtamper: bool,
    /// Take a tag whose originality signature is not NXP's
    #[arg(long)]
    pub(crate) no_originality: bool,
    /// Do not ask before what cannot be undone
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// The shop it hangs in
    #[arg(long)]
    pub(crate) place: Option<PlaceId>,
    /// What it hangs on
    #[arg(long)]
    pub(crate) touchpoint: Option<TouchpointId>,
    /// What staff call it
    #[arg(long)]
    pub(crate) label: Option<String>,
    #[command(flatten)]
    pub(crate) at: AtReader,
}

#[derive(Debug, Args)]
pub(crate) struct CheckTag {
    /// The URL with its placeholders, or a JSON file that has it
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) template: String,
    #[command(flatten)]
    pub(crate) tag_keys: TagKeys,
    /// The tag is in LRP mode
    #[arg(long)]
    pub(crate) lrp: bool,
    /// Take a tag whose originality signature is not NXP's
    #[arg(long)]
    pub(crate) no_originality: bool,
    #[command(flatten)]
    pub(crate) at: AtReader,
}

#[derive(Debug, Args)]
pub(crate) struct Recover {
    /// The template of the journal; not needed where a tag was being reset
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) template: Option<String>,
    #[command(flatten)]
    pub(crate) tag_keys: TagKeys,
    #[command(flatten)]
    pub(crate) journalled: Journalled,
    /// Take a tag whose originality signature is not NXP's
    #[arg(long)]
    pub(crate) no_originality: bool,
    /// Take the tag back to how it was delivered, instead of finishing it
    #[arg(long, conflicts_with = "template")]
    pub(crate) reset: bool,
    #[command(flatten)]
    pub(crate) at: AtReader,
}

#[derive(Debug, Args)]
pub(crate) struct Reset {
    #[command(flatten)]
    pub(crate) tag_keys: TagKeys,
    #[command(flatten)]
    pub(crate) journalled: Journalled,
    /// Do not ask before
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) at: AtReader,
}
