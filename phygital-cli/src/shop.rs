//! A shop on this machine: where its store, settings and keys lie, and the engine over them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use phygital_core::crypto::Secret;
use phygital_core::engine::{Config, Engine, EntropyError, Error};
use phygital_core::store::StorageFault;
use phygital_core::tap::limits::KEYS_JSON_MAX;
use phygital_core::tap::{KeySet, Keys, Verifier};
use phygital_core::vocab::{Currency, Region, Timestamp};
use phygital_store::{Options, Sqlite};
use ring::rand::{SecureRandom, SystemRandom};

use crate::failure::Failure;
use crate::output::Output;
use crate::settings::{Settings, name, read_settings};
use crate::text_file;

/// Where the store lies unless said.
pub(crate) const DB_DEFAULT: &str = "shop.db";

/// What the global arguments say.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    /// The store.
    pub(crate) db: PathBuf,
    /// Whether it was named, so that it has to be there.
    pub(crate) db_named: bool,
    /// The settings file, where it was named.
    pub(crate) settings: Option<PathBuf>,
    /// The time instead of the clock's.
    pub(crate) now: Option<Timestamp>,
}

impl Shop {
    /// The time: the one that was given, else the clock's.
    pub(crate) fn now(&self) -> Result<Timestamp, Failure> {
        if let Some(now) = self.now {
            return Ok(now);
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let micros = since.and_then(|since| i64::try_from(since.as_micros()).ok());
        let now = micros.and_then(|micros| Timestamp::from_micros(micros).ok());
        now.ok_or_else(|| Failure::failed("clock", "the system's clock is before 1970 or after 9999"))
    }

    /// Where the settings lie: beside the store, under its name.
    pub(crate) fn settings_path(&self) -> PathBuf {
        self.settings.clone().unwrap_or_else(|| self.db.with_extension("json"))
    }

    /// The settings.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        read_settings(&self.settings_path(), self.settings.is_some())
    }

    /// The engine over a store that has to be there, for commands that only ask: the file need not be writable, and is left as
    /// it is. One of an older version is brought to this one.
    pub(crate) fn read(&self, settings: &Settings) -> Result<Engine<Sqlite>, Failure> {
        self.read_as(settings.config()?)
    }

    /// The same, with more than the settings say.
    pub(crate) fn read_as(&self, config: Config) -> Result<Engine<Sqlite>, Failure> {
        let opened = Sqlite::open_with(&self.db, &Options::new().read_only()).map_err(Error::from);
        match opened.and_then(|store| Engine::read(store, config.clone())) {
            Err(Error::Storage(error)) if error.kind == StorageFault::ReadOnly => {
                self.engine(&Options::new().must_exist(), config, Keys::none())
            }
            Err(error) => Err(self.unopened(error)),
            Ok(engine) => Ok(engine),
        }
    }

    /// The engine over a store that has to be there, for commands that verify no tap.
    pub(crate) fn open(&self, settings: &Settings) -> Result<Engine<Sqlite>, Failure> {
        self.open_with(settings, Keys::none())
    }

    /// The engine over a store that has to be there.
    pub(crate) fn open_with(
        &self,
        settings: &Settings,
        keys: impl Into<Verifier>,
    ) -> Result<Engine<Sqlite>, Failure> {
        self.engine(&Options::new().must_exist(), settings.config()?, keys)
    }

    /// The engine over the store.
    pub(crate) fn engine(
        &self,
        options: &Options,
        config: Config,
        keys: impl Into<Verifier>,
    ) -> Result<Engine<Sqlite>, Failure> {
        let opened = Sqlite::open_with(&self.db, options).map_err(Error::from);
        let engine = opened.and_then(|store| Engine::open(store, config, keys, random));
        engine.map_err(|error| self.unopened(error))
    }

    fn unopened(&self, error: Error) -> Failure {
        let unopened = matches!(&error, Error::Storage(error) if error.kind == StorageFault::Unopened);
        let mut failure = Failure::from(error).while_doing(&name(&self.db));
        if unopened && !self.db.exists() {
            failure.message.push_str("; `phygital init` makes one");
        }
        failure
    }

    /// What taps are verified by: the keys from the file named, else from the one that the settings name, else from `keys.json`
    /// beside the store; else the all-zero keys that tags leave the factory with.
    pub(crate) fn verifier(
        &self,
        named: Option<&Path>,
        settings: &Settings,
        output: &Output,
    ) -> Result<Verifier, Failure> {
        let beside = |path: &Path, file: &Path| path.parent().unwrap_or(Path::new("")).join(file);
        if let Some(path) = named {
            return read_keys(path);
        }
        if let Some(file) = &settings.keys {
            return read_keys(&beside(&self.settings_path(), Path::new(file)));
        }
        let path = beside(&self.db, Path::new("keys.json"));
        if path.exists() {
            return read_keys(&path);
        }
        output.note("no keys file, so taps are tried with the factory keys (all zeros); see --keys");
        let factory = KeySet::explicit(Secret::zeros()).meta_read_key(Secret::zeros()).label("factory");
        let keys = Keys::new([factory]);
        keys.map(Verifier::from).map_err(|error| Failure::misuse("bad_keys", error.to_string()))
    }
}

/// Reads what taps are verified by.
pub(crate) fn read_keys(path: &Path) -> Result<Verifier, Failure> {
    let bad = |what: &str| Failure::misuse("bad_keys", format!("{}: {what}", name(path)));
    let text = text_file::read(path, KEYS_JSON_MAX as u64, bad)?;
    Verifier::from_json(&text).map_err(|error| bad(&error.to_string()))
}

/// Randomness of the system.
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), EntropyError> {
    SystemRandom::new().fill(bytes).map_err(|_| EntropyError)
}

/// The currency of amounts that name none: the one given, else that of the settings.
pub(crate) fn currency(given: Option<&str>, settings: &Settings) -> Result<Option<Currency>, Failure> {
    let text = given.or(settings.currency.as_deref());
    let read = |text: &str| text.parse::<Currency>();
    text.map(read).transpose().map_err(|error| Failure::misuse("bad_currency", format!("currency: {error}")))
}

/// The currency of figures that have one: the one that was named, else the only one there is.
pub(crate) fn one_currency(
    named: Option<Currency>,
    found: &BTreeSet<Currency>,
    argument: &str,
) -> Result<Currency, Failure> {
    if let Some(currency) = named {
        return Ok(currency);
    }
    let mut all = found.iter();
    match (all.next(), all.next()) {
        (Some(only), None) => Ok(*only),
        (None, _) => {
            Err(Failure::no("no_orders", "no order of a customer who permits measurement has a value"))
        }
        (Some(one), Some(other)) => Err(Failure::misuse(
            "currencies",
            format!("orders are in {one} and in {other}: choose one with {argument}"),
        )),
    }
}

/// The country of phone numbers without a country code: the one given, else that of the settings.
pub(crate) fn region(given: Option<&str>, settings: &Settings) -> Result<Option<Region>, Failure> {
    match given {
        Some(text) => {
            let read = crate::settings::region(text);
            read.map(Some).map_err(|error| Failure::misuse("bad_region", format!("region: {error}")))
        }
        None => Ok(settings.region()?),
    }
}
