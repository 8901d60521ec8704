//! Rotating codes for a screen or a QR: HOTP by counter (RFC 4226), TOTP by time (RFC 6238).
//!
//! A code proves that somebody saw the screen during its step, or a copy of it. Whoever checks codes has to limit the
//! tries (RFC 4226 §7.3): at six digits, a thousand guesses within a step succeed once in five hundred times.

use ring::hmac;
use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::assurance::Assurance;
use super::limits::{HOTP_RESYNC_MAX, HOTP_WINDOW_MAX, OTP_PERIOD_MAX};
use super::refusal::TapRefusal;
use super::scheme::Scheme;
use crate::crypto::SecretBytes;
use crate::vocab::Timestamp;

/// The hash under the HMAC of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 6238 §1.2 has these three")]
pub enum OtpHash {
    /// SHA-1, the only one of RFC 4226 and what most authenticator apps use. HMAC does not suffer from its collisions.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// Why codes cannot be made so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OtpError {
    /// Too short a secret (RFC 4226 §4, R6).
    #[error("a secret for codes has at least 16 bytes")]
    Secret,
    /// Too few or too many digits (RFC 4226 §5.3).
    #[error("a code has 6 to 8 digits")]
    Digits,
    /// No period, or one that hardly rotates.
    #[error("a code rotates every 1 to {OTP_PERIOD_MAX} seconds")]
    Period,
    /// A look-ahead that makes guessing easy.
    #[error("a counter may run ahead by at most {HOTP_WINDOW_MAX}")]
    Window,
}

/// A secret, and how its codes are made.
#[derive(Debug)]
pub struct OtpKey {
    secret: SecretBytes,
    hash: OtpHash,
    digits: u8,
}

impl OtpKey {
    /// Codes of 6 to 8 digits under a secret of 16 bytes or more.
    ///
    /// # Errors
    /// [`OtpError::Secret`], [`OtpError::Digits`].
    pub fn new(secret: SecretBytes, hash: OtpHash, digits: u8) -> Result<Self, OtpError> {
        if secret.expose().len() < 16 {
            return Err(OtpError::Secret);
        }
        if !(6..=8).contains(&digits) {
            return Err(OtpError::Digits);
        }
        Ok(Self { secret, hash, digits })
    }

    /// The code of a counter or step, with leading zeros, for whoever shows it.
    ///
    /// ```
    /// use phygital_core::crypto::SecretBytes;
    /// use phygital_core::tap::otp::{OtpHash, OtpKey};
    /// // RFC 4226, appendix D.
    /// let secret = SecretBytes::take(&mut *b"12345678901234567890".to_vec())?;
    /// assert_eq!(OtpKey::new(secret, OtpHash::Sha1, 6)?.code(9), "520489");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn code(&self, counter: u64) -> String {
        format!("{:01$}", self.number(counter), usize::from(self.digits))
    }

    /// RFC 4226 §5.3.
    fn number(&self, counter: u64) -> u32 {
        let algorithm = match self.hash {
            OtpHash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            OtpHash::Sha256 => hmac::HMAC_SHA256,
            OtpHash::Sha512 => hmac::HMAC_SHA512,
        };
        let tag = hmac::sign(&hmac::Key::new(algorithm, self.secret.expose()), &counter.to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag[tag.len() - 1] & 15);
        let four = tag[at..at + 4].try_into().expect("four bytes");
        (u32::from_be_bytes(four) & 0x7FFF_FFFF) % 10u32.pow(self.digits.into())
    }

    /// A code as somebody brings it: exactly its digits.
    fn read(&self, code: &str) -> Result<u32, TapRefusal> {
        if code.len() != usize::from(self.digits) {
            return Err(TapRefusal::WrongLength {
                found: code.len(),
                expected: "as many digits as the codes have",
            });
        }
        if !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(TapRefusal::malformed("a code of digits"));
        }
        code.parse().map_err(|_| TapRefusal::malformed("a code of digits"))
    }

    /// The first of `counters` whose code this is. All are computed and compared, so that the time tells nothing.
    fn find(&self, code: u32, counters: impl Iterator<Item = u64>) -> Option<u64> {
        let (mut found, mut fits) = (0, 0u8.ct_eq(&1));
        for counter in counters {
            let this = self.number(counter).ct_eq(&code);
            found.conditional_assign(&counter, this & !fits);
            fits |= this;
        }
        bool::from(fits).then_some(found)
    }
}

/// The last counter or step whose code was accepted: what to remember so that none counts twice.
///
/// Whose mark it is says who may use a step once: a mark for each screen lets one customer in a step, a mark for each
/// screen and customer lets each of them. It has to be stored, compared and set in one transaction, before success is
/// reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtpMark {
    /// That counter or step.
    pub last: u64,
}

/// A code that was checked and is new by its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtpTap {
    scheme: Scheme,
    mark: OtpMark,
    distance: u32,
}

impl OtpTap {
    /// [`Scheme::Totp`] or [`Scheme::Hotp`].
    #[must_use]
    pub fn scheme(self) -> Scheme {
        self.scheme
    }

    /// The counter or step of the code.
    #[must_use]
    pub fn counter(self) -> u64 {
        self.mark.last
    }

    /// The mark to store.
    #[must_use]
    pub fn mark(self) -> OtpMark {
        self.mark
    }

    /// By time: how many steps old the code is, 0 or 1. By counter: how many were skipped.
    #[must_use]
    pub fn distance(self) -> u32 {
        self.distance
    }

    /// [`Assurance::Rotating`].
    #[must_use]
    pub fn assurance(self) -> Assurance {
        Assurance::Rotating
    }
}

/// Codes by time.
///
/// ```
/// use phygital_core::crypto::SecretBytes;
/// use phygital_core::tap::otp::{OtpHash, OtpKey, Totp};
/// use phygital_core::vocab::Timestamp;
/// // RFC 6238, appendix B.
/// let secret = SecretBytes::take(&mut *b"12345678901234567890".to_vec())?;
/// let screen = Totp::new(OtpKey::new(secret, OtpHash::Sha1, 8)?, 30)?;
/// let tap = screen.verify("94287082", Timestamp::from_millis(59_000)?, None)?;
/// assert_eq!(tap.counter(), 1);
/// let again = screen.verify("94287082", Timestamp::from_millis(60_000)?, Some(tap.mark()));
/// assert_eq!(again.unwrap_err().code(), "used");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Totp {
    key: OtpKey,
    period: u32,
}

impl Totp {
    /// Codes that change every `period` seconds, counted from 1970 on.
    ///
    /// # Errors
    /// [`OtpError::Period`] outside of 1 to [`OTP_PERIOD_MAX`].
    pub fn new(key: OtpKey, period: u32) -> Result<Self, OtpError> {
        if (1..=OTP_PERIOD_MAX).contains(&period) { Ok(Self { key, period }) } else { Err(OtpError::Period) }
    }

    /// The step of a time.
    #[must_use]
    pub fn step(&self, at: Timestamp) -> u64 {
        at.as_micros() as u64 / (1_000_000 * u64::from(self.period))
    }

    /// The code that is shown at a time.
    #[must_use]
    pub fn code(&self, at: Timestamp) -> String {
        self.key.code(self.step(at))
    }

    /// Checks a code at `now`: of this step, or of the one before, since somebody has to type or scan it.
    ///
    /// # Errors
    /// [`TapRefusal::WrongLength`], [`TapRefusal::Malformed`]; [`TapRefusal::CodeMismatch`] if it is neither's;
    /// [`TapRefusal::Used`] if that step, or a later one, was used by the mark.
    pub fn verify(&self, code: &str, now: Timestamp, mark: Option<OtpMark>) -> Result<OtpTap, TapRefusal> {
        let code = self.key.read(code)?;
        let step = self.step(now);
        let steps = [Some(step), step.checked_sub(1)].into_iter().flatten();
        let found = self.key.find(code, steps).ok_or(TapRefusal::CodeMismatch)?;
        if mark.is_some_and(|mark| found <= mark.last) {
            return Err(TapRefusal::Used);
        }
        Ok(OtpTap { scheme: Scheme::Totp, mark: OtpMark { last: found }, distance: (step - found) as u32 })
    }
}

/// Codes by counter.
#[derive(Debug)]
pub struct Hotp {
    key: OtpKey,
    window: u32,
}

impl Hotp {
    /// Codes of which `window` may have been skipped since the last that was accepted.
    ///
    /// # Errors
    /// [`OtpError::Window`] for more than [`HOTP_WINDOW_MAX`].
    pub fn new(key: OtpKey, window: u32) -> Result<Self, OtpError> {
        if window <= HOTP_WINDOW_MAX { Ok(Self { key, window }) } else { Err(OtpError::Window) }
    }

    /// Checks a code. No mark means that none was accepted yet: counters begin at 0.
    ///
    /// # Errors
    /// As [`Totp::verify`]; a code of a counter below the mark is told from a wrong one only within the window, as
    /// [`TapRefusal::Used`].
    pub fn verify(&self, code: &str, mark: Option<OtpMark>) -> Result<OtpTap, TapRefusal> {
        let code = self.key.read(code)?;
        let next = next(mark)?;
        let ahead = next..=next.saturating_add(self.window.into());
        let behind = next.saturating_sub(u64::from(self.window) + 1)..next;
        let (found, before) = (self.key.find(code, ahead), self.key.find(code, behind));
        match (found, before) {
            (Some(found), _) => Ok(self.tap(found, next)),
            (None, Some(_)) => Err(TapRefusal::Used),
            (None, None) => Err(TapRefusal::CodeMismatch),
        }
    }

    /// Finds a device again whose counter ran further ahead than the window, by two codes in a row (RFC 4226 §7.4).
    /// [`HOTP_RESYNC_MAX`] counters are searched.
    ///
    /// # Errors
    /// As [`Totp::verify`].
    pub fn resynchronise(
        &self,
        first: &str,
        second: &str,
        mark: Option<OtpMark>,
    ) -> Result<OtpTap, TapRefusal> {
        let (first, second) = (self.key.read(first)?, self.key.read(second)?);
        let next = next(mark)?;
        let last = next.saturating_add(HOTP_RESYNC_MAX.into());
        let mut before = self.key.number(next).ct_eq(&first);
        let (mut found, mut fits) = (0, 0u8.ct_eq(&1));
        for counter in next + 1..=last {
            let number = self.key.number(counter);
            let this = before & number.ct_eq(&second) & !fits;
            found.conditional_assign(&counter, this);
            fits |= this;
            before = number.ct_eq(&first);
        }
        if bool::from(fits) { Ok(self.tap(found, next)) } else { Err(TapRefusal::CodeMismatch) }
    }

    fn tap(&self, counter: u64, next: u64) -> OtpTap {
        OtpTap { scheme: Scheme::Hotp, mark: OtpMark { last: counter }, distance: (counter - next) as u32 }
    }
}

/// The least counter that is still good.
fn next(mark: Option<OtpMark>) -> Result<u64, TapRefusal> {
    match mark {
        None => Ok(0),
        // The last counter of all is never reached, so that ranges above have an end.
        Some(mark) => mark.last.checked_add(1).filter(|next| *next < u64::MAX).ok_or(TapRefusal::Used),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn key() -> OtpKey {
        OtpKey::new(SecretBytes::take(&mut [7; 20]).unwrap(), OtpHash::Sha256, 6).unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds as i64 * 1000).unwrap()
    }

    #[test]
    fn what_is_too_weak_is_refused() {
        let key = |length: usize, digits| {
            OtpKey::new(SecretBytes::take(&mut vec![7; length]).unwrap(), OtpHash::Sha1, digits).err()
        };
        assert_eq!(key(15, 6), Some(OtpError::Secret));
        assert_eq!([key(16, 6), key(16, 8)], [None, None]);
        assert_eq!([key(16, 5), key(16, 9)], [Some(OtpError::Digits); 2]);
        assert_eq!(Totp::new(super::tests::key(), 0).err(), Some(OtpError::Period));
        assert!(Totp::new(super::tests::key(), OTP_PERIOD_MAX).is_ok());
        assert_eq!(Totp::new(super::tests::key(), OTP_PERIOD_MAX + 1).err(), Some(OtpError::Period));
        assert!(Hotp::new(super::tests::key(), HOTP_WINDOW_MAX).is_ok());
        assert_eq!(Hotp::new(super::tests::key(), HOTP_WINDOW_MAX + 1).err(), Some(OtpError::Window));
    }

    #[test]
    fn a_code_has_exactly_its_digits() {
        let screen = Totp::new(key(), 30).unwrap();
        let code = |code: &str| screen.verify(code, at(0), None).unwrap_err().code();
        for (text, expected) in [
            ("12345", "bad_length"),
            ("1234567", "bad_length"),
            ("", "bad_length"),
            ("+12345", "malformed"),
            (" 12345", "malformed"),
            ("12345a", "malformed"),
            ("\u{661}2345", "malformed"),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
        assert!(!format!("{screen:?}").contains('7'), "{screen:?}");
    }

    #[test]
    fn one_step_of_grace_and_none_ahead() {
        let screen = Totp::new(key(), 30).unwrap();
        let code = screen.code(at(300));
        let verify = |now| screen.verify(&code, at(now), None);
        assert_eq!(verify(299), Err(TapRefusal::CodeMismatch));
        assert_eq!(verify(300).map(OtpTap::distance), Ok(0));
        assert_eq!(verify(329).map(OtpTap::distance), Ok(0));
        assert_eq!(verify(330).map(OtpTap::distance), Ok(1));
        assert_eq!(verify(359).map(OtpTap::distance), Ok(1));
        assert_eq!(verify(360), Err(TapRefusal::CodeMismatch));
        assert_eq!(screen.verify(&screen.code(at(0)), at(0), None).map(OtpTap::counter), Ok(0));
    }

    #[test]
    fn counters_run_ahead_within_the_window() {
        let device = Hotp::new(key(), 5).unwrap();
        let code = |counter| key().code(counter);
        let mark = Some(OtpMark { last: 10 });
        assert_eq!(device.verify(&code(11), mark).map(|tap| (tap.counter(), tap.distance())), Ok((11, 0)));
        assert_eq!(device.verify(&code(16), mark).map(|tap| (tap.counter(), tap.distance())), Ok((16, 5)));
        assert_eq!(device.verify(&code(17), mark), Err(TapRefusal::CodeMismatch));
        assert_eq!(device.verify(&code(10), mark), Err(TapRefusal::Used));
        assert_eq!(device.verify(&code(0), None).map(OtpTap::counter), Ok(0));
        let end = Some(OtpMark { last: u64::MAX - 1 });
        assert_eq!(device.verify(&code(u64::MAX), end), Err(TapRefusal::Used));
    }

    #[test]
    fn two_codes_in_a_row_find_a_device_again() {
        let device = Hotp::new(key(), 5).unwrap();
        let code = |counter| key().code(counter);
        let mark = Some(OtpMark { last: 10 });
        let most = 11 + u64::from(HOTP_RESYNC_MAX);
        for second in [12, 500, most] {
            let tap = device.resynchronise(&code(second - 1), &code(second), mark).unwrap();
            assert_eq!(tap.counter(), second);
        }
        for (first, second) in [(most, most + 1), (100, 102), (101, 100), (10, 11), (100, 100)] {
            let refused = device.resynchronise(&code(first), &code(second), mark);
            assert_eq!(refused, Err(TapRefusal::CodeMismatch), "{first} {second}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The oracle remembers every step that was ever used.
        #[test]
        fn each_step_counts_once(tries in prop::collection::vec((0..3u64, 0..40u64), 1..30)) {
            let screen = Totp::new(key(), 30).unwrap();
            let (mut now, mut mark, mut used) = (1_000_000, None, BTreeSet::new());
            for (back, passed) in tries {
                now += passed;
                let step = now / 30 - back;
                let later = used.iter().any(|used| *used >= step);
                match screen.verify(&key().code(step), at(now), mark) {
                    Ok(tap) => {
                        prop_assert!(back <= 1 && !later);
                        prop_assert_eq!(tap.counter(), step);
                        used.insert(step);
                        mark = Some(tap.mark());
                    }
                    Err(TapRefusal::Used) => prop_assert!(back <= 1 && later),
                    Err(other) => prop_assert!(back == 2, "{}", other),
                }
            }
        }
    }
}
