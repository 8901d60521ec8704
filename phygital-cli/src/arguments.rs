//! The arguments of the command, and what is said of those that are not as they should be.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, Subcommand, ValueEnum};
use phygital_core::machine::Outcome;
use phygital_core::profile::Role;
use phygital_core::rules::{MessageClass, Place};
use phygital_core::tap::Scheme;
use phygital_core::vocab::{
    ActionId, ConsentMethod, EventId, KeyEpoch, NoticeId, PlaceId, Purpose, SourceId, TagUid, Timestamp,
    TouchpointId,
};

use crate::attribution_arguments::Attribution;
use crate::conversation_arguments::Conversation;
use crate::experiment_arguments::Experiment;
use crate::failure::Failure;
use crate::identity_arguments::Identity;
use crate::measure_arguments::Measure;
use crate::reader_arguments::{CheckTag, Provision, Read, Reader, Recover, Reset};
use crate::value_arguments::Value;

/// Taps become known customers: verify tags, record what happens, see who is who and what you may do.
///
/// Exit codes: 0 done; 1 the answer is no (a tap not genuine, not permitted, two customers, a state that
/// differs); 2 misuse (arguments, malformed input); 3 failure (storage, input, output).
#[derive(Debug, Parser)]
#[command(name = "phygital", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The store: one SQLite file [default: shop.db in this folder]
    #[arg(long, global = true, env = "PHYGITAL_DB", value_name = "FILE", help_heading = "For every command")]
    pub(crate) db: Option<PathBuf>,
    /// The settings of the shop [default: the store's name ending in .json]
    #[arg(long, global = true, value_name = "FILE", help_heading = "For every command")]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON Lines instead of tables; errors too are JSON then
    #[arg(long, global = true, help_heading = "For every command")]
    pub(crate) json: bool,
    /// Take this as the time instead of the clock's, such as 2026-11-21T12:00:00Z
    #[arg(long, global = true, value_name = "RFC3339", value_parser = Timestamp::parse,
          help_heading = "For every command")]
    pub(crate) now: Option<Timestamp>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play a month at three shops, or your own events; writes report.html and shop.db
    Demo(Demo),
    /// Make a store, and its settings file beside it
    Init(Init),
    /// Verify what phones send when they tap a tag, or find out why it does not verify
    #[command(subcommand)]
    Tap(Tap),
    /// Run files of test vectors through the library; exit code 0 when all give what they expect
    Vectors(Vectors),
    /// Read one card that is held to a reader
    Read(Read),
    /// List readers, tell taps as they come, try a reader out
    #[command(subcommand)]
    Reader(Reader),
    /// Say which tags are yours, where they hang, and what became of them; personalise them
    #[command(subcommand)]
    Tag(Tag),
    /// Record events: JSON Lines, each a CloudEvents envelope, a Segment message or a Segment batch
    Record(Record),
    /// Show what may be seen of a customer
    Card(Card),
    /// Tell by which events two identifiers are one customer, or why they are not
    Explain(Explain),
    /// List what a person should look at in the shop, the worst first; or who lives together
    Review(Review),
    /// Give a person what is kept of her, or erase it
    #[command(subcommand)]
    Person(Person),
    /// Find out who is who in a file of events or records; needs no store
    #[command(subcommand)]
    Identity(Identity),
    /// Share out conversions and value among the channels of journeys; it does not say what a channel caused
    #[command(subcommand)]
    Attribution(Attribution),
    /// Draw the arms of an experiment, size it, and compare what they did; needs no store
    #[command(subcommand)]
    Experiment(Experiment),
    /// Measure what customers did: how often, how lately, who comes back, who stopped, what they say
    #[command(subcommand)]
    Measure(Measure),
    /// Tell what customers will be worth: how often they come back, whether they still do, what they spend
    #[command(subcommand)]
    Value(Value),
    /// Show, give or withdraw consent of a phone number or e-mail address; receipts, other systems, the record of processing
    #[command(subcommand)]
    Consent(Consent),
    /// The rules of messages: what they say, and whether they let one out; needs no store
    #[command(subcommand)]
    Rules(Rules),
    /// Look at topics of conversation, play them, open them with customers, and follow up silence
    #[command(subcommand)]
    Conversation(Conversation),
    /// What waits to be carried out: messages to send, alarms to raise
    #[command(subcommand)]
    Outbox(Outbox),
    /// Check the log and make all state anew from it
    Rebuild(Rebuild),
    /// Look at the log
    #[command(subcommand)]
    Log(Log),
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The same seed writes the same bytes
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many people the shops have to do with
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) customers: u32,
    /// Play these events instead of the month: JSON Lines, CloudEvents or Segment
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
    /// Print the summary alone
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The brand, as messages name it
    #[arg(long, value_name = "NAME")]
    pub(crate) brand: Option<String>,
    /// The id of this device, 32 hexadecimal digits [default: random]
    #[arg(long, value_name = "HEX")]
    pub(crate) device: Option<String>,
    /// The secret under which identifiers are hashed, 64 hexadecimal digits, the same at all tills of a brand
    /// [default: random]. Other users of the machine see arguments: better set PHYGITAL_TENANT_KEY
    #[arg(long, value_name = "HEX", env = "PHYGITAL_TENANT_KEY", hide_env_values = true)]
    pub(crate) tenant_key: Option<String>,
    /// The notice that unknown visitors are shown: JSON with id, text, purposes, sender; language, keyword
    #[arg(long, value_name = "FILE")]
    pub(crate) notice: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Tap {
    /// Verify tap URLs; exit code 0 when all are genuine
    ///
    /// With a store each genuine tap is judged by the registry and by its counter, and is recorded. Without one,
    /// a URL is refused when its counter came before in this run.
    Verify(Verify),
    /// Find out why a tap URL does not verify: other keys, another layout, letters changed on the way
    Diagnose(Diagnose),
    /// Make taps of a tag or phone in software, for tests of what you build on this
    ///
    /// Prints what `tap verify` takes; of a phone with Google Wallet, the message of its pass. With --json the exchange
    /// of a phone with its reader stands beside it.
    Simulate(Simulate),
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The keys of the tags, JSON [default: what the settings name, or keys.json beside the store]
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// Check the MAC alone: no store is read or written, a replay is not noticed
    #[arg(long, conflicts_with = "record")]
    pub(crate) no_replay: bool,
    /// Tell how much each proves, what was authenticated and what is merely claimed
    #[arg(long)]
    pub(crate) details: bool,
    /// Insist on the store, and tell who tapped and what to offer her
    #[arg(long)]
    pub(crate) record: bool,
    /// What tells this client from others, such as its session: it may send the same tap again for a while
    #[arg(long, value_name = "TEXT", requires = "record")]
    pub(crate) client: Option<String>,
    /// An identifier that came with the tap, such as cookie:c-77
    #[arg(long, value_name = "IDENTIFIER", requires = "record")]
    pub(crate) seen: Vec<String>,
    /// Where it was tapped, if not where the tag is enrolled
    #[arg(long, value_name = "PLACE", requires = "record")]
    pub(crate) place: Option<PlaceId>,
    /// Tap URLs; - reads them from standard input, one a line, and answers each as it comes
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Diagnose {
    /// The keys that the tag should have, JSON [default: as for verify]
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// The tap URL
    #[arg(value_name = "URL")]
    pub(crate) url: String,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The kind of tag or phone
    #[arg(value_name = "TAG")]
    pub(crate) tag: SimulatedTag,
    /// The same seed makes the same tag and the same taps
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How often it is tapped
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) count: u32,
    /// Its URL: with {picc}, {uid}, {ctr}, {enc}, {tt}, {mac} for NTAG 424, {m} for 22x, {uid}x{ctr} for 21x
    #[arg(long, value_name = "URL")]
    pub(crate) template: Option<String>,
    /// Write the keys under which the taps verify to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) keys_out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimulatedTag {
    /// NTAG 424 DNA in AES mode
    Ntag424Aes,
    /// NTAG 424 DNA in LRP mode
    Ntag424Lrp,
    /// NTAG 424 DNA TagTamper
    Ntag424Tt,
    /// NTAG 223 or 224 DNA
    Ntag22x,
    /// NTAG 223 or 224 DNA StatusDetect
    Ntag22xSd,
    /// NTAG 213, 215 or 216
    Ntag21x,
    /// A phone with a pass of Apple Wallet
    AppleVas,
    /// A phone with a pass of Google Wallet
    SmartTap,
}

impl SimulatedTag {
    /// The scheme that its taps verify by.
    pub(crate) fn scheme(self) -> Scheme {
        match self {
            SimulatedTag::Ntag424Aes | SimulatedTag::Ntag424Tt => Scheme::Ntag424Aes,
            SimulatedTag::Ntag424Lrp => Scheme::Ntag424Lrp,
            SimulatedTag::Ntag22x | SimulatedTag::Ntag22xSd => Scheme::Ntag22x,
            SimulatedTag::Ntag21x => Scheme::Ntag21x,
            SimulatedTag::AppleVas => Scheme::AppleVas,
            SimulatedTag::SmartTap => Scheme::SmartTap,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Vectors {
    /// JSON arrays of vectors, of the schema in vectors/taps/README.md
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Tag {
    /// Put a tag into the registry, or change where it hangs; it is active from then on
    Enroll(Enroll),
    /// List the tags
    List,
    /// Put a tag into the registry that is not personalised yet: its taps are refused
    Blank(TagNamed),
    /// Say that a tag is being personalised: its taps are refused until it is active
    Provisioning(TagNamed),
    /// Let the taps of a tag count again
    Activate(TagNamed),
    /// Set a tag aside for now: its taps are refused
    Suspend(TagNamed),
    /// Report a tag lost or stolen: its taps are refused and raise an alarm
    Lost(TagNamed),
    /// Begin to take a tag out of use: its taps are refused, and it is yours until it is retired
    Retiring(TagNamed),
    /// Take a tag out of use for good
    Retire(TagNamed),
    /// Personalise the NTAG 424 DNA at a reader: message, settings, keys
    ///
    /// Each step is in the journal before it is sent, so a tag that leaves half-way is recovered.
    Provision(Provision),
    /// Check the tag at a reader against its template and keys; exit code 1 when something differs
    Verify(CheckTag),
    /// Go on with a journal where it ends, or take its tag back to how it was delivered
    Recover(Recover),
    /// Take the tag at a reader back to how it was delivered
    Reset(Reset),
}

#[derive(Debug, Args)]
pub(crate) struct Enroll {
    /// The tag's UID, 14 hexadecimal digits
    pub(crate) uid: TagUid,
    /// The shop it hangs in
    #[arg(long)]
    pub(crate) place: Option<PlaceId>,
    /// What it hangs on: a shelf, a till, a fitting room
    #[arg(long)]
    pub(crate) touchpoint: Option<TouchpointId>,
    /// The generation of its keys: taps under older keys no longer count
    #[arg(long, value_name = "N", value_parser = key_epoch)]
    pub(crate) key_epoch: Option<KeyEpoch>,
    /// What staff call it
    #[arg(long)]
    pub(crate) label: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TagNamed {
    /// The tag's UID, 14 hexadecimal digits
    pub(crate) uid: TagUid,
}

#[derive(Debug, Args)]
pub(crate) struct Record {
    /// The source of Segment messages, which name none [default: segment]
    #[arg(long)]
    pub(crate) source: Option<SourceId>,
    /// The currency of amounts that name none, such as EUR [default: that of the settings]
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<String>,
    /// The country of phone numbers without a country code, such as FR [default: that of the settings]
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<String>,
    /// At most so many events in one transaction, 1 to 10000
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = batch)]
    pub(crate) batch: usize,
    /// A file of JSON Lines; - reads standard input
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Card {
    /// kind:value, a phone number with +, an e-mail address, or a customer id
    pub(crate) identifier: String,
    /// Who looks
    #[arg(long, value_enum, default_value_t = Looking::Associate)]
    pub(crate) role: Looking,
}

/// Who looks at a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Looking {
    /// Who serves the customer in the shop
    Associate,
    /// Who runs the shop
    Manager,
    /// Who plans campaigns
    Marketing,
}

impl From<Looking> for Role {
    fn from(looking: Looking) -> Role {
        match looking {
            Looking::Associate => Role::Associate,
            Looking::Manager => Role::Manager,
            Looking::Marketing => Role::Marketing,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Person {
    /// All that is kept of a customer, as JSON: what she is known by, said, did, and what it is used for
    ///
    /// It is hers: make sure that it is she who asks.
    Export(PersonExport),
    /// Erase an identifier, or a customer with all that is hers, from the log and for good
    ///
    /// Where it had opted out, a key of it keeps that. Whoever gets data by the purpose catalogue is to be told: see outbox.
    Erase(Erase),
    /// List the requests of people that were not answered yet, the most urgent first; exit code 1 when one is overdue
    Requests(PersonRequests),
}

#[derive(Debug, Args)]
pub(crate) struct PersonRequests {
    /// Put off the day by which this one is answered, as far as the rules let it, and have her told: see outbox
    #[arg(long, value_name = "ACTION", requires = "reason")]
    pub(crate) extend: Option<ActionId>,
    /// Why it takes longer, as she is told
    #[arg(long, value_name = "TEXT", requires = "extend")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PersonExport {
    /// Any identifier of hers, or her id
    #[arg(value_name = "WHO")]
    pub(crate) who: String,
}

#[derive(Debug, Args)]
pub(crate) struct Erase {
    /// An identifier, or with --customer any of hers, or her id
    #[arg(value_name = "WHO")]
    pub(crate) who: String,
    /// Erase the customer: all identifiers that are hers alone, and all that her events say
    #[arg(long)]
    pub(crate) customer: bool,
    /// Erase; without it nothing is done, since nothing brings back what was erased
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// An identifier: kind:value, a phone number with +, or an e-mail address
    pub(crate) one: String,
    /// Another one
    pub(crate) other: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Consent {
    /// What is permitted, why, and all that was said; exit code 1 when a purpose named is not permitted
    Show(ConsentShow),
    /// Record that consent was given
    Grant(ConsentGrant),
    /// Record that consent was withdrawn: for the purposes named, or for all
    Withdraw(ConsentWithdraw),
    /// The receipts of what was consented to, as JSON (ISO/IEC TS 27560)
    Receipt(ConsentReceipt),
    /// Take in what another system kept: consent records and receipts (ISO/IEC TS 27560), Segment's consent object and
    /// subscriptions; JSON Lines
    Import(ConsentImport),
    /// What is permitted now as Segment's consent object and subscriptions have it, as JSON
    Segment(ConsentSegment),
    /// The record of processing activities that the purpose catalogue makes (GDPR, article 30), as JSON
    Processing,
}

#[derive(Debug, Args)]
pub(crate) struct ConsentReceipt {
    /// A phone number, an e-mail address, or kind:value
    pub(crate) identifier: String,
    /// Of this purpose alone; may stand several times
    #[arg(long)]
    pub(crate) purpose: Vec<Purpose>,
    /// How much they tell
    #[arg(long, value_enum, default_value_t = Detail::Full)]
    pub(crate) detail: Detail,
}

/// How much a receipt tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Detail {
    /// That there is a record
    Minimal,
    /// And to what end, and what became of it
    Summary,
    /// The whole record
    Full,
}

#[derive(Debug, Args)]
pub(crate) struct ConsentImport {
    /// JSON Lines; - reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Who kept it
    #[arg(long, value_name = "SOURCE", default_value = "//phygital/import")]
    pub(crate) source: SourceId,
}

#[derive(Debug, Args)]
pub(crate) struct ConsentSegment {
    /// A phone number, an e-mail address, or kind:value
    pub(crate) identifier: String,
}

#[derive(Debug, Args)]
pub(crate) struct ConsentShow {
    /// A phone number, an e-mail address, kind:value, or a customer id
    pub(crate) identifier: String,
    /// Ask for this purpose alone; may stand several times
    #[arg(long)]
    pub(crate) purpose: Vec<Purpose>,
}

#[derive(Debug, Args)]
pub(crate) struct ConsentGrant {
    /// A phone number, an e-mail address, or kind:value
    pub(crate) identifier: String,
    /// To what: recognition, personalization, service, marketing, measurement, advertising; may stand several times
    #[arg(long, required = true)]
    pub(crate) purpose: Vec<Purpose>,
    /// How it was told: till, web, app, paper, keyword, import
    #[arg(long, default_value = "till")]
    pub(crate) method: ConsentMethod,
    /// The notice that was shown; its text is proven when the settings have it
    #[arg(long, value_name = "ID")]
    pub(crate) notice_id: Option<NoticeId>,
    /// When it ends
    #[arg(long, value_name = "RFC3339", value_parser = Timestamp::parse)]
    pub(crate) expires: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) proof: Proof,
}

#[derive(Debug, Args)]
pub(crate) struct ConsentWithdraw {
    /// A phone number, an e-mail address, or kind:value
    pub(crate) identifier: String,
    /// From what; may stand several times [default: everything]
    #[arg(long)]
    pub(crate) purpose: Vec<Purpose>,
    /// How it was told: till, web, app, paper, keyword, import
    #[arg(long)]
    pub(crate) method: Option<ConsentMethod>,
    #[command(flatten)]
    pub(crate) proof: Proof,
}

#[derive(Debug, Args)]
pub(crate) struct Proof {
    /// What proves it, such as paper:2026-117; may stand several times
    #[arg(long, value_name = "TEXT")]
    pub(crate) evidence: Vec<String>,
    /// When it was said [default: now]
    #[arg(long, value_name = "RFC3339", value_parser = Timestamp::parse)]
    pub(crate) at: Option<Timestamp>,
    /// The id of the event: with the same id and --at, saying it again is saying it once [default: random]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<EventId>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rules {
    /// List rules, with the places where they hold and their sources; no legal advice
    List(RulesList),
    /// Tell whether rules let a message to a phone number out, until when, or when next; exit code 1 where they do not
    Check(RulesCheck),
}

#[derive(Debug, Args)]
pub(crate) struct RulesList {
    /// Only those that hold there: a country such as US, a part of one such as US-FL
    #[arg(long, value_name = "PLACE")]
    pub(crate) place: Option<Place>,
    /// Only those for a class of message: transactional, conversational or marketing
    #[arg(long, value_name = "CLASS")]
    pub(crate) class: Option<MessageClass>,
    /// Only those of a kind: windows, cap, deadline, cooling_off, content, keywords or duty
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Rules that replace and add to those of the library, JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RulesCheck {
    /// The phone number, international form
    #[arg(value_name = "PHONE")]
    pub(crate) phone: String,
    /// The class of message: transactional, conversational or marketing
    #[arg(long, value_name = "CLASS", default_value = "marketing")]
    pub(crate) class: MessageClass,
    /// When messages of the class went out before; may stand several times
    #[arg(long, value_name = "RFC3339", value_parser = Timestamp::parse)]
    pub(crate) sent: Vec<Timestamp>,
    /// Rules that replace and add to those of the library, JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Outbox {
    /// List what waits
    List(OutboxList),
    /// Say how an action went, so that it waits no longer
    Ack(OutboxAck),
}

#[derive(Debug, Args)]
pub(crate) struct OutboxList {
    /// Only what is to be carried out now: neither expired nor forbidden since
    #[arg(long)]
    pub(crate) due: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OutboxAck {
    /// The action
    pub(crate) id: ActionId,
    /// delivered, failed, expired or dropped
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    /// Change nothing; exit code 1 when the log is broken or its fold differs from the state
    #[arg(long)]
    pub(crate) check: bool,
    /// From now on by these rules of identity (JSON); with --check only tell what would come of it
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,
    /// From now on customers whose names, dates of birth and addresses match by this model are one: what `identity train`
    /// wrote; with --check only tell what would come of it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rules", "no_model"])]
    pub(crate) model: Option<PathBuf>,
    /// From now on without a model
    #[arg(long, conflicts_with = "rules")]
    pub(crate) no_model: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Review {
    /// At most so many questions
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
    /// List the households of more than one customer instead
    #[arg(long)]
    pub(crate) households: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Log {
    /// List entries in order of arrival
    List(LogList),
    /// Check that every entry is what was once written; exit code 1 when one is not
    Check,
}

#[derive(Debug, Args)]
pub(crate) struct LogList {
    /// Only entries behind this position
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) after: u64,
    /// At most so many [default: 100, with --json all]
    #[arg(long, value_name = "N")]
    pub(crate) most: Option<u64>,
}

fn key_epoch(text: &str) -> Result<KeyEpoch, &'static str> {
    text.parse().map(KeyEpoch::new).map_err(|_| "expected a number from 0")
}

fn batch(text: &str) -> Result<usize, &'static str> {
    let most = phygital_core::vocab::limits::BATCH_EVENTS_MAX;
    text.parse().ok().filter(|count| (1..=most).contains(count)).ok_or("expected a number from 1 to 10000")
}

/// What clap has to say in one line, without what was typed: it may be a key or a phone number.
pub(crate) fn misuse(error: &clap::Error) -> Failure {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg);
    let of_ours = argument.clone().unwrap_or_else(|| "an argument".to_owned());
    let (kind, what) = match error.kind() {
        ErrorKind::MissingRequiredArgument => ("missing_argument", format!("expected {of_ours}")),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            ("missing_command", "expected a command".to_owned())
        }
        ErrorKind::UnknownArgument => {
            let option = argument.filter(|typed| typed.starts_with("--"));
            let option = option.map(|typed| typed.split('=').next().unwrap_or_default().to_owned());
            let shown =
                option.map_or("an argument too many".to_owned(), |option| format!("unknown option {option}"));
            ("unknown_argument", shown)
        }
        ErrorKind::InvalidSubcommand => {
            let similar = text(ContextKind::SuggestedSubcommand);
            let similar = similar.map_or(String::new(), |name| format!("; is {name} meant?"));
            ("unknown_command", format!("expected a command{similar}"))
        }
        ErrorKind::InvalidValue => {
            let values = text(ContextKind::ValidValue).unwrap_or_default();
            let one_of = if values.is_empty() { "a value".to_owned() } else { format!("one of {values}") };
            ("bad_argument", format!("{of_ours}: expected {one_of}"))
        }
        ErrorKind::ValueValidation => {
            let source =
                std::error::Error::source(error).map_or(String::new(), |source| format!(": {source}"));
            ("bad_argument", format!("{of_ours}{source}"))
        }
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg).unwrap_or_default();
            ("conflicting_arguments", format!("{of_ours} does not go with {other}"))
        }
        ErrorKind::InvalidUtf8 => ("bad_argument", "an argument is not UTF-8".to_owned()),
        other => ("bad_argument", format!("{of_ours}: {}", other.as_str().unwrap_or("not as expected"))),
    };
    Failure::misuse(kind, format!("{what}; `phygital --help` and `phygital COMMAND --help` tell more"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_tree_is_sound() {
        Arguments::command().debug_assert();
    }
}
