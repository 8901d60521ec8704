//! Secure messaging: commands out, answers in, both under the keys of a session (NT4H2421Gx §9.1.8 to §9.1.10 in AES
//! mode, §9.2.4 to §9.2.7 in LRP mode).

use std::fmt;

use aes::cipher::{Array, BlockCipherDecrypt, KeyInit};
use aes::{Aes128Dec, Aes128Enc};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::error::Ntag424Error;
use super::file_settings::CommMode;
use super::native::{Chain, Native, wrapped};
use crate::contactless::Step;
use crate::contactless::apdu::{Command, Response};
use crate::crypto::{Block, CmacKey, Lrp, Secret, truncate_mac};

/// What ties the commands of a session together; AuthenticateNonFirst takes it over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the two, by data sheet")]
pub struct Transaction {
    /// TI: four bytes that the tag has chosen.
    pub id: [u8; 4],
    /// CmdCtr: how many commands there were.
    pub cmd_ctr: u16,
}

/// An authenticated session with a tag.
///
/// [`Session::command`] wraps a command, [`Session::answer`] unwraps what comes back; they take turns. After a refusal
/// by the tag the session is over, as it is for the tag.
pub struct Session {
    channel: Channel,
    transaction: Transaction,
    key_no: u8,
    capabilities: Option<[[u8; 6]; 2]>,
    turn: Turn,
}

/// The keys of a session.
pub(super) enum Channel {
    Aes { enc: Secret<16>, mac: Secret<16> },
    Lrp { mac: Box<Lrp>, enc: Box<Lrp>, enc_ctr: u32 },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Turn {
    Ours,
    /// How the answer is protected; none for the change of the session's own key, which is answered bare.
    Theirs(Option<CommMode>, Chain),
    Over,
}

/// Whether the key to change is the one that the session was authenticated with.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "it is or it is not")]
pub enum ChangeKeyCase<'a> {
    /// Another key: the tag wants to see that we know the old one.
    Other {
        /// The key as it is.
        old: &'a Secret<16>,
    },
    /// The session's own key. The session is over then.
    Own,
}

impl Session {
    pub(super) fn new(
        channel: Channel,
        transaction: Transaction,
        key_no: u8,
        capabilities: Option<[[u8; 6]; 2]>,
    ) -> Self {
        Self { channel, transaction, key_no, capabilities, turn: Turn::Ours }
    }

    /// Takes up a session in AES mode from its keys, as a host does that authenticates elsewhere.
    #[must_use]
    pub fn resume_aes(enc: Secret<16>, mac: Secret<16>, transaction: Transaction, key_no: u8) -> Self {
        Self::new(Channel::Aes { enc, mac }, transaction, key_no, None)
    }

    /// Takes up a session in LRP mode from its master key and its counter of encryptions.
    #[must_use]
    pub fn resume_lrp(master: &Secret<16>, transaction: Transaction, enc_ctr: u32, key_no: u8) -> Self {
        Self::new(Channel::lrp(master, enc_ctr), transaction, key_no, None)
    }

    /// What ties its commands together.
    #[must_use]
    pub fn transaction(&self) -> Transaction {
        self.transaction
    }

    /// The number of the key that it was authenticated with.
    #[must_use]
    pub fn key_no(&self) -> u8 {
        self.key_no
    }

    /// What tag and reader can do, PDcap2 and PCDcap2; none after AuthenticateNonFirst.
    #[must_use]
    pub fn capabilities(&self) -> Option<[[u8; 6]; 2]> {
        self.capabilities
    }

    /// The session keys of AES mode, encryption and MAC, for whoever checks a transcript; none in LRP mode.
    #[must_use]
    pub fn aes_keys(&self) -> Option<[&Secret<16>; 2]> {
        match &self.channel {
            Channel::Aes { enc, mac } => Some([enc, mac]),
            Channel::Lrp { .. } => None,
        }
    }

    /// Wraps a command.
    ///
    /// # Errors
    /// [`Ntag424Error::SessionOver`], [`Ntag424Error::OutOfTurn`], [`Ntag424Error::SessionFull`], or
    /// [`Ntag424Error::Apdu`] if it does not fit; nothing is counted then.
    pub fn command(&mut self, native: &Native, mode: CommMode) -> Result<Command, Ntag424Error> {
        let command = self.wrap(native.ins, &native.header, &native.data, mode)?;
        self.turn = Turn::Theirs(Some(mode), Chain::default());
        Ok(command)
    }

    /// ChangeKey of this number to `new`, whose version will be `version` (NT4H2421Gx §10.6.1).
    ///
    /// # Errors
    /// As [`Session::command`]; [`Ntag424Error::Malformed`] if the case does not fit the number.
    pub fn change_key(
        &mut self,
        key_no: u8,
        case: ChangeKeyCase<'_>,
        new: &Secret<16>,
        version: u8,
    ) -> Result<Command, Ntag424Error> {
        let mut data = Zeroizing::new([0; 21]);
        let is_own = matches!(case, ChangeKeyCase::Own);
        if is_own != (key_no == self.key_no) {
            return Err(Ntag424Error::Malformed { expected: "the case of the key that is changed" });
        }
        data[..16].copy_from_slice(new.expose());
        data[16] = version;
        let mut length = 17;
        if let ChangeKeyCase::Other { old } = case {
            data[17..].copy_from_slice(&crc32_nk(new.expose()));
            data.iter_mut().zip(old.expose()).for_each(|(byte, old)| *byte ^= old);
            length = 21;
        }
        let command = self.wrap(0xC4, &[key_no], &data[..length], CommMode::Full)?;
        self.turn = Turn::Theirs((!is_own).then_some(CommMode::Full), Chain::default());
        Ok(command)
    }

    /// Takes an answer: gives the command that fetches the rest, or what was answered, without its padding.
    ///
    /// # Errors
    /// [`Ntag424Error::Status`] for a refusal, [`Ntag424Error::MacMismatch`] or [`Ntag424Error::Malformed`] for an
    /// answer that is not the tag's; the session is over then.
    pub fn answer(&mut self, response: &Response<'_>) -> Result<Step<Vec<u8>>, Ntag424Error> {
        let (mode, mut chain) = match std::mem::replace(&mut self.turn, Turn::Over) {
            Turn::Theirs(mode, chain) => (mode, chain),
            Turn::Ours => {
                self.turn = Turn::Ours;
                return Err(Ntag424Error::OutOfTurn);
            }
            Turn::Over => return Err(Ntag424Error::SessionOver),
        };
        let data = match chain.take(response)? {
            Step::Send(more) => {
                self.turn = Turn::Theirs(mode, chain);
                return Ok(Step::Send(more));
            }
            Step::Done(data) => data,
        };
        self.transaction.cmd_ctr += 1;
        let Some(mode) = mode else { return Ok(Step::Done(data)) };
        let plain = self.unwrap(chain.status, data, mode)?;
        self.turn = Turn::Ours;
        Ok(Step::Done(plain))
    }

    /// Whether no further command can be made.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.turn == Turn::Over
    }

    fn wrap(&mut self, ins: u8, header: &[u8], data: &[u8], mode: CommMode) -> Result<Command, Ntag424Error> {
        match self.turn {
            Turn::Ours => {}
            Turn::Theirs(..) => return Err(Ntag424Error::OutOfTurn),
            Turn::Over => return Err(Ntag424Error::SessionOver),
        }
        if self.transaction.cmd_ctr == u16::MAX {
            return Err(Ntag424Error::SessionFull);
        }
        // What does not fit is refused before the counter of encryptions moves.
        let grown =
            if mode == CommMode::Full && !data.is_empty() { data.len() / 16 * 16 + 16 } else { data.len() };
        let mac_len = if mode == CommMode::Plain { 0 } else { 8 };
        wrapped(ins, &[header, &vec![0; grown + mac_len]])?;
        // All at once: a list that grows leaves its copy behind, and a new key may stand in it.
        let mut body = Zeroizing::new(Vec::with_capacity(grown));
        body.extend_from_slice(data);
        if mode == CommMode::Full && !body.is_empty() {
            pad(&mut body);
            let iv = iv([0xA5, 0x5A], self.transaction);
            self.channel.encrypt(&iv, &mut body);
        }
        if mode == CommMode::Plain {
            return Ok(wrapped(ins, &[header, &body])?);
        }
        let mac = self.channel.mac(&message(ins, self.transaction, &[header, &body]));
        Ok(wrapped(ins, &[header, &body, &mac])?)
    }

    /// The counter has moved already.
    fn unwrap(&mut self, status: u8, mut data: Vec<u8>, mode: CommMode) -> Result<Vec<u8>, Ntag424Error> {
        if mode == CommMode::Plain {
            return Ok(data);
        }
        let Some(end) = data.len().checked_sub(8) else { return Err(Ntag424Error::MacMismatch) };
        let mac = self.channel.mac(&message(status, self.transaction, &[&data[..end]]));
        if !bool::from(mac.ct_eq(&data[end..])) {
            return Err(Ntag424Error::MacMismatch);
        }
        data.truncate(end);
        if mode == CommMode::Full && !data.is_empty() {
            if !data.len().is_multiple_of(16) {
                return Err(Ntag424Error::Malformed { expected: "whole blocks" });
            }
            let iv = iv([0x5A, 0xA5], self.transaction);
            self.channel.decrypt(&iv, &mut data);
            if !unpad(&mut data) {
                data.zeroize();
                return Err(Ntag424Error::Malformed { expected: "a one bit and zeros at the end" });
            }
        }
        Ok(data)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match self.channel {
            Channel::Aes { .. } => "aes",
            Channel::Lrp { .. } => "lrp",
        };
        write!(f, "Session({mode}, key {}, {:?}, keys elided)", self.key_no, self.transaction)
    }
}

impl Channel {
    /// From the session's master key: MACs under the first updated key, encryption under the second.
    pub(super) fn lrp(master: &Secret<16>, enc_ctr: u32) -> Self {
        Self::Lrp { mac: Box::new(Lrp::new(master, 0)), enc: Box::new(Lrp::new(master, 1)), enc_ctr }
    }

    /// The eight bytes of a MAC.
    pub(super) fn mac(&self, message: &[u8]) -> [u8; 8] {
        truncate_mac(&self.full_mac(message))
    }

    pub(super) fn full_mac(&self, message: &[u8]) -> Block {
        match self {
            Self::Aes { mac, .. } => CmacKey::<Aes128Enc>::new(mac.expose()).mac(message),
            Self::Lrp { mac, .. } => mac.cmac(message),
        }
    }

    /// Encrypts whole blocks. In LRP mode the counter of encryptions takes the place of `iv`.
    pub(super) fn encrypt(&mut self, iv: &Block, data: &mut [u8]) {
        match self {
            Self::Aes { enc, .. } => cbc_encrypt(enc, &encrypted(enc, iv), data),
            Self::Lrp { enc, enc_ctr, .. } => lricb(enc_ctr, |counter| enc.encrypt(counter, data)),
        }
    }

    /// Decrypts whole blocks; as [`Channel::encrypt`].
    pub(super) fn decrypt(&mut self, iv: &Block, data: &mut [u8]) {
        match self {
            Self::Aes { enc, .. } => cbc_decrypt(enc, &encrypted(enc, iv), data),
            Self::Lrp { enc, enc_ctr, .. } => lricb(enc_ctr, |counter| enc.decrypt(counter, data)),
        }
    }
}

fn lricb(enc_ctr: &mut u32, work: impl FnOnce(&mut [u8]) -> Result<(), crate::crypto::LricbError>) {
    let mut counter = enc_ctr.to_be_bytes();
    work(&mut counter).expect("whole blocks and a counter of four bytes");
    *enc_ctr = u32::from_be_bytes(counter);
}

/// What is encrypted to an initialisation vector: label, TI, CmdCtr.
pub(super) fn iv(label: [u8; 2], transaction: Transaction) -> Block {
    let mut iv = [0; 16];
    iv[..2].copy_from_slice(&label);
    iv[2..6].copy_from_slice(&transaction.id);
    iv[6..8].copy_from_slice(&transaction.cmd_ctr.to_le_bytes());
    iv
}

/// What lies under a MAC: instruction or status, CmdCtr, TI, header and data.
pub(super) fn message(first: u8, transaction: Transaction, parts: &[&[u8]]) -> Vec<u8> {
    let [low, high] = transaction.cmd_ctr.to_le_bytes();
    let mut message = vec![first, low, high];
    message.extend_from_slice(&transaction.id);
    parts.iter().for_each(|part| message.extend_from_slice(part));
    message
}

/// A one bit, then zeros to the end of the block (ISO/IEC 9797-1 method 2).
pub(super) fn pad(data: &mut Vec<u8>) {
    data.push(0x80);
    data.resize(data.len().next_multiple_of(16), 0);
}

pub(super) fn unpad(data: &mut Vec<u8>) -> bool {
    let end = data.iter().rposition(|&byte| byte != 0).filter(|&at| data[at] == 0x80);
    match end {
        Some(end) if data.len() - end <= 16 => data.truncate(end),
        _ => return false,
    }
    true
}

fn encrypted(key: &Secret<16>, block: &Block) -> Block {
    CmacKey::<Aes128Enc>::new(key.expose()).encrypt_block(block)
}

/// AES-CBC of whole blocks in place.
pub(super) fn cbc_encrypt(key: &Secret<16>, iv: &Block, data: &mut [u8]) {
    let key = CmacKey::<Aes128Enc>::new(key.expose());
    let mut before = *iv;
    for block in data.as_chunks_mut::<16>().0 {
        block.iter_mut().zip(before).for_each(|(byte, before)| *byte ^= before);
        *block = key.encrypt_block(block);
        before = *block;
    }
}

/// As [`cbc_encrypt`], back.
pub(super) fn cbc_decrypt(key: &Secret<16>, iv: &Block, data: &mut [u8]) {
    let key = Aes128Dec::new(key.expose().into());
    let mut before = *iv;
    for block in data.as_chunks_mut::<16>().0 {
        let mut plain = Array::from(*block);
        key.decrypt_block(&mut plain);
        plain.iter_mut().zip(before).for_each(|(byte, before)| *byte ^= before);
        before = *block;
        *block = plain.into();
    }
}

/// CRC-32 of IEEE 802.3 without its last complement, least significant byte first (NT4H2421Gx §10.6.1).
pub(super) fn crc32_nk(data: &[u8]) -> [u8; 4] {
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
        }
    }
    crc.to_le_bytes()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::Access;
    use super::*;
    use crate::contactless::ntag424::{AccessRights, FileSettings, SdmAccess, card_uid};
    use crate::vocab::hex;

    fn secret(text: &str) -> Secret<16> {
        Secret::from_hex(text).unwrap()
    }

    fn session(enc: &str, mac: &str, id: &str, cmd_ctr: u16) -> Session {
        let id = hex::decode(id.as_bytes()).unwrap();
        Session::resume_aes(secret(enc), secret(mac), Transaction { id, cmd_ctr }, 0)
    }

    fn bytes(text: &str) -> Vec<u8> {
        let mut bytes = vec![0; text.len() / 2];
        hex::decode_into(text.as_bytes(), &mut bytes).unwrap();
        bytes
    }

    fn answer(session: &mut Session, text: &str) -> Result<Step<Vec<u8>>, Ntag424Error> {
        session.answer(&Response::parse(&bytes(text)).unwrap())
    }

    /// AN12196 §7.3.
    #[test]
    fn the_published_card_uid() {
        let mut session =
            session("2b4d963c014dc36f24f69a50a394f875", "379d32130ce61705dd5fd8c36b95d764", "df055522", 0);
        let command = session.command(&Native::get_card_uid(), CommMode::Full).unwrap();
        assert_eq!(hex::lower(&command.to_bytes()), "90510000088e2c155adda99be300");
        let done = answer(&mut session, "70756055688505b52a5e26e59e329cd6595f672298ea41b79100").unwrap();
        let Step::Done(data) = done else { panic!("more to come") };
        assert_eq!(card_uid(&data).unwrap().to_string(), "04958caa5c5e80");
        assert_eq!(session.transaction().cmd_ctr, 1);
    }

    /// AN12196 tables 19 and 27.
    #[test]
    fn the_published_changes() {
        let settings = FileSettings {
            comm_mode: CommMode::Plain,
            access: AccessRights {
                read: Access::Free,
                write: Access::Key(0),
                read_write: Access::Key(0),
                change: Access::Key(0),
            },
            sdm: Some(SdmAccess {
                uid: true,
                read_ctr: true,
                meta_read: Access::Key(2),
                file_read: Access::Key(1),
                ctr_ret: Access::Key(1),
                uid_offset: None,
                read_ctr_offset: None,
                picc_data_offset: Some(0x20),
                tt_status_offset: None,
                mac_input_offset: Some(0x43),
                enc: None,
                mac_offset: Some(0x43),
                read_ctr_limit: None,
            }),
        };
        let mut one =
            session("1309c877509e5a215007ff0ed19ca564", "4c6626f5e72ea694202139295c7a7fc7", "9d00c4df", 1);
        let native = Native::change_file_settings(2, &settings).unwrap();
        let command = one.command(&native, CommMode::Full).unwrap();
        assert_eq!(
            hex::lower(&command.to_bytes()),
            "905f0000190261b6d97903566e84c3ae5274467e89ead799b7c1a0ef7a0400"
        );
        assert_eq!(answer(&mut one, "57bff87b1241e93d9100"), Ok(Step::Done(vec![])));

        let mut own =
            session("4cf3cb41a22583a61e89b158d252fc53", "5529860b2fc5fb6154b7f28361d30bf9", "7614281a", 3);
        let new = secret("5004bf991f408672b1ef00f08f9e8647");
        let command = own.change_key(0, ChangeKeyCase::Own, &new, 1).unwrap();
        assert_eq!(
            hex::lower(&command.to_bytes()),
            "90c400002900c0eb4deefeddf0b513a03a95a75491818580503190d4d05053ff75668a01d6fda6610234bded643200"
        );
        // No MAC comes back, and nothing can be said under keys that are gone.
        assert_eq!(answer(&mut own, "9100"), Ok(Step::Done(vec![])));
        assert!(own.is_over());
        assert_eq!(own.command(&Native::get_card_uid(), CommMode::Full), Err(Ntag424Error::SessionOver));
    }

    #[test]
    fn the_crc_of_a_new_key_is_that_of_the_check_word() {
        // The check word of CRC-32/JAMCRC, which has no last complement either.
        assert_eq!(crc32_nk(b"123456789"), 0x340B_C6D9_u32.to_le_bytes());
    }

    /// The tag's side: the same channel, with command and answer the other way round.
    fn tag_answers(
        session: &Session,
        native: &Native,
        command: &Command,
        mode: CommMode,
        data: &[u8],
    ) -> Vec<u8> {
        let mut tag = Session::new(session.channel.copy(), session.transaction, session.key_no, None);
        let body = &command.data_bytes()[native.header.len()..];
        let end = body.len() - if mode == CommMode::Plain { 0 } else { 8 };
        if mode != CommMode::Plain {
            let mac = tag.channel.mac(&message(native.ins, tag.transaction, &[&native.header, &body[..end]]));
            assert_eq!(mac, body[end..]);
        }
        let mut got = body[..end].to_vec();
        if mode == CommMode::Full && !got.is_empty() {
            tag.channel.rewind(got.len() / 16);
            tag.channel.decrypt(&iv([0xA5, 0x5A], tag.transaction), &mut got);
            assert!(unpad(&mut got));
        }
        assert_eq!(got, native.data);
        tag.transaction.cmd_ctr += 1;
        let mut answer = data.to_vec();
        if mode == CommMode::Full && !answer.is_empty() {
            pad(&mut answer);
            tag.channel.encrypt(&iv([0x5A, 0xA5], tag.transaction), &mut answer);
        }
        if mode != CommMode::Plain {
            let mac = tag.channel.mac(&message(0x00, tag.transaction, &[&answer]));
            answer.extend(mac);
        }
        answer
    }

    impl Channel {
        fn copy(&self) -> Self {
            match self {
                Self::Aes { enc, mac } => Self::Aes { enc: enc.duplicate(), mac: mac.duplicate() },
                Self::Lrp { enc_ctr, .. } => Self::lrp(&Secret::take(&mut [5; 16]), *enc_ctr),
            }
        }

        /// Back to before so many blocks.
        fn rewind(&mut self, blocks: usize) {
            if let Self::Lrp { enc_ctr, .. } = self {
                *enc_ctr = enc_ctr.wrapping_sub(blocks as u32);
            }
        }
    }

    fn modes() -> impl Strategy<Value = CommMode> {
        prop::sample::select(vec![CommMode::Plain, CommMode::Mac, CommMode::Full])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        /// Commands and answers of any length pass in both modes, and no changed bit does under a MAC.
        #[test]
        fn what_one_side_wraps_the_other_unwraps(
            lrp: bool,
            steps in prop::collection::vec(
                (modes(), prop::collection::vec(any::<u8>(), 0..60), prop::collection::vec(any::<u8>(), 0..60)),
                1..4,
            ),
            split in 0..40usize,
            flip in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let transaction = Transaction { id: [1, 2, 3, 4], cmd_ctr: 0 };
            let mut session = if lrp {
                Session::resume_lrp(&Secret::take(&mut [5; 16]), transaction, u32::MAX - 1, 0)
            } else {
                Session::resume_aes(Secret::take(&mut [6; 16]), Secret::take(&mut [7; 16]), transaction, 0)
            };
            let last = steps.len() - 1;
            for (number, (mode, data, answered)) in steps.into_iter().enumerate() {
                let native = Native::new(0x8D, &[2, 0, 0, 0, 1, 0, 0], &data);
                let command = session.command(&native, mode).unwrap();
                prop_assert_eq!(session.command(&native, mode), Err(Ntag424Error::OutOfTurn));
                let mut answer = tag_answers(&session, &native, &command, mode, &answered);
                let forged = flip.filter(|_| number == last && mode != CommMode::Plain && !answer.is_empty());
                if let Some(at) = forged {
                    let at = at.index(answer.len());
                    answer[at] ^= 1;
                }
                let (head, tail) = answer.split_at(split.min(answer.len()));
                let more = [head, &[0x91, 0xAF]].concat();
                prop_assert!(matches!(session.answer(&Response::parse(&more).unwrap()), Ok(Step::Send(_))));
                let result = session.answer(&Response::parse(&[tail, &[0x91, 0x00]].concat()).unwrap());
                if forged.is_some() {
                    prop_assert_eq!(result, Err(Ntag424Error::MacMismatch));
                    prop_assert!(session.is_over());
                } else {
                    prop_assert_eq!(result, Ok(Step::Done(answered)));
                    prop_assert_eq!(session.transaction().cmd_ctr as usize, number + 1);
                }
            }
        }

        #[test]
        fn padding_comes_off_as_it_went_on(data in prop::collection::vec(any::<u8>(), 0..50)) {
            let mut padded = data.clone();
            pad(&mut padded);
            prop_assert!(padded.len().is_multiple_of(16) && padded.len() > data.len());
            prop_assert!(unpad(&mut padded));
            prop_assert_eq!(padded, data);
        }
    }

    #[test]
    fn bad_padding_is_refused() {
        for bad in [vec![0; 16], vec![0x81; 16], vec![], [vec![0x80], vec![0; 16]].concat()] {
            assert!(!unpad(&mut bad.clone()), "{bad:?}");
        }
    }

    #[test]
    fn a_refusal_ends_the_session_and_so_does_the_last_command() {
        let plain = || {
            Session::resume_aes(Secret::zeros(), Secret::zeros(), Transaction { id: [0; 4], cmd_ctr: 0 }, 0)
        };
        let mut refused = plain();
        assert_eq!(answer(&mut refused, "9100"), Err(Ntag424Error::OutOfTurn));
        refused.command(&Native::get_card_uid(), CommMode::Full).unwrap();
        assert_eq!(answer(&mut refused, "919d").unwrap_err().code(), "status");
        assert!(refused.is_over());
        assert_eq!(answer(&mut refused, "9100"), Err(Ntag424Error::SessionOver));
        for short in ["9100", "009100", "000000000000009100"] {
            let mut session = plain();
            session.command(&Native::get_card_uid(), CommMode::Mac).unwrap();
            assert_eq!(answer(&mut session, short), Err(Ntag424Error::MacMismatch));
        }
        let mut full = plain();
        full.transaction.cmd_ctr = u16::MAX;
        assert_eq!(full.command(&Native::get_card_uid(), CommMode::Mac), Err(Ntag424Error::SessionFull));
        // What does not fit changes nothing.
        let mut session = plain();
        for (length, fits) in [(239, true), (240, false)] {
            let result =
                session.command(&Native::write_data(2, 0, &vec![0; length]).unwrap(), CommMode::Full);
            assert_eq!(result.is_ok(), fits, "{length}");
            session.turn = Turn::Ours;
        }
    }

    #[test]
    fn the_case_of_a_key_change_has_to_fit() {
        let mut session =
            Session::resume_aes(Secret::zeros(), Secret::zeros(), Transaction { id: [0; 4], cmd_ctr: 0 }, 2);
        let (old, new) = (secret(&"11".repeat(16)), secret(&"22".repeat(16)));
        let other = ChangeKeyCase::Other { old: &old };
        assert_eq!(session.change_key(2, other, &new, 1).unwrap_err().code(), "malformed");
        assert_eq!(session.change_key(1, ChangeKeyCase::Own, &new, 1).unwrap_err().code(), "malformed");
        let command = session.change_key(1, other, &new, 1).unwrap();
        assert_eq!(command.data_bytes().len(), 1 + 32 + 8);
        let mut body = command.data_bytes()[1..33].to_vec();
        session.channel.decrypt(&iv([0xA5, 0x5A], session.transaction), &mut body);
        assert!(unpad(&mut body));
        assert_eq!(body, [&[0x33; 16][..], &[1], &crc32_nk(&[0x22; 16])].concat());
        assert!(!session.is_over());
    }
}
