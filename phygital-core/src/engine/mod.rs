//! The engine: the shell that runs the domain over a store.
//!
//! [`Engine`] has one door for facts, [`Engine::record`], and views for everything else, each in its
//! own file and without state of its own: [`Engine::taps`], [`Engine::tags`], [`Engine::people`],
//! [`Engine::consents`], [`Engine::insight`], [`Engine::actions`], [`Engine::log`].

mod actions;
mod changes;
mod config;
mod consents;
mod conversations;
mod customers;
mod described;
mod entropy;
mod erasure;
mod error;
mod export;
mod failures;
mod fold;
mod followed;
mod history;
mod households;
mod inbound;
mod insight;
mod known;
mod like;
mod people;
mod profiles;
mod receipt;
mod recognition;
mod record;
mod remake;
mod rights;
mod session;
mod settings;
mod shop_customers;
mod tags;
mod taps;
mod topics;

pub use actions::Actions;
pub use changes::change_of;
pub use config::{Config, Ways};
pub use consents::Consents;
pub use conversations::{Conversations, Sending};
pub use entropy::{Entropy, EntropyError};
pub use erasure::Erased;
pub use error::{Error, ExtensionRefusal, Missing, TapRefused};
pub use export::{EXPORT_SCHEMA, ExportedConsent, ExportedEvent, ExportedFact, Named, PersonExport};
pub use history::{History, Rebuilt};
pub use insight::{Insight, ShopJourneys};
pub use like::{Candidate, Doubtful, Review};
pub use people::{Explanation, People, Person, Step};
pub use receipt::{Accepted, Receipt};
pub use recognition::Recognition;
pub use rights::{DueDate, Extension, OpenRequest, Rights};
pub use settings::{AnswerSettings, FailureSettings, NoticeSettings, Settings, SettingsError, WaySettings};
pub use shop_customers::{Arm, Custom, ShopCustomers, ShopPurchases};
pub use tags::Tags;
pub use taps::{OptIn, TapOutcome, TapRequest, Taps};
pub use topics::{FollowUp, Opened, Topics};

use crate::conversation::intent::Vocabulary;
use crate::identity::Rules;
use crate::identity::matching::Model;
use crate::log::{ChainFault, Head};
use crate::machine::Watch;
use crate::store::{Read, StorageError, StorageFault, Store, StoreIdentity, Stored, Write};
use crate::tap::{Keys, Verifier};
use crate::vocab::{DeviceId, Digest, Hlc, TenantKey, Timestamp};

use customers::Lens;
use described::Matching;

/// How many entries at the end of the log an engine checks when it opens.
pub const TAIL_CHECKED: u64 = 64;

/// The domain over a store: records what happens, and answers who, whether and what next.
///
/// Engines in several processes may share a store: they write in turn, each behind the other's last
/// entry. After a storage fault an engine refuses further calls, since what was written is uncertain:
/// drop it, open the store and an engine again. A store that was busy may simply be asked again.
///
/// ```
/// use phygital_core::engine::{Config, Engine, EntropyError};
/// use phygital_core::event::{CodecOptions, Event};
/// use phygital_core::store::Memory;
/// use phygital_core::tap::Keys;
/// use phygital_core::vocab::Timestamp;
///
/// let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
/// let seeded = |bytes: &mut [u8]| { bytes.fill(7); Ok::<(), EntropyError>(()) }; // the system's, in earnest
/// let keys = Keys::none();
/// let mut engine = Engine::open(Memory::new(), Config::default(), keys, seeded)?;
///
/// let event = Event::from_json(r#"{
///   "specversion": "1.0", "id": "e-1", "source": "//till/1",
///   "type": "com.phygital.visit_started", "time": "2026-11-21T11:59:00Z",
///   "data": {"identifiers": {"loyalty": "L-42"}, "place": "paris-1"}
/// }"#, &CodecOptions::default())?;
/// let first = engine.record(event.clone(), now)?;
/// let again = engine.record(event, now)?;
/// assert_eq!(first.receipt(), again.receipt());
/// # Ok::<(), phygital_core::engine::Error>(())
/// ```
pub struct Engine<S: Store> {
    store: S,
    config: Config,
    /// The keywords of its rules.
    vocabulary: Vocabulary,
    verifier: Verifier,
    entropy: Box<dyn Entropy + Send>,
    identity: StoreIdentity,
    tenant: TenantKey,
    /// Those of the store, which may not be those of the settings.
    rules: Rules,
    /// What people are held against each other by: likewise the store's.
    matching: Option<Matching>,
    /// The digest of both, by which every transaction sees that they still are.
    rules_digest: Digest,
    head: Head,
    /// Failed taps, counted.
    watch: Watch,
    /// Set by a storage fault: what was written is uncertain until the store is opened again.
    broken: bool,
    /// Opened for reading alone.
    reads: bool,
}

impl<S: Store> std::fmt::Debug for Engine<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Engine({:?}, {:?})", self.identity, self.head.origin)
    }
}

impl<S: Store> Engine<S> {
    /// Opens an engine over a store.
    ///
    /// A new store gets its identity: a device, a tenant's secret, epoch 1. A store that was copied,
    /// or restored from a backup (another [`Config::incarnation`] than the host kept), begins a new
    /// epoch. The end of the log is checked. It keeps the rules of identity that it was made with, until
    /// [`History::change_rules`] changes them; what a version of this library without such rules folded is folded anew.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Chain`] where the end of the log is not what was written,
    /// [`Error::Entropy`], [`Error::Misuse`] for settings with an answer longer than a text may be, or a model that weighs nothing
    /// that [`Details`](crate::identity::Details) hold.
    pub fn open(
        mut store: S,
        config: Config,
        keys: impl Into<Verifier>,
        mut entropy: impl Entropy + Send + 'static,
    ) -> Result<Engine<S>, Error> {
        inbound::check_answers(&config)?;
        topics::check(&config)?;
        let mut random = [0; 16];
        entropy.fill(&mut random)?;
        let copied = store.is_copy()?;
        // In one transaction, so that two processes that make a store at once make one.
        let mut writer = store.writer()?;
        check_tail(&writer)?;
        let identity = match writer.identity()? {
            Some(known) => {
                let restored = config.incarnation.is_some_and(|kept| kept != known.incarnation);
                let mut identity = StoreIdentity { incarnation: random, ..known };
                if restored || copied {
                    begin_epoch(&mut identity, &mut entropy)?;
                }
                identity
            }
            None => {
                let mut tenant = [0; 32];
                entropy.fill(&mut tenant)?;
                StoreIdentity {
                    device: config.device.map_or_else(|| fresh_device(&mut entropy), Ok)?,
                    epoch: 1,
                    incarnation: random,
                    tenant: config.tenant.unwrap_or(tenant),
                }
            }
        };
        writer.put_identity(&identity)?;
        let tenant = TenantKey::new(&identity.tenant);
        let (rules, matching) = rules_of(&mut writer, &tenant, &config)?;
        let head = end(&writer, &identity)?;
        writer.commit()?;
        Ok(Engine {
            store,
            verifier: keys.into(),
            entropy: Box::new(entropy),
            identity,
            tenant,
            rules_digest: described::digest(&rules, matching.as_ref()),
            rules,
            matching,
            head,
            watch: Watch::new(config.failure_limits),
            vocabulary: Vocabulary::of(&config.gate.rules),
            config,
            broken: false,
            reads: false,
        })
    }

    /// Opens an engine over a store that may not be written: for what [`Engine::people`], [`Engine::consents`],
    /// [`Engine::insight`] and [`Engine::log`] tell. Writes nothing, not even an incarnation; whatever would write is refused
    /// with [`StorageFault::ReadOnly`].
    ///
    /// # Errors
    /// [`Error::Storage`]: `Unopened` for a store that no engine ever opened, `ReadOnly` for one that an engine has to bring to
    /// this version first. [`Error::Chain`] where the end of the log is not what was written.
    pub fn read(store: S, config: Config) -> Result<Engine<S>, Error> {
        let refused = |kind, detail: &str| StorageError::new(kind, "opening for reading", detail);
        let reader = store.reader()?;
        check_tail(&reader)?;
        let nobodys = || refused(StorageFault::Unopened, "no engine has opened this store yet");
        let identity = reader.identity()?.ok_or_else(nobodys)?;
        let older = || refused(StorageFault::ReadOnly, "an engine has to open it for writing once");
        let (rules, matching) = kept_rules(&reader)?.ok_or_else(older)?;
        if reader.rules_digest()? == Some(FOLDED_BEFORE) {
            return Err(older().into());
        }
        let head = end(&reader, &identity)?;
        drop(reader);
        Ok(Engine {
            store,
            verifier: Keys::none().into(),
            entropy: Box::new(|_: &mut [u8]| Err(EntropyError)),
            tenant: TenantKey::new(&identity.tenant),
            identity,
            rules_digest: described::digest(&rules, matching.as_ref()),
            rules,
            matching,
            head,
            watch: Watch::new(config.failure_limits),
            vocabulary: Vocabulary::of(&config.gate.rules),
            config,
            broken: false,
            reads: true,
        })
    }

    /// The device whose log this engine writes, its epoch, and the incarnation that the host may
    /// keep elsewhere to notice a restored backup.
    pub fn identity(&self) -> &StoreIdentity {
        &self.identity
    }

    /// The rules of identity by which the store is folded: those that it was made with, or was changed to.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What people of the store are held against each other by: what it was made with, or was changed to.
    pub fn model(&self) -> Option<&Model> {
        self.matching.as_ref().map(Matching::model)
    }

    /// What folding, and questions about it, need.
    fn lens(&self) -> Lens<'_> {
        Lens { tenant: &self.tenant, rules: &self.rules, matching: self.matching.as_ref() }
    }

    /// The later of the host's clock and the log's: a clock set back revives no consent. What a view decides at a time it decides
    /// at this one.
    pub fn latest(&self, now: Timestamp) -> Timestamp {
        now.max(self.head.hlc.wall())
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The store, to be closed or opened again.
    pub fn into_store(self) -> S {
        self.store
    }

    /// The store, for what it alone can do, such as a checkpoint in an idle moment.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Taps: is it genuine, was it used, who is it.
    pub fn taps(&mut self) -> Taps<'_, S> {
        Taps { engine: self }
    }

    /// The registry of tags.
    pub fn tags(&mut self) -> Tags<'_, S> {
        Tags { engine: self }
    }

    /// Who is who, and what may be shown.
    pub fn people(&self) -> People<'_, S> {
        People { engine: self }
    }

    /// What is permitted, and why.
    pub fn consents(&self) -> Consents<'_, S> {
        Consents { engine: self }
    }

    /// What people may ask of who keeps data of them.
    pub fn rights(&mut self) -> Rights<'_, S> {
        Rights { engine: self }
    }

    /// What may be said to whom, and when.
    pub fn conversations(&mut self) -> Conversations<'_, S> {
        Conversations { engine: self }
    }

    /// What brought customers to their orders.
    pub fn insight(&self) -> Insight<'_, S> {
        Insight { engine: self }
    }

    /// What waits to be carried out.
    pub fn actions(&mut self) -> Actions<'_, S> {
        Actions { engine: self }
    }

    /// Topics of conversation with customers.
    pub fn topics(&mut self) -> Topics<'_, S> {
        Topics { engine: self }
    }

    /// The log, and state made anew from it.
    pub fn log(&mut self) -> History<'_, S> {
        History { engine: self }
    }

    /// Refuses to go on after a storage fault.
    fn usable(&self) -> Result<(), Error> {
        if self.broken {
            let detail = "an earlier fault left open what was written";
            return Err(StorageError::new(StorageFault::Reopen, "beginning", detail).into());
        }
        Ok(())
    }

    /// Refuses to write where it was opened for reading.
    fn writable(&self) -> Result<(), Error> {
        if self.reads {
            let detail = "the engine was opened for reading";
            return Err(StorageError::new(StorageFault::ReadOnly, "beginning", detail).into());
        }
        Ok(())
    }
}

/// What a store has in the place of the digest of its rules where an older version of its tables folded what it holds, and no
/// engine has folded it anew since.
const FOLDED_BEFORE: Digest = Digest::from_bytes([0; 32]);

/// The rules of a store, and its model.
type Kept = (Rules, Option<Matching>);

/// The rules and the model that a store has; `None` where it has none.
fn kept_rules(reader: &impl Read) -> Result<Option<Kept>, Error> {
    let Some(text) = reader.rules()? else { return Ok(None) };
    let corrupt = |doing, detail| StorageError::new(StorageFault::Corrupt, doing, detail);
    let rules = Rules::from_json(&text).map_err(|error| corrupt("reading the rules", error.to_string()))?;
    let model = reader.model()?.map(|text| Model::from_json(&text)).transpose();
    let model = model.map_err(|error| corrupt("reading the model", error.to_string()))?;
    Ok(Some((rules, model.map(Matching::new))))
}

/// The rules and the model of a store; those of the settings for one that has none.
fn rules_of<W: Write>(writer: &mut W, tenant: &TenantKey, config: &Config) -> Result<Kept, Error> {
    if let Some((rules, matching)) = kept_rules(writer)? {
        // A version that writes the same in other words gives it another digest.
        let digest = writer.rules_digest()?;
        if digest != Some(described::digest(&rules, matching.as_ref())) {
            put_rules(writer, &rules, matching.as_ref())?;
        }
        // What an older version of the tables folded lacks what this one folds.
        if digest == Some(FOLDED_BEFORE) {
            history::refold(writer, Lens { tenant, rules: &rules, matching: matching.as_ref() }, |_| ())?;
        }
        return Ok((rules, matching));
    }
    let (rules, matching) = (config.rules.clone(), config.model.clone().map(Matching::of).transpose()?);
    put_rules(writer, &rules, matching.as_ref())?;
    if !writer.is_empty()? {
        history::refold(writer, Lens { tenant, rules: &rules, matching: matching.as_ref() }, |_| ())?;
    }
    Ok((rules, matching))
}

fn put_rules<W: Write>(writer: &mut W, rules: &Rules, matching: Option<&Matching>) -> Stored<()> {
    let model = matching.map(Matching::json);
    writer.put_rules(&rules.to_json(), model, &described::digest(rules, matching))
}

/// Where the log of a device and epoch ends, with a clock that is behind no other's.
fn end(reader: &impl Read, identity: &StoreIdentity) -> Stored<Head> {
    let (clock, head) = (reader.clock()?, reader.head(identity.device, identity.epoch)?);
    let mut head = head.unwrap_or(Head::start(identity.device, identity.epoch, clock));
    head.hlc = head.hlc.max(clock);
    Ok(head)
}

/// A copy and its original, or two copies, must not use one epoch: a random step keeps them apart.
fn begin_epoch(identity: &mut StoreIdentity, entropy: &mut impl Entropy) -> Result<(), Error> {
    let mut step = [0; 4];
    entropy.fill(&mut step[1..])?;
    match identity.epoch.checked_add(u32::from_be_bytes(step).saturating_add(1)) {
        Some(epoch) => identity.epoch = epoch,
        // After some hundred restorations the numbers are used up: it is another device from now on.
        None => (identity.device, identity.epoch) = (fresh_device(entropy)?, 1),
    }
    Ok(())
}

fn fresh_device(entropy: &mut impl Entropy) -> Result<DeviceId, Error> {
    let mut device = [0; 16];
    entropy.fill(&mut device)?;
    Ok(DeviceId::from_bytes(device))
}

/// Checks that the last entries follow each other and that their payloads are the ones written.
fn check_tail(reader: &impl Read) -> Result<(), Error> {
    let behind = reader.len()?.saturating_sub(TAIL_CHECKED);
    let mut heads = std::collections::BTreeMap::new();
    for (_, entry) in reader.entries(behind, TAIL_CHECKED as usize)? {
        let chain = (entry.origin.device, entry.origin.epoch);
        let head = match heads.get(&chain) {
            Some(head) => entry.check(head)?,
            None if entry.origin.seq == 1 => {
                entry.check(&Head::start(entry.origin.device, entry.origin.epoch, Hlc::ZERO))?
            }
            // What it follows was not read, so its link is taken as it is.
            None => {
                entry.check_payload()?;
                Head { origin: entry.origin, hlc: entry.hlc, link: entry.link }
            }
        };
        heads.insert(chain, head);
    }
    for ((device, epoch), last) in heads {
        let end = reader.head(device, epoch)?;
        if end.is_none_or(|end| (end.origin, end.link) != (last.origin, last.link)) {
            let what = "expected it to be where the log says that it ends";
            return Err(ChainFault { origin: last.origin, what }.into());
        }
    }
    Ok(())
}
