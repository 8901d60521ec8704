//! A phone with passes of Apple Wallet, in software, for tests of one's own.

use crate::contactless::apdu::{Command, Response, StatusWord};
use crate::crypto::{P256Key, P256Public};
use crate::vocab::Timestamp;

use super::cryptogram::{Cryptogram, KdfVariant};
use super::get_data::{GetData, GetDataAnswer, VasProtocol};
use super::pass::PassTypeId;
use super::select::VasSelect;

/// A pass on the phone.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "what a pass has")]
pub struct SoftPass {
    /// Its name.
    pub pass: PassTypeId,
    /// The shop's public key.
    pub merchant: P256Public,
    /// Its message.
    pub message: Vec<u8>,
    /// How its cryptograms are made.
    pub variant: KdfVariant,
}

/// What the phone does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VasBehaviour {
    /// Answers.
    Ready,
    /// Is locked: 6287 until it is unlocked.
    Locked,
    /// Wants its owner to choose: 6984.
    NeedsOwner,
    /// Has no wallet: SELECT fails.
    NoWallet,
}

/// A phone that answers the commands of [`super::VasReader`] as a real one does. Its keys and its clock are arguments,
/// so the same calls give the same bytes.
///
/// ```
/// use phygital_core::contactless::{Step, apple_vas::{Cryptogram, KdfVariant, PassRequest, VasKeys, VasMode, VasReader,
///     VasTerminal, phone::{SoftPass, VasPhone}}};
/// use phygital_core::crypto::{P256Key, Secret};
/// use phygital_core::vocab::Timestamp;
/// let merchant = P256Key::new(Secret::take(&mut [1; 32]))?;
/// let pass = "pass.example.loyalty".parse()?;
/// let card = SoftPass { pass, merchant: merchant.public(), message: b"token".to_vec(), variant: KdfVariant::One };
/// let mut phone = VasPhone::new(vec![card.clone()], Timestamp::parse("2026-11-21T12:00:00Z")?);
/// phone.add_key(P256Key::new(Secret::take(&mut [9; 32]))?);
/// let passes = [PassRequest::pass(card.pass.clone())];
/// let (mut reader, mut command) = VasReader::new(VasTerminal::new(VasMode::VasOnly), &passes)?;
/// let read = loop {
///     match reader.next(&phone.answer(&command.to_bytes()))? {
///         Step::Send(next) => command = next,
///         Step::Done(read) => break read,
///     }
/// };
/// let cryptogram = read.answers[0].data.as_ref().and_then(|data| data.cryptogram.clone()).unwrap();
/// let opened = Cryptogram::parse(&cryptogram)?.open(&card.pass, &VasKeys::new([merchant])?)?;
/// assert_eq!(opened.message(), b"token");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct VasPhone {
    passes: Vec<SoftPass>,
    clock: Timestamp,
    keys: Vec<P256Key>,
    behaviour: VasBehaviour,
    selected: bool,
}

/// Seconds from 1970 to 2001.
const EPOCH_2001: i64 = 978_307_200;

impl VasPhone {
    /// A phone with these passes, ready, whose clock says `clock`.
    #[must_use]
    pub fn new(passes: Vec<SoftPass>, clock: Timestamp) -> Self {
        Self { passes, clock, keys: Vec::new(), behaviour: VasBehaviour::Ready, selected: false }
    }

    /// Gives it a key for one cryptogram. Without one it answers 6984.
    pub fn add_key(&mut self, key: P256Key) {
        self.keys.insert(0, key);
    }

    /// Sets its clock.
    pub fn set_clock(&mut self, clock: Timestamp) {
        self.clock = clock;
    }

    /// Sets what it does.
    pub fn set_behaviour(&mut self, behaviour: VasBehaviour) {
        self.behaviour = behaviour;
    }

    /// Answers a command, status word included.
    pub fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        let status = |status| Response { data: &[], status: StatusWord(status) }.to_bytes();
        let Ok(command) = Command::parse(command) else { return status(0x6700) };
        if command == VasSelect::command() {
            self.selected = self.behaviour != VasBehaviour::NoWallet;
            return if self.selected { selected() } else { status(0x6A82) };
        }
        if !self.selected {
            return status(0x6985);
        }
        let Ok(request) = GetData::parse(&command) else { return status(0x6B00) };
        match self.behaviour {
            VasBehaviour::Locked => return status(0x6287),
            VasBehaviour::NeedsOwner => return status(0x6984),
            VasBehaviour::Ready | VasBehaviour::NoWallet => {}
        }
        if request.protocol == VasProtocol::UrlOnly {
            return status(0x9000);
        }
        let Some(hash) = request.pass_hash else { return status(0x6A80) };
        let Some(pass) = self.passes.iter().find(|pass| *pass.pass.hash() == hash) else {
            return status(0x6A83);
        };
        let Some(key) = self.keys.pop() else { return status(0x6984) };
        let seconds = u32::try_from(self.clock.as_millis() / 1_000 - EPOCH_2001).unwrap_or(0);
        let cryptogram =
            Cryptogram::seal(&pass.merchant, &key, &pass.pass, pass.variant, seconds, &pass.message);
        let answer = GetDataAnswer { mobile_token: Vec::new(), cryptogram: Some(cryptogram) };
        match answer.to_data() {
            Ok(data) => Response { data: &data, status: StatusWord::OK }.to_bytes(),
            Err(_) => status(0x6700),
        }
    }
}

/// What a phone with a wallet says to SELECT.
fn selected() -> Vec<u8> {
    let answer = VasSelect {
        wallet: VasSelect::WALLET.to_owned(),
        version: [1, 0],
        nonce: Some([0xC0, 0x5D, 0x48, 0xD0]),
        capabilities: [0, 0, 0, 0x1E],
    };
    answer.to_bytes().expect("short values")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contactless::Step;
    use crate::contactless::apple_vas::{
        PASSES_MAX, PassRequest, VasError, VasKeys, VasMode, VasRead, VasReader, VasStatus, VasTerminal,
    };
    use crate::crypto::Secret;

    fn key(byte: u8) -> P256Key {
        P256Key::new(Secret::take(&mut [byte; 32])).unwrap()
    }

    fn pass(number: usize) -> PassTypeId {
        format!("pass.example.{number}").parse().unwrap()
    }

    fn phone(passes: usize) -> VasPhone {
        let pass = |number| SoftPass {
            pass: pass(number),
            merchant: key(1).public(),
            message: format!("token {number}").into_bytes(),
            variant: if number % 2 == 0 { KdfVariant::One } else { KdfVariant::Two },
        };
        let clock = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        let mut phone = VasPhone::new((0..passes).map(pass).collect(), clock);
        (0..passes).for_each(|number| phone.add_key(key(100 + u8::try_from(number).unwrap())));
        phone
    }

    /// Runs the exchange; `bend` may change each answer.
    fn read(
        phone: &mut VasPhone,
        mode: VasMode,
        passes: &[PassRequest],
        mut bend: impl FnMut(usize, &mut Vec<u8>),
    ) -> Result<VasRead, VasError> {
        let (mut reader, mut command) = VasReader::new(VasTerminal::new(mode), passes)?;
        for round in 0.. {
            let mut answer = phone.answer(&command.to_bytes());
            bend(round, &mut answer);
            match reader.next(&answer)? {
                Step::Send(next) => command = next,
                Step::Done(read) => {
                    assert_eq!(reader.next(&answer), Err(VasError::Over));
                    return Ok(read);
                }
            }
            assert!(round <= passes.len(), "it ends");
        }
        unreachable!()
    }

    fn messages(read: &VasRead) -> Vec<Result<Vec<u8>, &'static str>> {
        let keys = VasKeys::new([key(1)]).unwrap();
        let open = |number, bytes: &[u8]| {
            let opened =
                Cryptogram::parse(bytes).and_then(|cryptogram| cryptogram.open(&pass(number), &keys));
            opened.map(|message| message.message().to_vec()).map_err(|refusal| refusal.code())
        };
        let answers = read.answers.iter().enumerate();
        answers
            .map(|(number, answer)| match answer.data.as_ref().and_then(|data| data.cryptogram.as_ref()) {
                Some(cryptogram) => open(number, cryptogram),
                None => Err(answer.status.code()),
            })
            .collect()
    }

    #[test]
    fn several_passes_are_read_in_one_tap() {
        let passes: Vec<_> = (0..PASSES_MAX).map(|number| PassRequest::pass(pass(number))).collect();
        let read_them = |mode, passes: &[_]| read(&mut phone(5), mode, passes, |_, _| {});
        let read = read_them(VasMode::VasAndPayment, &passes).unwrap();
        let expected: Vec<_> = (0..5).map(|number| Ok(format!("token {number}").into_bytes())).collect();
        let messages = messages(&read);
        assert_eq!(messages[..5], expected);
        assert_eq!(
            messages[5..],
            [Err("pass_not_available"), Err("pass_not_available"), Err("pass_not_available")]
        );
        assert!(read_them(VasMode::VasOnly, &passes[..1]).is_ok());
        assert_eq!(read_them(VasMode::VasOnly, &passes[..2]), Err(VasError::Passes));
        assert_eq!(read_them(VasMode::VasAndPayment, &[]), Err(VasError::Passes));
        let nine = [&passes[..], &passes[..1]].concat();
        assert_eq!(read_them(VasMode::VasOrPayment, &nine), Err(VasError::Passes));
    }

    #[test]
    fn the_owner_is_asked_and_comes_back() {
        let passes = [PassRequest::pass(pass(0)), PassRequest::pass(pass(1))];
        let mut phone = phone(2);
        for (behaviour, status) in [
            (VasBehaviour::Locked, VasStatus::UserAuthenticationRequired),
            (VasBehaviour::NeedsOwner, VasStatus::UserInterventionRequired),
        ] {
            phone.set_behaviour(behaviour);
            let read = read(&mut phone, VasMode::VasAndPayment, &passes, |_, _| {}).unwrap();
            assert_eq!(read.answers.len(), 1);
            assert_eq!(read.answers[0].status, status);
            assert!(status.needs_owner());
        }
        phone.set_behaviour(VasBehaviour::NoWallet);
        let refused = read(&mut phone, VasMode::VasOnly, &passes[..1], |_, _| {});
        assert_eq!(refused, Err(VasError::NotSelected { status: StatusWord(0x6A82) }));
        phone.set_behaviour(VasBehaviour::Ready);
        let both = read(&mut phone, VasMode::VasAndPayment, &passes, |_, _| {}).unwrap();
        assert!(messages(&both).iter().all(Result::is_ok));
    }

    #[test]
    fn a_url_is_handed_over() {
        let url = PassRequest::Url("https://shop.example/signup".to_owned());
        let read_url = |url: PassRequest| read(&mut phone(0), VasMode::VasOnly, &[url], |_, _| {});
        assert_eq!(read_url(url).unwrap().answers[0].status, VasStatus::Ok);
        assert_eq!(read_url(PassRequest::Url("a b".to_owned())), Err(VasError::Url));
        assert!(matches!(read_url(PassRequest::Url("u".repeat(250))), Err(VasError::Apdu(_))));
    }

    #[test]
    fn another_wallet_or_version_is_told() {
        let passes = [PassRequest::pass(pass(0))];
        let bent = |at: usize, byte: u8| {
            read(&mut phone(1), VasMode::VasOnly, &passes, |round, answer| {
                if round == 0 {
                    answer[at] = byte;
                }
            })
        };
        assert_eq!(bent(4, b'B'), Err(VasError::OtherWallet));
        assert_eq!(bent(15, 2), Err(VasError::Version));
        assert_eq!(bent(30, 0x16), Err(VasError::NotOffered));
        assert!(bent(20, 7).is_ok(), "the nonce is not used");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// A byte changed on the way: refused somewhere, or it changed nothing that is used.
        #[test]
        fn a_changed_byte_never_gives_another_message(
            round in 0..2usize, at: prop::sample::Index, mask in 1..=255u8, cut: bool,
        ) {
            let passes = [PassRequest::pass(pass(0))];
            let bent = read(&mut phone(1), VasMode::VasOnly, &passes, |now, answer| {
                if now == round {
                    let at = at.index(answer.len());
                    if cut { answer.truncate(at) } else { answer[at] ^= mask }
                }
            });
            if let Ok(read) = bent {
                for message in messages(&read).into_iter().flatten() {
                    prop_assert_eq!(message, b"token 0".to_vec());
                    prop_assert!(round == 0 || read.answers[0].data.as_ref().unwrap().mobile_token.is_empty());
                }
            }
        }
    }
}
