//! The tag's side of authentication and secure messaging, for a tag in software.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::authentication::{Mode, aes_session_key, lrp_session_master, rotated};
use super::error::Ntag424Error;
use super::file_settings::CommMode;
use super::session::{Channel, Transaction, cbc_decrypt, cbc_encrypt, crc32_nk, iv, message, pad, unpad};
use crate::crypto::{Block, Secret};

/// An authentication that a tag has been asked for, before the reader has proven anything.
///
/// ```
/// use phygital_core::contactless::apdu::{Response, StatusWord};
/// use phygital_core::contactless::ntag424::{Authentication, CommMode, Mode, Native, TagAuthentication};
/// use phygital_core::contactless::Step;
/// use phygital_core::crypto::Secret;
/// let answer = |data: Vec<u8>, status: u16| [&data[..], &status.to_be_bytes()].concat();
/// let reader = Authentication::first(Mode::Lrp, 0, Secret::zeros(), Secret::take(&mut [1; 16]));
/// let capabilities = [[2, 0, 0, 0, 0, 0]; 2];
/// let tag = TagAuthentication::first(Mode::Lrp, 0, Secret::zeros(), Secret::take(&mut [2; 16]), [9; 4], capabilities);
///
/// let challenge = answer(tag.challenge(), 0x91AF);
/// let proof = reader.challenged(&Response::parse(&challenge)?)?;
/// let (proven, mut tag) = tag.prove(proof.command().data_bytes().try_into()?)?;
/// let mut reader = proof.answered(&Response::parse(&answer(proven, 0x9100))?)?;
///
/// let command = reader.command(&Native::get_card_uid(), CommMode::Full)?;
/// assert!(tag.unwrap(0x51, &[], command.data_bytes(), CommMode::Full)?.is_empty());
/// let uid = answer(tag.wrap(0x00, &[4, 1, 2, 3, 4, 5, 6], CommMode::Full), 0x9100);
/// assert_eq!(reader.answer(&Response::parse(&uid)?)?, Step::Done(vec![4, 1, 2, 3, 4, 5, 6]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TagAuthentication {
    mode: Mode,
    key_no: u8,
    key: Secret<16>,
    rnd_b: Secret<16>,
    transaction: Transaction,
    /// PDcap2 and PCDcap2, which the first authentication of a transaction answers.
    capabilities: Option<[[u8; 6]; 2]>,
}

/// A session, as the tag keeps it.
pub struct TagSession {
    channel: Channel,
    transaction: Transaction,
    key_no: u8,
}

impl TagAuthentication {
    /// AuthenticateEV2First, with the tag's challenge and the transaction that it begins.
    #[must_use]
    pub fn first(
        mode: Mode,
        key_no: u8,
        key: Secret<16>,
        rnd_b: Secret<16>,
        id: [u8; 4],
        capabilities: [[u8; 6]; 2],
    ) -> Self {
        let transaction = Transaction { id, cmd_ctr: 0 };
        Self { mode, key_no, key, rnd_b, transaction, capabilities: Some(capabilities) }
    }

    /// AuthenticateEV2NonFirst, within the transaction of the session before.
    #[must_use]
    pub fn non_first(
        mode: Mode,
        key_no: u8,
        key: Secret<16>,
        rnd_b: Secret<16>,
        before: Transaction,
    ) -> Self {
        Self { mode, key_no, key, rnd_b, transaction: before, capabilities: None }
    }

    /// The number of the key that was asked for.
    #[must_use]
    pub fn key_no(&self) -> u8 {
        self.key_no
    }

    /// What the tag answers first: its challenge, encrypted in AES mode, in plain after `01` in LRP mode.
    #[must_use]
    pub fn challenge(&self) -> Vec<u8> {
        let mut challenge = *self.rnd_b.expose();
        match self.mode {
            Mode::Aes => {
                cbc_encrypt(&self.key, &[0; 16], &mut challenge);
                challenge.to_vec()
            }
            Mode::Lrp => [&[0x01][..], &challenge].concat(),
        }
    }

    /// Takes the reader's challenge and proof; gives the tag's proof, and the session.
    ///
    /// # Errors
    /// [`Ntag424Error::AuthMismatch`] if the reader does not have the key; a tag says 91AE then.
    pub fn prove(self, data: &[u8; 32]) -> Result<(Vec<u8>, TagSession), Ntag424Error> {
        let Self { mode, key_no, key, rnd_b, transaction, capabilities } = self;
        let mut opened = Zeroizing::new(*data);
        if mode == Mode::Aes {
            cbc_decrypt(&key, &[0; 16], opened.as_mut_slice());
        }
        let [a, proof]: [Block; 2] = [0, 16].map(|from| std::array::from_fn(|i| opened[from + i]));
        let rnd_a = Secret::take(&mut { a });
        let (mut channel, expected) = match mode {
            Mode::Aes => {
                let [enc, mac] =
                    [[0xA5, 0x5A], [0x5A, 0xA5]].map(|label| aes_session_key(label, &key, &rnd_a, &rnd_b));
                (Channel::Aes { enc, mac }, rotated(rnd_b.expose()))
            }
            Mode::Lrp => {
                let channel = Channel::lrp(&lrp_session_master(&key, &rnd_a, &rnd_b), 0);
                let expected = channel.full_mac(&[a, *rnd_b.expose()].concat());
                (channel, expected)
            }
        };
        if !bool::from(expected.ct_eq(&proof)) {
            return Err(Ntag424Error::AuthMismatch);
        }
        let begun = capabilities.map(|[ours, theirs]| [&transaction.id[..], &ours, &theirs].concat());
        let answer = match mode {
            Mode::Aes => {
                let mut answer = match begun {
                    Some(begun) => [&begun[..4], &rotated(&a), &begun[4..]].concat(),
                    None => rotated(&a).to_vec(),
                };
                cbc_encrypt(&key, &[0; 16], &mut answer);
                answer
            }
            Mode::Lrp => {
                let mut answer = begun.unwrap_or_default();
                channel.encrypt(&[0; 16], &mut answer);
                let mac = channel.full_mac(&[&rnd_b.expose()[..], &a, &answer].concat());
                answer.extend(mac);
                answer
            }
        };
        Ok((answer, TagSession { channel, transaction, key_no }))
    }
}

impl TagSession {
    /// The number of the key that it was authenticated with.
    #[must_use]
    pub fn key_no(&self) -> u8 {
        self.key_no
    }

    /// What ties its commands together.
    #[must_use]
    pub fn transaction(&self) -> Transaction {
        self.transaction
    }

    /// Takes what follows the header of a command, and counts it: gives its data in plain.
    ///
    /// # Errors
    /// [`Ntag424Error::MacMismatch`], also once 65,535 commands are counted; [`Ntag424Error::Malformed`] for a
    /// cryptogram that is none. A tag says 911E then and forgets the session.
    pub fn unwrap(
        &mut self,
        ins: u8,
        header: &[u8],
        body: &[u8],
        mode: CommMode,
    ) -> Result<Vec<u8>, Ntag424Error> {
        let counted = self.transaction.cmd_ctr.checked_add(1).ok_or(Ntag424Error::MacMismatch)?;
        if mode == CommMode::Plain {
            self.transaction.cmd_ctr = counted;
            return Ok(body.to_vec());
        }
        let (sent, mac) = body.split_last_chunk::<8>().ok_or(Ntag424Error::MacMismatch)?;
        let expected = self.channel.mac(&message(ins, self.transaction, &[header, sent]));
        if !bool::from(expected.ct_eq(mac)) {
            return Err(Ntag424Error::MacMismatch);
        }
        let mut data = sent.to_vec();
        if mode == CommMode::Full && !data.is_empty() {
            if !data.len().is_multiple_of(16) {
                return Err(Ntag424Error::Malformed { expected: "whole blocks" });
            }
            self.channel.decrypt(&iv([0xA5, 0x5A], self.transaction), &mut data);
            if !unpad(&mut data) {
                return Err(Ntag424Error::Malformed { expected: "a one bit and zeros at the end" });
            }
        }
        self.transaction.cmd_ctr = counted;
        Ok(data)
    }

    /// What the tag answers to the command that was counted last; `status` is the second byte of its status word.
    #[must_use]
    pub fn wrap(&mut self, status: u8, data: &[u8], mode: CommMode) -> Vec<u8> {
        let mut answer = data.to_vec();
        if mode == CommMode::Full && !answer.is_empty() {
            pad(&mut answer);
            self.channel.encrypt(&iv([0x5A, 0xA5], self.transaction), &mut answer);
        }
        if mode != CommMode::Plain {
            let mac = self.channel.mac(&message(status, self.transaction, &[&answer]));
            answer.extend(mac);
        }
        answer
    }
}

/// The new key and its version in the data of ChangeKey, in plain: 21 bytes for another key than the session's, which
/// is `old`, 17 bytes for the session's own (NT4H2421Gx §10.6.1).
///
/// # Errors
/// [`Ntag424Error::Length`]; [`Ntag424Error::Malformed`] if the check word does not fit, as the old key is another.
pub fn changed_key(data: &[u8], old: Option<&Secret<16>>) -> Result<(Secret<16>, u8), Ntag424Error> {
    let wrong = |expected| Ntag424Error::Length { what: "a new key", found: data.len(), expected };
    let Some(old) = old else {
        let data: &[u8; 17] = data.try_into().map_err(|_| wrong("17"))?;
        return Ok((Secret::take(&mut std::array::from_fn(|i| data[i])), data[16]));
    };
    let data: &[u8; 21] = data.try_into().map_err(|_| wrong("21"))?;
    let mut new = Zeroizing::new(*old.expose());
    new.iter_mut().zip(data).for_each(|(byte, sent)| *byte ^= sent);
    if crc32_nk(new.as_slice()) != data[17..] {
        return Err(Ntag424Error::Malformed { expected: "the check word of the new key" });
    }
    Ok((Secret::take(&mut new), data[16]))
}

impl fmt::Debug for TagAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TagAuthentication({:?}, key {}, elided)", self.mode, self.key_no)
    }
}

impl fmt::Debug for TagSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TagSession(key {}, {:?}, keys elided)", self.key_no, self.transaction)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::authentication::Authentication;
    use super::super::session::{ChangeKeyCase, Session};
    use super::*;
    use crate::contactless::apdu::Response;

    fn secret(byte: u8) -> Secret<16> {
        Secret::take(&mut [byte; 16])
    }

    fn answer(data: &[u8], status: u16) -> Vec<u8> {
        [data, &status.to_be_bytes()].concat()
    }

    fn sessions(
        mode: Mode,
        before: Option<Transaction>,
        key: u8,
    ) -> Result<(Session, TagSession), Ntag424Error> {
        let (reader, tag) = match before {
            None => (
                Authentication::first(mode, 0, secret(key), secret(1)),
                TagAuthentication::first(mode, 0, secret(7), secret(2), [9; 4], [[3; 6], [4; 6]]),
            ),
            Some(before) => (
                Authentication::non_first(mode, 0, secret(key), secret(1), before),
                TagAuthentication::non_first(mode, 0, secret(7), secret(2), before),
            ),
        };
        let challenge = answer(&tag.challenge(), 0x91AF);
        let proof = reader.challenged(&Response::parse(&challenge).unwrap()).unwrap();
        let (proven, tag) = tag.prove(proof.command().data_bytes().try_into().unwrap())?;
        let session = proof.answered(&Response::parse(&answer(&proven, 0x9100)).unwrap())?;
        Ok((session, tag))
    }

    #[test]
    fn both_sides_come_to_the_same_session() {
        for mode in [Mode::Aes, Mode::Lrp] {
            for before in [None, Some(Transaction { id: [8; 4], cmd_ctr: 5 })] {
                let (session, tag) = sessions(mode, before, 7).unwrap();
                assert_eq!(session.transaction(), tag.transaction());
                assert_eq!(session.capabilities(), before.is_none().then_some([[3; 6], [4; 6]]));
                assert_eq!(sessions(mode, before, 6).unwrap_err(), Ntag424Error::AuthMismatch);
            }
        }
    }

    #[test]
    fn a_changed_key_is_checked_against_the_old_one() {
        for mode in [Mode::Aes, Mode::Lrp] {
            let (mut session, mut tag) = sessions(mode, None, 7).unwrap();
            let other = ChangeKeyCase::Other { old: &secret(5) };
            let command = session.change_key(3, other, &secret(6), 0x42).unwrap();
            let data = tag.unwrap(0xC4, &[3], &command.data_bytes()[1..], CommMode::Full).unwrap();
            assert_eq!(changed_key(&data, Some(&secret(5))).unwrap(), (secret(6), 0x42));
            assert_eq!(changed_key(&data, Some(&secret(4))).unwrap_err().code(), "malformed");
            assert_eq!(changed_key(&data, None).unwrap_err().code(), "bad_length");
            let done = answer(&tag.wrap(0, &[], CommMode::Full), 0x9100);
            session.answer(&Response::parse(&done).unwrap()).unwrap();
            let command = session.change_key(0, ChangeKeyCase::Own, &secret(6), 1).unwrap();
            let data = tag.unwrap(0xC4, &[0], &command.data_bytes()[1..], CommMode::Full).unwrap();
            assert_eq!(changed_key(&data, None).unwrap(), (secret(6), 1));
        }
    }

    #[test]
    fn no_command_is_taken_twice_nor_after_the_last() {
        let (mut session, mut tag) = sessions(Mode::Aes, None, 7).unwrap();
        let command = session.command(&super::super::Native::get_card_uid(), CommMode::Mac).unwrap();
        assert!(tag.unwrap(0x51, &[], command.data_bytes(), CommMode::Mac).is_ok());
        let again = tag.unwrap(0x51, &[], command.data_bytes(), CommMode::Mac);
        assert_eq!(again, Err(Ntag424Error::MacMismatch));
        tag.transaction.cmd_ctr = u16::MAX - 1;
        assert!(tag.unwrap(0x51, &[], &[], CommMode::Plain).is_ok());
        assert_eq!(tag.unwrap(0x51, &[], &[], CommMode::Plain), Err(Ntag424Error::MacMismatch));
    }
}
