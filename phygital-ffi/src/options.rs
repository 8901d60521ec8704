//! How a store is opened, and whose it is.

use phygital_core::conversation::topic::Topic;
use phygital_core::crypto::Secret;
use phygital_core::engine::{Config, Engine, Settings};
use phygital_core::event::CodecOptions;
use phygital_core::tap::{Keys, Verifier};
use phygital_core::vocab::DeviceId;
use phygital_store::Sqlite;
use zeroize::Zeroize;

use crate::error::{Answer, PhygitalError, Status};
use crate::random::Random;
use crate::time::Time;

/// Most topics: all are kept in memory.
pub(crate) const TOPICS_MAX: usize = 1_000;

/// How a store is opened. Only the path has to be given.
#[derive(Clone, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "hosts fill it in")]
pub struct Options {
    /// The file of the store; made where there is none.
    pub path: String,
    /// Whether the file has to be there.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub must_exist: bool,
    /// The settings of the shop as JSON: brand, notice, answers and the rest of
    /// [`Settings`]; empty for the defaults.
    #[cfg_attr(feature = "uniffi", uniffi(default = ""))]
    pub settings: String,
    /// Topics of conversation that may be opened, each the JSON of a topic file; of two with one id the later one. At most 1,000.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub topics: Vec<String>,
    /// What taps are verified by, as JSON: see [`phygital_core::tap::Verifier::from_json`]; empty for no keys at all.
    #[cfg_attr(feature = "uniffi", uniffi(default = ""))]
    pub keys: String,
    /// The device of a new store, 32 digits; random where it is not given.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub device: Option<String>,
    /// The secret of a new store, 64 digits, the same at all tills of a brand; random where it is not given. A store
    /// keeps the one it was made with.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub tenant: Option<String>,
    /// The incarnation that the host kept when it last had this store open, 32 digits: another one in the store means that
    /// a backup was restored.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub incarnation: Option<String>,
    /// For tests: the time instead of the system's. [`crate::Phygital::set_clock`] moves it.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub clock: Option<Time>,
    /// For tests: what randomness follows from, instead of the system's. One-time codes can be guessed then.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub seed: Option<Vec<u8>>,
}

/// Whose store it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct StoreIdentity {
    /// The device that writes it, 32 digits.
    pub device: String,
    /// How often it was made anew, copied or restored.
    pub epoch: u32,
    /// Random, 32 digits, changed at every opening: a host that keeps it elsewhere notices a restored backup.
    pub incarnation: String,
}

/// What is needed to open a store, and to open it again after it was suspended.
pub(crate) struct Opening {
    path: String,
    must_exist: bool,
    config: Config,
    verifier: Verifier,
    pub(crate) random: Random,
    pub(crate) codec: CodecOptions,
}

impl Opening {
    /// Reads options. What is secret in them is wiped.
    pub(crate) fn read(mut options: Options) -> Answer<Opening> {
        let read = Opening::of(&mut options);
        options.keys.zeroize();
        options.tenant.zeroize();
        options.seed.zeroize();
        read
    }

    fn of(options: &mut Options) -> Answer<Opening> {
        if options.path.is_empty() || options.path.contains('\0') {
            return Err(PhygitalError::argument("path", "expected the path of a file"));
        }
        let settings = match options.settings.as_str() {
            "" => Settings::default(),
            text => Settings::from_json(text)?,
        };
        let mut config = settings.config()?;
        if options.topics.len() > TOPICS_MAX {
            let detail = format!("topics: expected at most {TOPICS_MAX}");
            return Err(PhygitalError::new(Status::TooLarge, "too_large", detail));
        }
        for topic in &options.topics {
            config = config.with_topic(Topic::from_json(topic)?);
        }
        if let Some(device) = &options.device {
            config = config.with_device(bytes_16("device", device)?);
        }
        if let Some(tenant) = &options.tenant {
            let secret = Secret::<32>::from_hex(tenant);
            let secret = secret.map_err(|error| PhygitalError::argument("tenant", error))?;
            config = config.with_tenant(*secret.expose());
        }
        if let Some(incarnation) = &options.incarnation {
            config = config.with_incarnation(*bytes_16("incarnation", incarnation)?.as_bytes());
        }
        Ok(Opening {
            path: std::mem::take(&mut options.path),
            must_exist: options.must_exist,
            config,
            verifier: read_keys(&options.keys)?,
            random: Random::new(options.seed.clone()),
            codec: settings.codec_options()?,
        })
    }

    /// Opens the store. What the host kept of its last opening counts once: from then on it is ours that changed it.
    pub(crate) fn open(&mut self) -> Answer<Engine<Sqlite>> {
        let options = phygital_store::Options::new();
        let options = if self.must_exist { options.must_exist() } else { options };
        let store = Sqlite::open_with(&self.path, &options)?;
        let engine = Engine::open(store, self.config.clone(), self.verifier.clone(), self.random.clone())?;
        self.must_exist = true;
        self.config.incarnation = None;
        Ok(engine)
    }
}

/// What taps are verified by; an empty text for nothing.
pub(crate) fn read_keys(text: &str) -> Answer<Verifier> {
    match text {
        "" => Ok(Keys::none().into()),
        text => Ok(Verifier::from_json(text)?),
    }
}

/// Sixteen bytes as 32 digits.
fn bytes_16(field: &str, text: &str) -> Answer<DeviceId> {
    text.parse().map_err(|error| PhygitalError::argument(field, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = r#"{"version": 1, "id": "bye", "languages": ["en"], "purpose": "service", "days": 1, "start": "bye",
        "steps": {"bye": {"say": {"en": "Goodbye."}, "then": "end"}}}"#;

    #[test]
    fn options_are_read_one_by_one() {
        let good = || Options { path: "shop.db".to_owned(), ..Options::default() };
        assert!(Opening::read(good()).is_ok());
        let hex = |digits: usize| Some("0a".repeat(digits / 2));
        for (options, told) in [
            (Options::default(), "path"),
            (Options { path: "a\0b".to_owned(), ..good() }, "path"),
            (Options { settings: "{".to_owned(), ..good() }, "line 1"),
            (Options { keys: "{}".to_owned(), ..good() }, "key"),
            (Options { topics: vec!["{}".to_owned()], ..good() }, "version"),
            (Options { topics: vec![String::new(); TOPICS_MAX + 1], ..good() }, "topics"),
            (Options { device: hex(30), ..good() }, "device"),
            (Options { tenant: hex(62), ..good() }, "tenant"),
            (Options { incarnation: hex(34), ..good() }, "incarnation"),
        ] {
            let error = Opening::read(options).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(told), "{told}: {error}");
        }
        let topics = vec![TOPIC.to_owned(); TOPICS_MAX];
        assert!(Opening::read(Options { topics, ..good() }).is_ok());
        let full =
            Options { device: hex(32), tenant: hex(64), incarnation: hex(32), must_exist: true, ..good() };
        assert!(Opening::read(full).is_ok());
    }
}
