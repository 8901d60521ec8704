//! Passes of phone wallets as taps.
//!
//! Three ways lead here: `verify_vas` (feature `apple-vas`) opens a cryptogram of Apple VAS and judges its time;
//! `from_smart_tap` (feature `smart-tap`) takes what an exchange of Google Smart Tap gave; [`WalletTap::vouched`] takes
//! what a certified reader has decrypted by itself, at the host's word.
//!
//! What a pass proves, of either wallet: whoever answered knows what stands in the pass. Neither phone shows a key of
//! its own: an Apple cryptogram is made for the shop's public key, which stands in every pass of the shop, and a Google
//! bundle is sealed under keys that any phone can agree on. So the message of a pass has to be a random token that
//! nobody can guess, and a number such as `000123` proves nothing. What the two differ in is time: see [`Assurance`].

use std::fmt;

use ring::digest::{Context, SHA256};
use zeroize::Zeroize;

use super::assurance::Assurance;
use super::refusal::TapRefusal;
use super::scheme::Scheme;
#[cfg(feature = "apple-vas")]
use crate::contactless::apple_vas::{
    Cryptogram, PassTypeId, VasKeyRing, VasRefusal,
    freshness::{Freshness, TimeWindow, UsedCryptograms},
};
#[cfg(feature = "smart-tap")]
use crate::contactless::smart_tap::{ObjectKind, SmartTapRead, Value};
use crate::vocab::{Digest, Timestamp};

/// Longest message of a pass, in bytes. Apple allows 64; Google's passes carry a text of the shop's.
pub const PASS_MESSAGE_MAX: usize = 4_096;

/// Longest text that names a pass, in bytes.
pub const PASS_NAME_MAX: usize = 255;

/// Which pass it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PassId {
    /// A pass of Apple Wallet.
    Apple {
        /// Its type, such as `pass.com.example.loyalty`.
        pass_type: Box<str>,
    },
    /// A pass of Google Wallet.
    Google {
        /// The collector that it was given to.
        collector: u32,
        /// Its kind, such as `ly` for loyalty.
        kind: Box<str>,
        /// Its id at Google, which stays the same; empty where the phone does not tell it.
        object_id: Box<[u8]>,
    },
}

impl PassId {
    /// The scheme that brings it.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        match self {
            Self::Apple { .. } => Scheme::AppleVas,
            Self::Google { .. } => Scheme::SmartTap,
        }
    }

    /// The most that a tap with it can prove: a cryptogram can be made ahead, a Smart Tap exchange cannot.
    #[must_use]
    pub const fn assurance_max(&self) -> Assurance {
        match self {
            Self::Apple { .. } => Assurance::Dynamic,
            Self::Google { .. } => Assurance::Live,
        }
    }
}

/// Who decrypted a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "we did, or a reader did")]
pub enum DecryptedBy {
    /// This library, so the assurance is its own finding.
    Us,
    /// A reader, so the assurance is the host's word.
    Reader,
}

/// A tap with a pass of a phone wallet.
///
/// The message tells who the phone's owner is, so `Debug` tells its length alone; it is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct WalletTap {
    pass: PassId,
    message: Vec<u8>,
    customer_id: Option<Box<[u8]>>,
    device_time: Option<Timestamp>,
    assurance: Assurance,
    decrypted_by: DecryptedBy,
}

/// A pass that a certified reader decrypted by itself, as the host tells it.
///
/// Readers differ in what they check and in what they hand over. The host knows its readers and vouches: for what the
/// reader says, for the channel that it says it through, and for the assurance. A reader that checks time and replays
/// as `verify_vas` does earns [`Assurance::Dynamic`]; one that hands over the message alone, [`Assurance::Static`],
/// since anybody who has seen a message can say it again.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a reader tells")]
pub struct VouchedPass {
    /// Which pass it is.
    pub pass: PassId,
    /// Its message, 1 to [`PASS_MESSAGE_MAX`] bytes.
    pub message: Vec<u8>,
    /// The phone's clock, where the reader tells it.
    pub device_time: Option<Timestamp>,
    /// What the host vouches for; more than [`PassId::assurance_max`] is lowered to it.
    pub assurance: Assurance,
}

impl WalletTap {
    /// Takes what a certified reader decrypted. Nothing is proven here: the assurance is the host's word.
    ///
    /// # Errors
    /// [`TapRefusal::WrongLength`] for a message or a name that is empty or too long.
    ///
    /// ```
    /// use phygital_core::tap::{Assurance, wallet::{PassId, VouchedPass, WalletTap}};
    /// let pass = PassId::Apple { pass_type: "pass.example.loyalty".into() };
    /// let told = VouchedPass { pass, message: b"token".to_vec(), device_time: None, assurance: Assurance::Live };
    /// assert_eq!(WalletTap::vouched(told)?.assurance(), Assurance::Dynamic);
    /// # Ok::<(), phygital_core::tap::TapRefusal>(())
    /// ```
    pub fn vouched(told: VouchedPass) -> Result<Self, TapRefusal> {
        let VouchedPass { pass, message, device_time, assurance } = told;
        let name = match &pass {
            PassId::Apple { pass_type } => pass_type.len(),
            PassId::Google { kind, object_id, .. } => kind.len().max(object_id.len()),
        };
        within(name, PASS_NAME_MAX, "a pass named by 1 to 255 bytes")?;
        let assurance = assurance.min(pass.assurance_max());
        Self::new(pass, message, None, device_time, assurance, DecryptedBy::Reader)
    }

    fn new(
        pass: PassId,
        message: Vec<u8>,
        customer_id: Option<Box<[u8]>>,
        device_time: Option<Timestamp>,
        assurance: Assurance,
        decrypted_by: DecryptedBy,
    ) -> Result<Self, TapRefusal> {
        within(message.len(), PASS_MESSAGE_MAX, "a message of 1 to 4096 bytes")?;
        Ok(Self { pass, message, customer_id, device_time, assurance, decrypted_by })
    }

    /// The scheme that brought it.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.pass.scheme()
    }

    /// Which pass it is.
    #[must_use]
    pub fn pass(&self) -> &PassId {
        &self.pass
    }

    /// What the shop wrote into the pass: Apple's message, Google's service number.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The owner's id at Google, where the phone tells one.
    #[must_use]
    pub fn customer_id(&self) -> Option<&[u8]> {
        self.customer_id.as_deref()
    }

    /// The phone's clock at the tap, where it was told: whole seconds, and the phone's word.
    #[must_use]
    pub fn device_time(&self) -> Option<Timestamp> {
        self.device_time
    }

    /// What it proves.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        self.assurance
    }

    /// Who decrypted it.
    #[must_use]
    pub fn decrypted_by(&self) -> DecryptedBy {
        self.decrypted_by
    }

    /// The same for every tap with this pass and message, whichever way it came: by this a reader tells that one phone
    /// is held to it twice. SHA-256 of both; a short message can be guessed from it.
    #[must_use]
    pub fn credential(&self) -> Digest {
        let mut context = Context::new(&SHA256);
        let mut part = |bytes: &[u8]| {
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        };
        part(self.scheme().as_str().as_bytes());
        match &self.pass {
            PassId::Apple { pass_type } => part(pass_type.as_bytes()),
            PassId::Google { collector, kind, object_id } => {
                part(&collector.to_be_bytes());
                part(kind.as_bytes());
                part(object_id);
            }
        }
        part(&self.message);
        Digest::from_bytes(context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }
}

impl WalletTap {
    /// What to remember so that a pass shown at `now` counts once, where it is not an [`Assurance::Static`] one, which
    /// looks the same for ever.
    pub(crate) fn shown_at(&self, now: Timestamp) -> super::Freshness {
        if self.assurance < Assurance::Dynamic {
            return super::Freshness::None;
        }
        let mut context = Context::new(&SHA256);
        context.update(self.credential().as_bytes());
        context.update(&now.as_micros().to_be_bytes());
        let key = Digest::from_bytes(context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"));
        super::Freshness::Once { key, until: None }
    }
}

impl fmt::Debug for WalletTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pass, message, assurance, decrypted_by, .. } = self;
        let length = message.len();
        write!(
            f,
            "WalletTap({pass:?}, message of {length} bytes, {assurance}, decrypted by {decrypted_by:?})"
        )
    }
}

impl fmt::Debug for VouchedPass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pass, message, assurance, .. } = self;
        write!(f, "VouchedPass({pass:?}, message of {} bytes, {assurance})", message.len())
    }
}

impl Drop for WalletTap {
    fn drop(&mut self) {
        self.message.zeroize();
    }
}

fn within(found: usize, most: usize, expected: &'static str) -> Result<(), TapRefusal> {
    if (1..=most).contains(&found) { Ok(()) } else { Err(TapRefusal::WrongLength { found, expected }) }
}

/// Opens a cryptogram of Apple VAS, judges its time against `now`, and remembers it in `used`. Nothing is remembered
/// of a cryptogram that does not decrypt.
///
/// # Errors
/// [`TapRefusal::WrongLength`] and [`TapRefusal::Malformed`] for what is no cryptogram, [`TapRefusal::NoKey`] for
/// another merchant's, [`TapRefusal::KeysUnavailable`] if the keys cannot be asked, [`TapRefusal::MacMismatch`] for one
/// that is changed, forged or of another pass, [`TapRefusal::OutOfScope`] for one outside of the window,
/// [`TapRefusal::Used`] for one that was used before.
#[cfg(feature = "apple-vas")]
pub fn verify_vas(
    cryptogram: &[u8],
    pass: &PassTypeId,
    keys: &dyn VasKeyRing,
    now: Timestamp,
    window: TimeWindow,
    used: &mut UsedCryptograms,
) -> Result<WalletTap, TapRefusal> {
    let cryptogram = Cryptogram::parse(cryptogram).map_err(vas_refusal)?;
    let opened = cryptogram.open(pass, keys).map_err(vas_refusal)?;
    // Before it is remembered, so that a tap is refused for one reason always.
    let tap = WalletTap::new(
        PassId::Apple { pass_type: pass.as_str().into() },
        opened.message().to_vec(),
        None,
        Some(opened.device_time()),
        Assurance::Dynamic,
        DecryptedBy::Us,
    )?;
    match used.judge(cryptogram.fingerprint(), opened.device_time(), now, window) {
        Freshness::Fresh => Ok(tap),
        Freshness::Stale => Err(TapRefusal::OutOfScope { reason: "its time is over" }),
        Freshness::Ahead => Err(TapRefusal::OutOfScope { reason: "its time has not come" }),
        Freshness::Replayed => Err(TapRefusal::Used),
    }
}

/// As [`verify_vas`], for a caller that remembers what was used by itself: gives what to remember, and until when.
#[cfg(feature = "apple-vas")]
pub(crate) fn verify_vas_once(
    bytes: &[u8],
    pass: &PassTypeId,
    keys: &dyn VasKeyRing,
    now: Timestamp,
    window: TimeWindow,
) -> Result<(WalletTap, super::Freshness), TapRefusal> {
    let tap = verify_vas(bytes, pass, keys, now, window, &mut UsedCryptograms::default())?;
    let fingerprint = Cryptogram::parse(bytes).map_err(vas_refusal)?.fingerprint();
    let hash = ring::digest::digest(&SHA256, &fingerprint.0);
    let key = Digest::from_bytes(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"));
    let until = tap.device_time.map(|made| made.saturating_add(window.past));
    Ok((tap, super::Freshness::Once { key, until }))
}

#[cfg(feature = "apple-vas")]
fn vas_refusal(refusal: VasRefusal) -> TapRefusal {
    match refusal {
        VasRefusal::BadLength { found } => {
            TapRefusal::WrongLength { found, expected: "a cryptogram of 56 to 256 bytes" }
        }
        VasRefusal::UnknownKeyId { .. } => TapRefusal::NoKey,
        VasRefusal::KeyFailed => TapRefusal::KeysUnavailable,
        VasRefusal::AuthFailed => TapRefusal::MacMismatch,
        _ => TapRefusal::malformed("a phone's key on P-256"),
    }
}

/// The passes of an exchange of Google Smart Tap that have a number, each as a tap. What is owned by the same customer
/// carries the customer's id.
#[cfg(feature = "smart-tap")]
#[must_use]
pub fn from_smart_tap(read: &SmartTapRead) -> Vec<WalletTap> {
    let bytes =
        |value: &Option<Value>| -> Option<Box<[u8]>> { value.as_ref().map(|value| value.bytes().into()) };
    // Phones without an account tell zeros.
    let mut ids = read.objects().iter().filter_map(|object| bytes(&object.customer_id));
    let customer = ids.find(|id| id.iter().any(|byte| *byte != 0));
    let passes = read.objects().iter().filter(|object| object.kind != ObjectKind::Customer);
    let taps = passes.filter_map(|object| {
        let pass = PassId::Google {
            collector: read.collector(),
            kind: object.kind.as_str().into(),
            object_id: bytes(&object.object_id).unwrap_or_default(),
        };
        let message = object.service_number.as_ref()?.bytes().to_vec();
        WalletTap::new(pass, message, customer.clone(), None, Assurance::Live, DecryptedBy::Us).ok()
    });
    taps.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn told(pass: PassId, message: usize) -> VouchedPass {
        VouchedPass { pass, message: vec![b'm'; message], device_time: None, assurance: Assurance::Live }
    }

    fn apple(name: usize) -> PassId {
        PassId::Apple { pass_type: "p".repeat(name).into() }
    }

    fn google(object_id: u8) -> PassId {
        PassId::Google { collector: 7, kind: "ly".into(), object_id: Box::new([object_id; 8]) }
    }

    #[test]
    fn the_hosts_word_is_bounded_by_the_scheme() {
        for (pass, assurance) in [(apple(9), Assurance::Dynamic), (google(1), Assurance::Live)] {
            let tap = WalletTap::vouched(told(pass.clone(), 5)).unwrap();
            assert_eq!((tap.assurance(), tap.decrypted_by()), (assurance, DecryptedBy::Reader));
            let word = VouchedPass { assurance: Assurance::Static, ..told(pass, 5) };
            assert_eq!(WalletTap::vouched(word).unwrap().assurance(), Assurance::Static);
        }
    }

    #[test]
    fn lengths_are_kept() {
        let code = |told| WalletTap::vouched(told).err().map(|refusal| refusal.code());
        assert_eq!(code(told(apple(PASS_NAME_MAX), PASS_MESSAGE_MAX)), None);
        for bad in [
            told(apple(0), 5),
            told(apple(PASS_NAME_MAX + 1), 5),
            told(apple(9), 0),
            told(apple(9), PASS_MESSAGE_MAX + 1),
        ] {
            assert_eq!(code(bad), Some("bad_length"));
        }
    }

    #[test]
    fn a_credential_follows_pass_and_message() {
        let of = |pass, message| WalletTap::vouched(told(pass, message)).unwrap().credential();
        assert_eq!(of(apple(9), 5), of(apple(9), 5));
        let all = [of(apple(9), 5), of(apple(9), 6), of(apple(8), 5), of(google(1), 5), of(google(2), 5)];
        for (index, one) in all.iter().enumerate() {
            assert!(all[index + 1..].iter().all(|other| other != one));
        }
        let tap = WalletTap::vouched(told(apple(9), 5)).unwrap();
        assert!(!format!("{tap:?} {:?}", told(apple(9), 5)).contains("mmm"));
    }

    #[cfg(feature = "apple-vas")]
    #[test]
    fn a_cryptogram_counts_once_and_in_its_time() {
        use crate::contactless::apdu::Response;
        use crate::contactless::apple_vas::phone::{SoftPass, VasPhone};
        use crate::contactless::apple_vas::{
            GetDataAnswer, KdfVariant, PassRequest, VasKeys, VasMode, VasReader, VasTerminal,
        };
        use crate::crypto::{P256Key, Secret};
        let key = |byte: u8| P256Key::new(Secret::take(&mut [byte; 32])).unwrap();
        let pass: PassTypeId = "pass.example.loyalty".parse().unwrap();
        let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        let soft = |message: &[u8]| SoftPass {
            pass: pass.clone(),
            merchant: key(1).public(),
            message: message.to_vec(),
            variant: KdfVariant::One,
        };
        let cryptogram = |message: &[u8], at: &str| {
            let mut phone = VasPhone::new(vec![soft(message)], Timestamp::parse(at).unwrap());
            phone.add_key(key(at.as_bytes()[15])); // a fresh one for each minute
            let (mut reader, select) =
                VasReader::new(VasTerminal::new(VasMode::VasOnly), &[PassRequest::pass(pass.clone())])
                    .unwrap();
            let answer = phone.answer(&select.to_bytes());
            let crate::contactless::Step::Send(get) = reader.next(&answer).unwrap() else { panic!() };
            let answer = phone.answer(&get.to_bytes());
            assert!(Response::parse(&answer).is_ok());
            GetDataAnswer::parse(&answer).unwrap().1.unwrap().cryptogram.unwrap()
        };
        let keys = VasKeys::new([key(1)]).unwrap();
        let mut used = UsedCryptograms::default();
        let mut verify = |bytes: &[u8], keys: &VasKeys| {
            let tap = verify_vas(bytes, &pass, keys, now, TimeWindow::default(), &mut used);
            tap.map(|tap| (tap.message().to_vec(), tap.assurance())).map_err(|refusal| refusal.code())
        };
        let fresh = cryptogram(b"token", "2026-11-21T11:58:00Z");
        let other = VasKeys::new([key(2)]).unwrap();
        let mut changed = fresh.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(verify(&fresh, &other), Err("no_key"));
        assert_eq!(verify(&changed, &keys), Err("mac_mismatch"));
        assert_eq!(verify(&fresh[..40], &keys), Err("bad_length"));
        assert_eq!(verify(&fresh, &keys), Ok((b"token".to_vec(), Assurance::Dynamic)));
        assert_eq!(verify(&fresh, &keys), Err("used"));
        assert_eq!(verify(&cryptogram(b"token", "2026-11-21T11:54:59Z"), &keys), Err("out_of_scope"));
        assert_eq!(verify(&cryptogram(b"token", "2026-11-21T12:02:01Z"), &keys), Err("out_of_scope"));
        assert_eq!(verify(&cryptogram(b"", "2026-11-21T11:59:00Z"), &keys), Err("bad_length"));
    }

    #[cfg(feature = "smart-tap")]
    #[test]
    fn passes_of_an_exchange_are_live() {
        use crate::contactless::Step;
        use crate::contactless::smart_tap::phone::{PhoneSeed, SmartTapPhone, SoftObject};
        use crate::contactless::smart_tap::{
            CollectorKey, SessionSeed, SmartTapOutcome, SmartTapReader, SmartTapTerminal, VasTypes,
        };
        use crate::crypto::{P256Key, Secret};
        let key = |byte: u8| P256Key::new(Secret::take(&mut [byte; 32])).unwrap();
        let object = |service_number: &str| SoftObject {
            kind: ObjectKind::Loyalty,
            issuer: 1,
            object_id: [9; 8],
            service_number: service_number.to_owned(),
        };
        // A pass without a number identifies nobody.
        let mut phone = SmartTapPhone::new(vec![object("token"), object("")]);
        phone.trust(7, 1, key(1).public());
        phone.add_seed(PhoneSeed { nonce: [2; 32], key: key(3), iv: [4; 12] });
        let signer = CollectorKey::new(key(1), 1);
        let terminal = SmartTapTerminal::new(7, &signer, VasTypes::PassOnly);
        let seed = SessionSeed { session_id: [5; 8], reader_nonce: [6; 32], reader_key: key(7) };
        let (mut reader, mut command) = SmartTapReader::new(terminal, seed).unwrap();
        let outcome = loop {
            match reader.next(&phone.answer(&command.to_bytes())).unwrap() {
                Step::Send(next) => command = next,
                Step::Done(outcome) => break outcome,
            }
        };
        let SmartTapOutcome::Passes(read) = outcome else { panic!("{outcome:?}") };
        let [tap] = &from_smart_tap(&read)[..] else { panic!("one pass has a number") };
        assert_eq!(
            (tap.message(), tap.assurance(), tap.scheme()),
            (&b"token"[..], Assurance::Live, Scheme::SmartTap)
        );
        assert_eq!(
            *tap.pass(),
            PassId::Google { collector: 7, kind: "ly".into(), object_id: Box::new([9; 8]) }
        );
        assert_eq!((tap.customer_id(), tap.device_time()), (None, None));
    }
}
