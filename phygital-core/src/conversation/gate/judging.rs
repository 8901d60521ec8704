//! A message on its way through the gate: each thing that may stand against it.

use std::iter::repeat_n;
use std::time::Duration;

use super::{Gate, Outgoing, Refusal, Refused, Standing};
use crate::consent::Reason;
use crate::conversation::lint::{self, Finding, Occasion};
use crate::conversation::sent::Sent;
use crate::rules::hours::{self, Hours};
use crate::rules::{Content, Rule, RuleBody, Trigger};
use crate::vocab::{IdentifierKind, MessageClass, Purpose, Timestamp};

/// Rounds in which hours, caps and pauses agree on a time: more than a week of windows and caps needs.
const ROUNDS_MAX: usize = 256;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A message on its way through the gate, with the rules that apply to it.
pub(super) struct Judging<'g> {
    gate: &'g Gate,
    message: &'g Outgoing,
    standing: &'g Standing,
    class: MessageClass,
    rules: Vec<&'g Rule>,
    hours: Vec<Hours<'g>>,
    now: Timestamp,
}

impl<'g> Judging<'g> {
    pub(super) fn new(
        gate: &'g Gate,
        message: &'g Outgoing,
        standing: &'g Standing,
        class: MessageClass,
        now: Timestamp,
    ) -> Judging<'g> {
        let places = standing.whereabouts.places();
        let rules: Vec<&Rule> = match message.owed {
            true => Vec::new(),
            false => gate.rules.applying(places, class, now).collect(),
        };
        // The laws on hours are about calls and texts. Of an address nobody knows the zone, unless the host says it.
        let timed = message.to.kind() == IdentifierKind::Phone || !standing.whereabouts.zones().is_empty();
        let hours = rules.iter().filter(|_| timed).filter_map(|rule| gate.rules.hours_of(rule)).collect();
        Judging { gate, message, standing, class, rules, hours, now }
    }

    pub(super) fn consent(&self, refused_by: &mut Vec<Refused>) {
        let Standing { consent, consent_until, .. } = self.standing;
        if self.message.owed {
            return;
        }
        let mut refuse = |reason| refused_by.push(Refused { reason, rule: None });
        if self.message.class == MessageClass::Marketing && self.message.purpose != Purpose::Marketing {
            refuse(Refusal::WrongPurpose);
        }
        let ended = consent_until.is_some_and(|end| end <= self.now);
        if consent.allowed && consent.purpose == self.message.purpose && !ended {
            return;
        }
        refuse(match consent.reasons.first() {
            Some(Reason::Withdrawn) => Refusal::Withdrawn,
            Some(Reason::Suppressed) => Refusal::Suppressed,
            Some(Reason::Reassigned) => Refusal::Reassigned,
            _ => Refusal::NoConsent,
        });
    }

    /// Which windows are closed.
    pub(super) fn hours_at(&self, at: Timestamp, refused_by: &mut Vec<Refused>) {
        let zones = self.standing.whereabouts.zones();
        if hours::allowed(&self.hours, zones, at) {
            return;
        }
        let never = hours::next_allowed(&self.hours, zones, at).is_none();
        let closed = self.rules.iter().filter(|rule| {
            let hours = self.gate.rules.hours_of(rule);
            hours.is_some_and(|hours| !hours::allowed(&[hours], zones, at))
        });
        let reason = if never { Refusal::NeverLawful } else { Refusal::QuietHours };
        refused_by.extend(closed.map(|rule| Refused { reason, rule: Some(rule.id.clone()) }));
    }

    /// When the messages that a rule counts went out. What may be forgotten counts as if it filled the rule.
    fn counted(&self, rule: &Rule) -> Vec<Timestamp> {
        let sends = self.standing.sends.iter().filter(|sent| rule.concerns(sent.class));
        let full = match &rule.body {
            RuleBody::Cap(cap) => usize::try_from(cap.limit()).unwrap_or(usize::MAX),
            _ => 1,
        };
        let forgotten = self.standing.remembers_from.into_iter().flat_map(|at| repeat_n(at, full));
        sends.map(|sent| sent.at).chain(forgotten).collect()
    }

    pub(super) fn caps_at(&self, at: Timestamp, refused_by: &mut Vec<Refused>) {
        let full = self.rules.iter().filter(|rule| match &rule.body {
            RuleBody::Cap(cap) => {
                !cap.strict_verdict(&self.counted(rule), self.standing.whereabouts.zones(), at).allowed
            }
            _ => false,
        });
        refused_by.extend(
            full.map(|rule| Refused { reason: Refusal::FrequencyCapped, rule: Some(rule.id.clone()) }),
        );
    }

    /// When a rule's pause ends, if it has one that began.
    fn pause_ends(&self, rule: &Rule) -> Option<Timestamp> {
        let RuleBody::CoolingOff(pause) = &rule.body else { return None };
        let began = match pause.after {
            Trigger::OptOut => {
                let bothers = self.class == MessageClass::Marketing || self.message.invites;
                self.standing.opted_out_at.filter(|_| bothers)
            }
            Trigger::Send => self.counted(rule).into_iter().max(),
        };
        Some(pause.ends(began?))
    }

    pub(super) fn pauses_at(&self, at: Timestamp, refused_by: &mut Vec<Refused>) {
        let paused = self.rules.iter().filter(|rule| self.pause_ends(rule).is_some_and(|end| at < end));
        refused_by
            .extend(paused.map(|rule| Refused { reason: Refusal::CoolingOff, rule: Some(rule.id.clone()) }));
    }

    /// What stands in the text, and whether it says the brand and how to opt out.
    pub(super) fn content(&self, refused_by: &mut Vec<Refused>) -> (Vec<Finding>, bool, bool) {
        let (text, style) = (self.message.text.reveal(), &self.gate.style);
        let says_brand = lint::says_brand(text, &style.brand);
        let says_opt_out = lint::says_how_to_opt_out(text);
        let due = |days: Option<u32>, said: fn(&Sent) -> bool| {
            let Some(days) = days else { return false };
            let span = DAY * days;
            let last = self.standing.sends.iter().filter(|sent| said(sent)).map(|sent| sent.at).max();
            last.is_none_or(|last| days == 0 || last.saturating_add(span) <= self.now)
        };
        let content = Content::strictest(self.rules.iter().copied());
        let occasion = Occasion {
            brand_due: !says_brand && due(content.brand_days, |sent| sent.brand),
            opt_out_due: !says_opt_out && due(content.opt_out_days, |sent| sent.opt_out),
        };
        let findings = if self.message.owed { Vec::new() } else { style.lint(text, occasion) };
        if findings.iter().any(|finding| finding.fault.refuses()) {
            refused_by.push(Refused { reason: Refusal::Content, rule: None });
        }
        (findings, says_brand, says_opt_out)
    }

    /// The end of its use and of its consent.
    pub(super) fn last(&self) -> Timestamp {
        let ends = self.message.expires_at.into_iter().chain(self.standing.consent_until);
        ends.min().unwrap_or(Timestamp::MAX)
    }

    /// Before when it would have to be delivered that goes out at a time.
    pub(super) fn end(&self, at: Timestamp) -> Timestamp {
        let window = hours::open_until(&self.hours, self.standing.whereabouts.zones(), at).unwrap_or(at);
        let life = if self.message.owed { self.last() } else { at.saturating_add(self.gate.life) };
        window.min(self.last()).min(life)
    }

    /// The earliest time at which hours, caps and pauses let it out, and leave it the time to be delivered.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let zones = self.standing.whereabouts.zones();
        let mut next = self.now;
        // Each round is later. Where windows are always too short for a delivery there is no end to them.
        for _ in 0..ROUNDS_MAX {
            let mut later = hours::next_allowed(&self.hours, zones, next)?;
            if self.end(later).saturating_sub(self.gate.life_least) < later {
                let window = hours::open_until(&self.hours, zones, later)?;
                if window >= self.last() {
                    return None;
                }
                later = hours::next_allowed(&self.hours, zones, window)?;
            }
            for rule in &self.rules {
                if let RuleBody::Cap(cap) = &rule.body {
                    later = cap.strict_verdict(&self.counted(rule), zones, later).next_allowed?;
                }
                later = later.max(self.pause_ends(rule).unwrap_or(later));
            }
            if later >= self.last() {
                return None;
            }
            if later == next {
                return Some(next);
            }
            next = later;
        }
        None
    }
}
