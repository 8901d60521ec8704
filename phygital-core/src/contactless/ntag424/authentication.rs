//! AuthenticateEV2First and NonFirst, in AES and in LRP mode: reader and tag prove to each other that they have a key
//! (NT4H2421Gx §9.1.5 to §9.1.7, §9.2.5 to §9.2.6).

use std::fmt;

use subtle::ConstantTimeEq;

use super::answers::exactly;
use super::error::Ntag424Error;
use super::native::wrapped;
use super::session::{Channel, Session, Transaction, cbc_decrypt, cbc_encrypt};
use crate::contactless::apdu::{Command, Response};
use crate::crypto::{Lrp, Secret, aes128_cmac};

/// Which cipher a tag was set to; the change to LRP cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the two that the chip has")]
pub enum Mode {
    /// AES.
    Aes,
    /// The leakage resilient primitive.
    Lrp,
}

/// An authentication before its first exchange.
pub struct Authentication {
    mode: Mode,
    key_no: u8,
    key: Secret<16>,
    rnd_a: Secret<16>,
    /// That of the session before, for NonFirst.
    before: Option<Transaction>,
}

/// An authentication after the tag's challenge.
pub struct Proof {
    mode: Mode,
    key_no: u8,
    key: Secret<16>,
    rnd_a: Secret<16>,
    rnd_b: Secret<16>,
    before: Option<Transaction>,
    channel: Channel,
}

impl Authentication {
    /// AuthenticateEV2First: begins a transaction. `rnd_a` has to be random and is used once.
    #[must_use]
    pub fn first(mode: Mode, key_no: u8, key: Secret<16>, rnd_a: Secret<16>) -> Self {
        Self { mode, key_no, key, rnd_a, before: None }
    }

    /// AuthenticateEV2NonFirst: another key within the transaction of a session before.
    #[must_use]
    pub fn non_first(
        mode: Mode,
        key_no: u8,
        key: Secret<16>,
        rnd_a: Secret<16>,
        before: Transaction,
    ) -> Self {
        Self { mode, key_no, key, rnd_a, before: Some(before) }
    }

    /// The first command. In LRP mode the reader says by PCDcap2 that it can.
    #[must_use]
    pub fn command(&self) -> Command {
        let (ins, data): (_, &[u8]) = match (self.before, self.mode) {
            (Some(_), _) => (0x77, &[self.key_no]),
            (None, Mode::Aes) => (0x71, &[self.key_no, 0]),
            (None, Mode::Lrp) => (0x71, &[self.key_no, 6, 2, 0, 0, 0, 0, 0]),
        };
        wrapped(ins, &[data]).expect("at most eight bytes")
    }

    /// Takes the tag's challenge.
    ///
    /// # Errors
    /// [`Ntag424Error::Status`] if the tag refused, [`Ntag424Error::Length`] for a challenge of another mode.
    pub fn challenged(self, response: &Response<'_>) -> Result<Proof, Ntag424Error> {
        Ntag424Error::unless(response.status, &[0x91AF])?;
        let rnd_b = match self.mode {
            Mode::Aes => {
                let mut challenge: [u8; 16] = exactly("a challenge", "16 in AES mode", response.data)?;
                cbc_decrypt(&self.key, &[0; 16], &mut challenge);
                challenge
            }
            // 01 says LRP.
            Mode::Lrp => match response.data.split_first() {
                Some((0x01, challenge)) => exactly("a challenge", "17 in LRP mode", challenge)?,
                _ => {
                    let found = response.data.len();
                    return Err(Ntag424Error::Length {
                        what: "a challenge",
                        found,
                        expected: "17 in LRP mode",
                    });
                }
            },
        };
        let rnd_b = Secret::take(&mut { rnd_b });
        let Self { mode, key_no, key, rnd_a, before } = self;
        let channel = match mode {
            Mode::Aes => {
                let [enc, mac] =
                    [[0xA5, 0x5A], [0x5A, 0xA5]].map(|label| aes_session_key(label, &key, &rnd_a, &rnd_b));
                Channel::Aes { enc, mac }
            }
            // PICCData of the first authentication are the first that are encrypted.
            Mode::Lrp => Channel::lrp(&lrp_session_master(&key, &rnd_a, &rnd_b), 0),
        };
        Ok(Proof { mode, key_no, key, rnd_a, rnd_b, before, channel })
    }
}

impl Proof {
    /// The second command: our proof and, in it, our challenge.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut data = [0; 32];
        data[..16].copy_from_slice(self.rnd_a.expose());
        match self.mode {
            Mode::Aes => {
                data[16..].copy_from_slice(&rotated(self.rnd_b.expose()));
                cbc_encrypt(&self.key, &[0; 16], &mut data);
            }
            Mode::Lrp => {
                let both = [*self.rnd_a.expose(), *self.rnd_b.expose()].concat();
                data[16..].copy_from_slice(&self.channel.full_mac(&both));
            }
        }
        wrapped(0xAF, &[&data]).expect("32 bytes")
    }

    /// The tag's challenge, opened, for whoever checks a transcript.
    #[must_use]
    pub fn rnd_b(&self) -> &Secret<16> {
        &self.rnd_b
    }

    /// Takes the tag's proof.
    ///
    /// # Errors
    /// [`Ntag424Error::Status`] with 91AE if the tag does not accept our key, [`Ntag424Error::AuthMismatch`] if we do
    /// not accept its, [`Ntag424Error::Length`] for another answer.
    pub fn answered(mut self, response: &Response<'_>) -> Result<Session, Ntag424Error> {
        Ntag424Error::unless(response.status, &[0x9100])?;
        let what = "a proof";
        let [a, b] = [self.rnd_a.expose(), self.rnd_b.expose()];
        // The tag's proof, what it has to be, and its 16 bytes of transaction and capabilities.
        let (found, expected, opened) = match (self.mode, self.before) {
            (Mode::Aes, None) => {
                let mut data: [u8; 32] = exactly(what, "32 in AES mode", response.data)?;
                cbc_decrypt(&self.key, &[0; 16], &mut data);
                let found = std::array::from_fn(|i| data[4 + i]);
                (found, rotated(a), Some(std::array::from_fn(|i| if i < 4 { data[i] } else { data[16 + i] })))
            }
            (Mode::Aes, Some(_)) => {
                let mut data: [u8; 16] = exactly(what, "16 in AES mode", response.data)?;
                cbc_decrypt(&self.key, &[0; 16], &mut data);
                (data, rotated(a), None)
            }
            (Mode::Lrp, None) => {
                let data: [u8; 32] = exactly(what, "32 in LRP mode", response.data)?;
                let (mut opened, found) =
                    (std::array::from_fn(|i| data[i]), std::array::from_fn(|i| data[16 + i]));
                let signed = [b, a, &opened].map(<[u8; 16]>::as_slice).concat();
                let expected = self.channel.full_mac(&signed);
                self.channel.decrypt(&[0; 16], &mut opened);
                (found, expected, Some(opened))
            }
            (Mode::Lrp, Some(_)) => {
                let found = exactly(what, "16 in LRP mode", response.data)?;
                let signed = [b.as_slice(), a].concat();
                (found, self.channel.full_mac(&signed), None)
            }
        };
        if !bool::from(expected.ct_eq(&found)) {
            return Err(Ntag424Error::AuthMismatch);
        }
        let (transaction, capabilities) = match (opened, self.before) {
            (Some(opened), _) => {
                let id = std::array::from_fn(|i| opened[i]);
                let capabilities = [4, 10].map(|from| std::array::from_fn(|i| opened[from + i]));
                (Transaction { id, cmd_ctr: 0 }, Some(capabilities))
            }
            (None, before) => (before.expect("NonFirst has a transaction before"), None),
        };
        Ok(Session::new(self.channel, transaction, self.key_no, capabilities))
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authentication({:?}, key {}, elided)", self.mode, self.key_no)
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proof({:?}, key {}, elided)", self.mode, self.key_no)
    }
}

/// What the session keys of LRP mode are derived from (NT4H2421Gx §9.2.7).
#[must_use]
pub fn lrp_session_vector(rnd_a: &Secret<16>, rnd_b: &Secret<16>) -> [u8; 32] {
    let mut vector = [0; 32];
    vector[..4].copy_from_slice(&[0x00, 0x01, 0x00, 0x80]);
    vector[4..30].copy_from_slice(&mixed(rnd_a.expose(), rnd_b.expose()));
    vector[30..].copy_from_slice(&[0x96, 0x69]);
    vector
}

/// The master key of a session in LRP mode.
#[must_use]
pub fn lrp_session_master(key: &Secret<16>, rnd_a: &Secret<16>, rnd_b: &Secret<16>) -> Secret<16> {
    Secret::take(&mut Lrp::new(key, 0).cmac(&lrp_session_vector(rnd_a, rnd_b)))
}

/// A session key of AES mode (NT4H2421Gx §9.1.7).
pub(super) fn aes_session_key(
    label: [u8; 2],
    key: &Secret<16>,
    rnd_a: &Secret<16>,
    rnd_b: &Secret<16>,
) -> Secret<16> {
    let mut vector = [0; 32];
    vector[..2].copy_from_slice(&label);
    vector[2..6].copy_from_slice(&[0x00, 0x01, 0x00, 0x80]);
    vector[6..].copy_from_slice(&mixed(rnd_a.expose(), rnd_b.expose()));
    Secret::take(&mut aes128_cmac(key, &vector))
}

/// Both challenges, overlaid in part.
fn mixed(a: &[u8; 16], b: &[u8; 16]) -> [u8; 26] {
    std::array::from_fn(|i| match i {
        0..2 => a[i],
        2..8 => a[i] ^ b[i - 2],
        8..18 => b[i - 2],
        _ => a[i - 10],
    })
}

/// Turned left by a byte.
pub(super) fn rotated(bytes: &[u8; 16]) -> [u8; 16] {
    std::array::from_fn(|i| bytes[(i + 1) % 16])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::vocab::hex;

    fn secret(text: &str) -> Secret<16> {
        Secret::from_hex(text).unwrap()
    }

    fn answer(text: &str) -> Vec<u8> {
        let mut bytes = vec![0; text.len() / 2];
        hex::decode_into(text.as_bytes(), &mut bytes).unwrap();
        bytes
    }

    fn sent(command: &Command) -> String {
        hex::lower(&command.to_bytes())
    }

    /// AN12196 §6.6.
    #[test]
    fn the_published_authentication() {
        let rnd_a = secret("13c5db8a5930439fc3def9a4c675360f");
        let start = Authentication::first(Mode::Aes, 0, Secret::zeros(), rnd_a);
        assert_eq!(sent(&start.command()), "9071000002000000");
        let challenge = answer("a04c124213c186f22399d33ac2a3021591af");
        let proof = start.challenged(&Response::parse(&challenge).unwrap()).unwrap();
        assert_eq!(proof.rnd_b(), &secret("b9e2fc789b64bf237cccaa20ec7e6e48"));
        assert_eq!(
            sent(&proof.command()),
            "90af00002035c3e05a752e0144bac0de51c1f22c56b34408a23d8aea266cab947ea8e0118d00"
        );
        let good = answer("3fa64db5446d1f34cd6ea311167f5e4985b89690c04a05f17fa7ab2f081206639100");
        let session = proof.answered(&Response::parse(&good).unwrap()).unwrap();
        assert_eq!(session.transaction(), Transaction { id: [0x9D, 0, 0xC4, 0xDF], cmd_ctr: 0 });
        let [enc, mac] = session.aes_keys().unwrap();
        assert_eq!(enc, &secret("1309c877509e5a215007ff0ed19ca564"));
        assert_eq!(mac, &secret("4c6626f5e72ea694202139295c7a7fc7"));
        assert_eq!(session.capabilities(), Some([[0; 6]; 2]));
        assert!(format!("{session:?}").contains("elided"));
    }

    /// A tag that proves itself, in both modes and both kinds, and one bit of its proof at a time.
    #[test]
    fn only_the_exact_proof_is_accepted() {
        let (key, a, b) = ([7; 16], [1; 16], [2; 16]);
        let bare = |bytes: [u8; 16]| Secret::take(&mut { bytes });
        for mode in [Mode::Aes, Mode::Lrp] {
            for before in [None, Some(Transaction { id: [9; 4], cmd_ctr: 5 })] {
                let start = || match before {
                    None => Authentication::first(mode, 3, bare(key), bare(a)),
                    Some(before) => Authentication::non_first(mode, 3, bare(key), bare(a), before),
                };
                let mut challenge = b.to_vec();
                match mode {
                    Mode::Aes => cbc_encrypt(&bare(key), &[0; 16], &mut challenge),
                    Mode::Lrp => challenge.insert(0, 0x01),
                }
                challenge.extend([0x91, 0xAF]);
                let proof = || start().challenged(&Response::parse(&challenge).unwrap()).unwrap();
                let mut sent = [&[4, 5, 6, 7], a[1..].as_ref(), &a[..1], &[8; 12]].concat();
                if before.is_some() {
                    sent = sent[4..20].to_vec();
                }
                match mode {
                    Mode::Aes => cbc_encrypt(&bare(key), &[0; 16], &mut sent),
                    Mode::Lrp => {
                        let master = lrp_session_master(&bare(key), &bare(a), &bare(b));
                        let mut picc = [vec![4, 5, 6, 7], vec![8; 12]].concat();
                        Lrp::new(&master, 1).encrypt(&mut [0; 4], &mut picc).unwrap();
                        picc.truncate(if before.is_some() { 0 } else { 16 });
                        let mac = Lrp::new(&master, 0).cmac(&[&b[..], &a, &picc].concat());
                        sent = [picc, mac.to_vec()].concat();
                    }
                }
                sent.extend([0x91, 0x00]);
                let session = proof().answered(&Response::parse(&sent).unwrap()).unwrap();
                let expected = before.unwrap_or(Transaction { id: [4, 5, 6, 7], cmd_ctr: 0 });
                assert_eq!((session.transaction(), session.key_no()), (expected, 3));
                assert_eq!(session.capabilities(), before.is_none().then_some([[8; 6]; 2]));
                // In AES mode what stands beside the challenge is not proven: a changed block turns it all over.
                for at in 0..sent.len() - 2 {
                    let mut forged = sent.clone();
                    forged[at] ^= 1;
                    let result = proof().answered(&Response::parse(&forged).unwrap());
                    if mode == Mode::Lrp || at < 20 {
                        assert_eq!(result.unwrap_err(), Ntag424Error::AuthMismatch, "{mode:?} byte {at}");
                    }
                }
                for cut in 0..sent.len() - 2 {
                    let short = [&sent[..cut], &[0x91, 0x00]].concat();
                    let error = proof().answered(&Response::parse(&short).unwrap()).unwrap_err();
                    assert_eq!(error.code(), "bad_length");
                }
            }
        }
    }

    #[test]
    fn the_mode_of_the_tag_shows_in_its_challenge() {
        let start = |mode| Authentication::first(mode, 0, Secret::zeros(), Secret::zeros());
        assert_eq!(sent(&start(Mode::Lrp).command()), "9071000008000602000000000000");
        let refused =
            |mode, bytes: Vec<u8>| start(mode).challenged(&Response::parse(&bytes).unwrap()).unwrap_err();
        let lrp = [&[1; 17][..], &[0x91, 0xAF]].concat();
        assert_eq!(refused(Mode::Aes, lrp.clone()).code(), "bad_length");
        assert_eq!(refused(Mode::Lrp, lrp[1..].to_vec()).code(), "bad_length");
        assert_eq!(refused(Mode::Aes, vec![0x91, 0xAD]).code(), "status");
    }
}
