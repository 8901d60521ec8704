//! The cards of the shop, and what verifies them.

use std::sync::Arc;

use phygital_core::contactless::apple_vas::phone::{SoftPass, VasPhone};
use phygital_core::contactless::apple_vas::{KdfVariant, PassRequest, VasKeys, VasMode, VasTerminal};
use phygital_core::contactless::smart_tap::phone::{SmartTapPhone, SoftObject};
use phygital_core::contactless::smart_tap::{CollectorKey, ObjectKind, SessionSeed, VasTypes};
use phygital_core::crypto::{P256Key, Secret};
use phygital_core::tap::tag_setup::{SdmRights, TagSetup};
use phygital_core::tap::{KeySet, Keys, SdmMode, Verifier};
use phygital_core::vocab::Timestamp;
use phygital_core::vocab::tag::TagUid;
use phygital_reader::{SmartTapWish, Wishes};
use phygital_sim::{
    Activation, Answer, Dice, Ntag424, SharedCard, SoftCard, SoftPhone, Type2Tag, Type2TagChip,
};

const PASS: &str = "pass.example.loyalty";
const COLLECTOR: u32 = 20_180_608;

/// The time in the shop.
pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2026-11-21T12:00:00Z").unwrap()
}

fn secret(byte: u8) -> Secret<16> {
    Secret::take(&mut [byte; 16])
}

fn key(byte: u8) -> P256Key {
    P256Key::new(Secret::take(&mut [byte; 32])).unwrap()
}

pub(crate) fn uid(number: u8) -> TagUid {
    format!("04{number:02x}b2c3d4e5f6").parse().unwrap()
}

/// A tag of the shop, that counts its reads.
pub(crate) fn tag(number: u8) -> SharedCard<Ntag424> {
    let template = "tap.example/?p={mac_input}{picc}&c={mac}".parse().unwrap();
    let setup = TagSetup::new(template, SdmMode::Aes, 0, SdmRights::new(2, 1)).unwrap();
    let keys = [1, 2, 3, 4, 5].map(secret);
    SharedCard::new(Ntag424::personalised(uid(number), u64::from(number), &setup, keys))
}

/// How often it was read.
pub(crate) fn reads(tag: &SharedCard<Ntag424>) -> u32 {
    tag.with(|tag| tag.counter().get())
}

/// A tag that claims who it is.
pub(crate) fn type2() -> Type2Tag {
    let message = b"\xD1\x01\x26U\x04tap.example/t?m=0407B2C3D4E5F6x000001";
    Type2Tag::new(Type2TagChip::Ntag213, uid(7), 7).ndef(message).unwrap()
}

/// An iPhone with the shop's pass.
pub(crate) fn iphone() -> SoftPhone {
    let pass = SoftPass {
        pass: PASS.parse().unwrap(),
        merchant: key(1).public(),
        message: b"a random token".to_vec(),
        variant: KdfVariant::One,
    };
    SoftPhone::new(3).apple_wallet(VasPhone::new(vec![pass], now()))
}

/// An Android phone with the shop's pass.
pub(crate) fn android() -> SoftPhone {
    let pass = SoftObject {
        kind: ObjectKind::Loyalty,
        issuer: 7,
        object_id: [1; 8],
        service_number: "another token".into(),
    };
    let mut wallet = SmartTapPhone::new(vec![pass]);
    wallet.trust(COLLECTOR, 1, key(2).public());
    SoftPhone::new(4).google_wallet(wallet)
}

pub(crate) fn verifier() -> Arc<Verifier> {
    let tags = Keys::new([KeySet::explicit(secret(2)).meta_read_key(secret(3))]).unwrap();
    let verifier = Verifier::new().sun(Arc::new(tags)).apple_vas(Arc::new(VasKeys::new([key(1)]).unwrap()));
    Arc::new(verifier.ntag21x("tap.example/t?m={uid}x{ctr}".parse().unwrap()))
}

/// Messages, and the passes of both wallets.
pub(crate) fn wishes() -> Wishes {
    let passes = [PassRequest::pass(PASS.parse().unwrap())];
    let wishes = Wishes::ndef().apple_vas(VasTerminal::new(VasMode::VasOnly), &passes).unwrap();
    let mut dice = Dice::new(5);
    let seeds = move || SessionSeed {
        session_id: dice.bytes(),
        reader_nonce: dice.bytes(),
        reader_key: P256Key::new(Secret::take(&mut dice.bytes())).unwrap(),
    };
    let signer = Arc::new(CollectorKey::new(key(2), 1));
    wishes.smart_tap(SmartTapWish::new(COLLECTOR, signer, VasTypes::PassOnly, seeds)).unwrap()
}

/// A card that leaves, as far as a reader can tell, after so many answers.
pub(crate) struct Leaving<C> {
    pub(crate) card: C,
    pub(crate) answers: u32,
}

impl<C: SoftCard> SoftCard for Leaving<C> {
    fn activate(&mut self) -> Activation {
        self.card.activate()
    }

    fn lose_power(&mut self) {
        self.card.lose_power();
    }

    fn answer(&mut self, command: &[u8]) -> Answer {
        match self.answers.checked_sub(1) {
            Some(left) => {
                self.answers = left;
                self.card.answer(command)
            }
            None => Answer::Silence,
        }
    }

    fn answers_polls(&self) -> bool {
        self.answers > 0 && self.card.answers_polls()
    }
}

/// A card that answers whatever it hears with the length of it.
pub(crate) struct Meter;

impl SoftCard for Meter {
    fn activate(&mut self) -> Activation {
        let ats = Some(vec![5, 0x78, 0x80, 0x70, 0x02]);
        Activation { atqa: [0x44, 0x03], sak: 0x20, uid: uid(9).as_bytes().to_vec(), ats }
    }

    fn lose_power(&mut self) {}

    fn answer(&mut self, command: &[u8]) -> Answer {
        let length = u32::try_from(command.len()).unwrap().to_be_bytes();
        Answer::Bytes([&length[..], &[0x90, 0x00]].concat())
    }
}
