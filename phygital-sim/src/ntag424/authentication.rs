//! AuthenticateEV2First and NonFirst, and the counters of failures (NT4H2421Gx §9, §10.4).

use phygital_core::contactless::ntag424::{Mode, TagAuthentication};
use phygital_core::crypto::Secret;

use super::{Ntag424, Pending, Refusal, status};

/// Failures in a row before it delays.
const IN_A_ROW_MAX: u16 = 50;
/// The longest delay, in commands that are answered 91AD.
const DELAY_MAX: u16 = 20;

impl Ntag424 {
    /// The first part of either; the transaction goes on in NonFirst.
    pub(super) fn challenge(&mut self, data: &[u8], is_first: bool) -> Result<(Vec<u8>, u8), Refusal> {
        let (key_no, capabilities) = match (is_first, data) {
            (true, [key_no, length, capabilities @ ..]) => {
                if usize::from(*length) != capabilities.len() || capabilities.len() > 6 {
                    return Err(status::LENGTH);
                }
                (*key_no, capabilities)
            }
            (false, [key_no]) => (*key_no, &[][..]),
            _ => return Err(status::LENGTH),
        };
        if key_no & 0xC0 != 0 {
            return Err(status::PARAMETER);
        }
        let at = usize::from(key_no);
        let key = self.memory.keys.get(at).ok_or(status::NO_SUCH_KEY)?.duplicate();
        // At the level of the PICC there are the keys of the factory alone.
        if !self.state.in_application {
            return Err(status::PERMISSION_DENIED);
        }
        let mode = self.memory.mode;
        let wants_lrp = capabilities.first().is_some_and(|first| first & 0x02 != 0);
        if is_first && mode == Mode::Lrp && !wants_lrp {
            return Err(status::PERMISSION_DENIED);
        }
        let before = self.state.session.as_ref().map(|session| session.transaction());
        if !is_first && before.is_none() {
            return Err(status::PERMISSION_DENIED);
        }
        if self.memory.failures_max.is_some_and(|max| self.memory.failures[at] >= max) {
            return Err(status::PERMISSION_DENIED);
        }
        if self.memory.delay > 0 {
            self.memory.delay -= 1;
            return Err(status::AUTHENTICATION_DELAY);
        }
        let rnd_b = Secret::take(&mut self.dice.bytes());
        let authentication = match before.filter(|_| !is_first) {
            Some(before) => TagAuthentication::non_first(mode, key_no, key, rnd_b, before),
            None => {
                let mut theirs = [0; 6];
                theirs[..capabilities.len()].copy_from_slice(capabilities);
                let both = [self.memory.capabilities(), theirs];
                TagAuthentication::first(mode, key_no, key, rnd_b, self.dice.bytes(), both)
            }
        };
        let challenge = authentication.challenge();
        self.state.pending = Some(Pending::Proof(authentication));
        Ok((challenge, status::MORE))
    }

    /// The second part.
    pub(super) fn prove(
        &mut self,
        authentication: TagAuthentication,
        data: &[u8],
    ) -> Result<(Vec<u8>, u8), Refusal> {
        let data = data.try_into().map_err(|_| status::LENGTH)?;
        let memory = &mut self.memory;
        let at = usize::from(authentication.key_no());
        match authentication.prove(data) {
            Ok((answer, session)) => {
                memory.failures[at] = memory.failures[at].saturating_sub(memory.failures_forgiven);
                memory.in_a_row = 0;
                self.state.session = Some(session);
                Ok((answer, status::OK))
            }
            Err(_) => {
                memory.failures[at] = memory.failures[at].saturating_add(1);
                memory.in_a_row = memory.in_a_row.saturating_add(1);
                memory.delay = (memory.in_a_row + 1).saturating_sub(IN_A_ROW_MAX).min(DELAY_MAX);
                Err(status::AUTHENTICATION)
            }
        }
    }
}
