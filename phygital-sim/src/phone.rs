//! A phone: wallets and emulated tags behind their application names.

use std::fmt;

use phygital_core::contactless::apple_vas::phone::VasPhone;
use phygital_core::contactless::ecp::{Frame, Modulation, Tci};
use phygital_core::contactless::smart_tap::phone::{PhoneSeed, SmartTapPhone};
use phygital_core::crypto::{P256Key, Secret};

use crate::card::{Activation, Answer, SoftCard};
use crate::dice::Dice;
use crate::type4::Type4Tag;

/// The head of SELECT by name (ISO/IEC 7816-4 §11.2.2).
const SELECT: [u8; 4] = [0x00, 0xA4, 0x04, 0x00];
/// An application that there is not.
const NOT_FOUND: [u8; 2] = [0x6A, 0x82];
/// A command before anything was selected.
const NOTHING_SELECTED: [u8; 2] = [0x69, 0x85];

/// A phone with a wallet, an emulated tag, or both. It draws a new UID of four bytes that begin with 08 each time it is
/// found, and the keys and nonces of each exchange, from its seed.
///
/// ```
/// use phygital_core::contactless::apple_vas::phone::VasPhone;
/// use phygital_core::contactless::ecp::{Frame, Modulation, Tci};
/// use phygital_core::vocab::Timestamp;
/// use phygital_sim::{SoftCard, SoftPhone};
/// let wallet = VasPhone::new(Vec::new(), Timestamp::parse("2026-11-21T12:00:00Z")?);
/// let mut phone = SoftPhone::new(7).apple_wallet(wallet).after_polling_frames(2);
/// assert!(!phone.answers_polls());
/// for _ in 0..2 {
///     phone.overhear(&Frame::Tci(Tci::VAS_ONLY).to_bytes(Modulation::A));
/// }
/// assert!(phone.answers_polls() && phone.activate().uid[0] == 0x08);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SoftPhone {
    dice: Dice,
    vas: Option<VasPhone>,
    smart_tap: Option<SmartTapPhone>,
    tag: Option<Type4Tag>,
    selected: Option<App>,
    frames_wanted: u8,
    frames_heard: u8,
    active: bool,
}

/// What may be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum App {
    Vas,
    SmartTap,
    Tag,
}

impl SoftPhone {
    /// A phone with nothing on it, that answers each poll.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            vas: None,
            smart_tap: None,
            tag: None,
            selected: None,
            frames_wanted: 0,
            frames_heard: 0,
            active: false,
        }
    }

    /// With Apple's wallet. It is given a key of its own for each pass that is asked for.
    #[must_use]
    pub fn apple_wallet(self, wallet: VasPhone) -> Self {
        Self { vas: Some(wallet), ..self }
    }

    /// With Google's wallet. It is given randomness of its own for each exchange.
    #[must_use]
    pub fn google_wallet(self, wallet: SmartTapPhone) -> Self {
        Self { smart_tap: Some(wallet), ..self }
    }

    /// With a tag that an app emulates.
    #[must_use]
    pub fn emulated_tag(self, tag: Type4Tag) -> Self {
        Self { tag: Some(tag), ..self }
    }

    /// Answers a poll only after it has heard so many polling frames that ask for passes, as a locked iPhone does: 2 to
    /// 4 of them. It forgets them once it was spoken to and the field is gone.
    #[must_use]
    pub fn after_polling_frames(self, frames: u8) -> Self {
        Self { frames_wanted: frames, ..self }
    }

    /// Apple's wallet, to change it.
    pub fn apple_wallet_mut(&mut self) -> Option<&mut VasPhone> {
        self.vas.as_mut()
    }

    /// Google's wallet, to change it.
    pub fn google_wallet_mut(&mut self) -> Option<&mut SmartTapPhone> {
        self.smart_tap.as_mut()
    }

    /// The first application that takes this selection; what was selected stays where none does.
    fn select(&mut self, command: &[u8]) -> Vec<u8> {
        for app in [App::Vas, App::SmartTap, App::Tag] {
            let answer = self.tell(app, command);
            if let Some(answer) = answer.filter(|answer| answer.ends_with(&[0x90, 0x00])) {
                self.selected = Some(app);
                return answer;
            }
        }
        NOT_FOUND.to_vec()
    }

    fn tell(&mut self, app: App, command: &[u8]) -> Option<Vec<u8>> {
        match app {
            App::Vas => {
                let vas = self.vas.as_mut()?;
                if command.get(1) == Some(&0xCA) {
                    vas.add_key(key(&mut self.dice));
                }
                Some(vas.answer(command))
            }
            App::SmartTap => {
                let smart_tap = self.smart_tap.as_mut()?;
                if command.starts_with(&SELECT) {
                    let (nonce, iv) = (self.dice.bytes(), self.dice.bytes());
                    smart_tap.add_seed(PhoneSeed { nonce, key: key(&mut self.dice), iv });
                }
                Some(smart_tap.answer(command))
            }
            App::Tag => match self.tag.as_mut()?.answer(command) {
                Answer::Bytes(answer) => Some(answer),
                Answer::Nibble(_) | Answer::Silence => None,
            },
        }
    }
}

impl SoftCard for SoftPhone {
    fn activate(&mut self) -> Activation {
        self.lose_power();
        self.active = true;
        let uid = [&[0x08][..], &self.dice.bytes::<3>()].concat();
        Activation { atqa: [0x04, 0x00], sak: 0x20, uid, ats: Some(vec![0x05, 0x78, 0x80, 0x70, 0x02]) }
    }

    fn lose_power(&mut self) {
        self.selected = None;
        if let Some(tag) = &mut self.tag {
            tag.lose_power();
        }
        if std::mem::take(&mut self.active) {
            self.frames_heard = 0;
        }
    }

    fn answer(&mut self, command: &[u8]) -> Answer {
        Answer::Bytes(match self.selected {
            _ if command.starts_with(&SELECT) => self.select(command),
            Some(app) => self.tell(app, command).unwrap_or(NOTHING_SELECTED.to_vec()),
            None => NOTHING_SELECTED.to_vec(),
        })
    }

    fn overhear(&mut self, frame: &[u8]) {
        let asks = [Tci::VAS_OR_PAYMENT, Tci::VAS_AND_PAYMENT, Tci::VAS_ONLY];
        if let Ok(Frame::Tci(tci)) = Frame::parse(frame, Modulation::A)
            && asks.contains(&tci)
        {
            self.frames_heard = self.frames_heard.saturating_add(1);
        }
    }

    fn answers_polls(&self) -> bool {
        self.frames_heard >= self.frames_wanted
    }
}

/// A fresh key.
fn key(dice: &mut Dice) -> P256Key {
    loop {
        // One number in 2^32 is none.
        if let Ok(key) = P256Key::new(Secret::take(&mut dice.bytes())) {
            return key;
        }
    }
}

impl fmt::Debug for SoftPhone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let apps = [
            ("Apple's wallet", self.vas.is_some()),
            ("Google's wallet", self.smart_tap.is_some()),
            ("an emulated tag", self.tag.is_some()),
        ];
        let apps = apps.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name);
        f.write_str("SoftPhone with ").and_then(|()| f.debug_set().entries(apps).finish())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use phygital_core::contactless::Step;
    use phygital_core::contactless::apple_vas::phone::SoftPass;
    use phygital_core::contactless::apple_vas::{
        Cryptogram, KdfVariant, PassRequest, VasKeys, VasMode, VasReader, VasTerminal,
    };
    use phygital_core::contactless::smart_tap::phone::SoftObject;
    use phygital_core::contactless::smart_tap::{
        CollectorKey, ObjectKind, SessionSeed, SmartTapOutcome, SmartTapReader, SmartTapTerminal, VasTypes,
    };
    use phygital_core::vocab::Timestamp;

    use super::*;

    fn say(phone: &mut SoftPhone, command: &[u8]) -> Vec<u8> {
        match phone.answer(command) {
            Answer::Bytes(bytes) => bytes,
            other => panic!("{other:?}"),
        }
    }

    fn fixed_key(byte: u8) -> P256Key {
        P256Key::new(Secret::take(&mut [byte; 32])).unwrap()
    }

    fn pass() -> SoftPass {
        SoftPass {
            pass: "pass.example.loyalty".parse().unwrap(),
            merchant: fixed_key(1).public(),
            message: b"token".to_vec(),
            variant: KdfVariant::One,
        }
    }

    fn iphone() -> SoftPhone {
        let clock = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        SoftPhone::new(3).apple_wallet(VasPhone::new(vec![pass()], clock))
    }

    #[test]
    fn each_tap_of_an_iphone_gives_a_new_cryptogram_under_a_new_uid() {
        let mut phone = iphone();
        let mut taps = Vec::new();
        for _ in 0..3 {
            let uid = phone.activate().uid;
            assert_eq!(say(&mut phone, &[0x80, 0xCA, 0x01, 0x01, 0]), NOTHING_SELECTED);
            let passes = [PassRequest::pass(pass().pass)];
            let (mut reader, mut command) =
                VasReader::new(VasTerminal::new(VasMode::VasOnly), &passes).unwrap();
            let read = loop {
                match reader.next(&say(&mut phone, &command.to_bytes())).unwrap() {
                    Step::Send(next) => command = next,
                    Step::Done(read) => break read,
                }
            };
            let cryptogram = read.answers[0].data.as_ref().unwrap().cryptogram.clone().unwrap();
            let keys = VasKeys::new([fixed_key(1)]).unwrap();
            let opened = Cryptogram::parse(&cryptogram).unwrap().open(&pass().pass, &keys).unwrap();
            assert_eq!(opened.message(), b"token");
            taps.push((uid, cryptogram));
        }
        assert!(taps[0].0 != taps[1].0 && taps[0].1 != taps[1].1 && taps[1].1 != taps[2].1);
    }

    #[test]
    fn an_android_phone_serves_its_wallet_and_its_emulated_tag() {
        let card = SoftObject {
            kind: ObjectKind::Loyalty,
            issuer: 7,
            object_id: [1; 8],
            service_number: "token".into(),
        };
        let mut wallet = SmartTapPhone::new(vec![card]);
        wallet.trust(20_180_608, 1, fixed_key(1).public());
        let mut phone =
            SoftPhone::new(4).google_wallet(wallet).emulated_tag(Type4Tag::new(b"\xD1\x01\x02U\x04a"));
        for round in 1..3_u8 {
            phone.activate();
            let signer = CollectorKey::new(fixed_key(1), 1);
            let terminal = SmartTapTerminal::new(20_180_608, &signer, VasTypes::PassOnly);
            let seed = SessionSeed {
                session_id: [5; 8],
                reader_nonce: [round; 32],
                reader_key: fixed_key(round + 9),
            };
            let (mut reader, mut command) = SmartTapReader::new(terminal, seed).unwrap();
            let outcome = loop {
                match reader.next(&say(&mut phone, &command.to_bytes())).unwrap() {
                    Step::Send(next) => command = next,
                    Step::Done(outcome) => break outcome,
                }
            };
            let SmartTapOutcome::Passes(read) = outcome else { panic!("{outcome:?}") };
            assert_eq!(read.objects()[0].service_number.as_ref().unwrap().bytes(), b"token");
            let aid = [0x00, 0xA4, 0x04, 0x00, 7, 0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01, 0x00];
            assert_eq!(say(&mut phone, &aid), [0x90, 0x00]);
            say(&mut phone, &[0x00, 0xA4, 0x00, 0x0C, 2, 0xE1, 0x04]);
            assert_eq!(say(&mut phone, &[0x00, 0xB0, 0, 0, 2]), [0x00, 0x06, 0x90, 0x00]);
            // What is not there leaves what was selected.
            assert_eq!(say(&mut phone, &[0x00, 0xA4, 0x04, 0x00, 1, 0xA0, 0x00]), NOT_FOUND);
            assert_eq!(say(&mut phone, &[0x00, 0xB0, 0, 0, 2]), [0x00, 0x06, 0x90, 0x00]);
        }
    }

    #[test]
    fn a_locked_phone_waits_for_frames_that_ask_for_passes() {
        let mut phone = iphone().after_polling_frames(2);
        let frame = |tci| Frame::Tci(tci).to_bytes(Modulation::A);
        phone.overhear(&frame(Tci::VAS_ONLY));
        phone.overhear(&frame(Tci::IGNORE));
        phone.overhear(&[0x6A, 0x01, 0x00, 0x00, 0x02, 0x00, 0x00]);
        // The field may go off between frames.
        phone.lose_power();
        assert!(!phone.answers_polls());
        phone.overhear(&frame(Tci::VAS_OR_PAYMENT));
        assert!(phone.answers_polls());
        phone.activate();
        assert!(phone.answers_polls());
        phone.lose_power();
        assert!(!phone.answers_polls());
    }
}
