//! The laws of the journal, against a tag in software whose power fails at will.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::vocab::Digest;
use crate::vocab::tag::TagUid;

/// A tag as far as its personalisation goes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SoftTag {
    keys: [u8; KeySlot::COUNT],
    mode: Mode,
    ndef: bool,
    settings: bool,
    features: BTreeSet<Feature>,
    session: Option<KeySlot>,
    /// Failed authentications, as TotFailCtr counts them.
    failures: u32,
    /// What it says of versions: the truth, the other version, or nothing.
    says: Says,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Truth,
    Lie,
    Nothing,
}

impl SoftTag {
    fn new(plan: &Plan, says: Says) -> SoftTag {
        SoftTag {
            keys: plan.keys.map(|key| key.now),
            mode: plan.mode,
            ndef: false,
            settings: false,
            features: BTreeSet::new(),
            session: None,
            failures: 0,
            says,
        }
    }

    fn carry_out(&mut self, step: Step, plan: &Plan) -> bool {
        if step.needs_session() && self.session != Some(KeySlot::MASTER) {
            self.session = None;
            return false;
        }
        match step {
            Step::GetVersion | Step::ReadSignature => {}
            Step::WriteNdef => self.ndef = true,
            Step::ChangeFileSettings => self.settings = true,
            Step::ChangeKey(slot) => {
                let change = plan.keys[slot.index()];
                // What is sent is the old key over the new one, with a checksum, so another old key shows.
                if slot != KeySlot::MASTER && self.keys[slot.index()] != change.now {
                    self.session = None;
                    return false;
                }
                self.keys[slot.index()] = change.then;
                if slot == KeySlot::MASTER {
                    self.session = None;
                }
            }
            Step::SetConfiguration(feature) => {
                self.features.insert(feature);
                if feature == Feature::Lrp {
                    self.mode = Mode::Lrp;
                    self.settings = false;
                }
            }
        }
        true
    }

    fn authenticate(&mut self, one: Try) -> bool {
        let right = self.keys[one.slot.index()] == one.version && self.mode == one.mode;
        self.session = right.then_some(one.slot);
        self.failures += u32::from(!right);
        right
    }

    fn version(&self, slot: KeySlot, plan: &Plan) -> Option<u8> {
        let (held, change) = (self.keys[slot.index()], plan.keys[slot.index()]);
        match self.says {
            Says::Truth => Some(held),
            Says::Lie => Some(if held == change.now { change.then } else { change.now }),
            Says::Nothing => None,
        }
    }

    fn is_as_planned(&self, plan: &Plan) -> bool {
        let keys = plan.keys.map(|key| key.then);
        self.keys == keys && self.ndef && self.settings && self.features == plan.features
    }
}

/// When power fails.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// While the line is written, of which so many bytes are kept.
    Writing(usize),
    /// When the line is durable, before the command took effect.
    Before,
    /// When the command took effect, before its answer was seen.
    After,
    /// When the answer was seen, before it was written down.
    Unwritten,
}

/// Personalises a tag, with a cut at some of the commands, counted over all attempts; gives how it ended.
fn run(plan: &Plan, tag: &mut SoftTag, file: &mut String, cuts: &[(usize, Cut)]) -> Next {
    let mut commands = 0;
    loop {
        let mut journal = Journal::parse(file).unwrap();
        *file = journal.text();
        tag.session = None;
        let end = attempt(&mut journal, plan, tag, file, cuts, &mut commands);
        if let Some(end) = end {
            return end;
        }
    }
}

/// One attempt, until power fails or there is nothing more to do.
fn attempt(
    journal: &mut Journal,
    plan: &Plan,
    tag: &mut SoftTag,
    file: &mut String,
    cuts: &[(usize, Cut)],
    commands: &mut usize,
) -> Option<Next> {
    loop {
        truth_is_among_what_is_held_possible(&journal.recover(), tag, plan);
        let next = journal.next();
        let before = match next {
            Next::Done | Next::Stuck(_) => return Some(next),
            Next::ReadKeyVersion(slot) => {
                let version = tag.version(slot, plan);
                *file += &journal.record(Entry::Version { slot, version }).unwrap();
                continue;
            }
            Next::Step(step) => Entry::Intended(step),
            Next::Authenticate(one) => Entry::Trying(one),
        };
        let cut = cuts.iter().find(|(at, _)| at == commands).map(|(_, cut)| *cut);
        *commands += 1;
        assert!(*commands < 500, "no end");
        let line = journal.record(before).unwrap();
        if let Some(Cut::Writing(kept)) = cut {
            *file += &line[..kept.min(line.len() - 1)];
            return None;
        }
        *file += &line;
        if let Some(Cut::Before) = cut {
            return None;
        }
        let answer = match next {
            Next::Step(step) if tag.carry_out(step, plan) => Entry::Confirmed(step),
            Next::Step(step) => Entry::Refused(step),
            Next::Authenticate(one) if tag.authenticate(one) => Entry::Right(one),
            Next::Authenticate(one) => Entry::Wrong(one),
            _ => unreachable!("handled above"),
        };
        if let Some(Cut::After) = cut {
            return None;
        }
        let line = journal.record(answer).unwrap();
        if let Some(Cut::Unwritten) = cut {
            return None;
        }
        *file += &line;
    }
}

/// What a journal believes is true, in doubt, or nothing.
fn truth_is_among_what_is_held_possible(recovery: &Recovery, tag: &SoftTag, plan: &Plan) {
    for (slot, holding) in KeySlot::ALL.into_iter().zip(recovery.slots) {
        let (held, change) = (tag.keys[slot.index()], plan.keys[slot.index()]);
        match holding {
            Holding::Old => assert_eq!(held, change.now, "slot {slot}"),
            Holding::New => assert_eq!(held, change.then, "slot {slot}"),
            Holding::Either => {
                assert!([change.now, change.then].contains(&held), "slot {slot}");
                let tried = recovery.tries.iter().any(|one| one.slot == slot && one.version == held);
                assert!(tried, "slot {slot} is not tried with what it holds");
            }
            Holding::Unknown => panic!("slot {slot} is lost"),
        }
    }
}

fn plan(changed: [bool; KeySlot::COUNT], features: &[Feature]) -> Plan {
    let mut plan = Plan::new(TagUid::new([4; 7]), Digest::from_bytes([1; 32]));
    for (slot, changed) in KeySlot::ALL.into_iter().zip(changed) {
        plan = plan.change_key(slot, 3, if changed { 4 } else { 3 });
    }
    features.iter().fold(plan, |plan, feature| plan.switch_on(*feature))
}

fn whole() -> Plan {
    plan([true; 5], &[Feature::TagTamper, Feature::Lrp, Feature::RandomId])
}

fn finish(plan: &Plan, says: Says, cuts: &[(usize, Cut)]) -> (SoftTag, String) {
    let mut tag = SoftTag::new(plan, says);
    let mut file = Journal::begin(plan.clone()).header();
    assert_eq!(run(plan, &mut tag, &mut file, cuts), Next::Done, "{cuts:?}\n{file}");
    assert!(tag.is_as_planned(plan), "{cuts:?}\n{file}");
    (tag, file)
}

#[test]
fn undisturbed_the_steps_come_in_order_and_no_try_is_wrong() {
    let (tag, file) = finish(&whole(), Says::Nothing, &[]);
    assert_eq!(tag.failures, 0);
    let journal = Journal::parse(&file).unwrap();
    let intended = journal.entries().iter().filter_map(|entry| match entry {
        Entry::Intended(step) => Some(*step),
        _ => None,
    });
    let mut expected = whole().steps();
    let switched = expected.iter().position(|step| *step == Step::SetConfiguration(Feature::Lrp)).unwrap();
    expected.insert(switched + 1, Step::ChangeFileSettings);
    assert_eq!(intended.collect::<Vec<_>>(), expected);
    let first = journal.entries().iter().position(|entry| matches!(entry, Entry::Trying(_))).unwrap();
    assert_eq!(journal.entries()[first + 2], Entry::Intended(Step::WriteNdef));
    let recovery = journal.recover();
    assert_eq!(recovery.slots, [Holding::New; 5]);
    assert!(recovery.tries.is_empty() && recovery.remaining.is_empty());
}

#[test]
fn one_cut_anywhere_costs_at_most_one_wrong_try() {
    for says in [Says::Truth, Says::Lie, Says::Nothing] {
        for at in 0..30 {
            for cut in [Cut::Writing(0), Cut::Writing(9), Cut::Before, Cut::After, Cut::Unwritten] {
                let (tag, _) = finish(&whole(), says, &[(at, cut)]);
                // Whether LRP was switched on, no version tells.
                let most = u32::from(says != Says::Truth || matches!(cut, Cut::Before));
                assert!(tag.failures <= most, "{says:?} {at} {cut:?}: {}", tag.failures);
            }
        }
    }
}

#[test]
fn after_a_cut_in_a_key_change_the_journal_says_what_to_try() {
    let plan = plan([true, false, false, true, false], &[]);
    let slot = KeySlot::new(3).unwrap();
    let mut tag = SoftTag::new(&plan, Says::Truth);
    let mut file = Journal::begin(plan.clone()).header();
    let mut commands = 0;
    let mut journal = Journal::parse(&file).unwrap();
    // Commands: two reads, one authentication, two writes, then the key of slot 3.
    let end = attempt(&mut journal, &plan, &mut tag, &mut file, &[(5, Cut::After)], &mut commands);
    assert_eq!(end, None);
    let mut journal = Journal::parse(&file).unwrap();
    let recovery = journal.recover();
    let (old, either) = (Holding::Old, Holding::Either);
    assert_eq!(recovery.slots, [old, old, old, either, old]);
    assert_eq!(recovery.remaining, [Step::ChangeKey(slot), Step::ChangeKey(KeySlot::MASTER)]);
    let one = |version| Try { slot, version, mode: Mode::Aes };
    assert_eq!(recovery.tries, [one(4), one(3)]);
    assert_eq!(journal.next(), Next::ReadKeyVersion(slot));
    journal.record(Entry::Version { slot, version: Some(3) }).unwrap();
    assert_eq!(journal.next(), Next::Authenticate(one(3)));
    assert_eq!(journal.recover().tries, [one(3), one(4)]);
}

#[test]
fn another_journal_was_here_before() {
    let plan = plan([true; 5], &[]);
    for done in 0..=5 {
        let mut tag = SoftTag::new(&plan, Says::Truth);
        for slot in KeySlot::ALL.into_iter().rev().take(done) {
            tag.keys[slot.index()] = 4;
        }
        let mut journal = Journal::begin(plan.clone());
        let end = loop {
            match journal.next() {
                Next::Step(step) => {
                    journal.record(Entry::Intended(step)).unwrap();
                    let ok = tag.carry_out(step, &plan);
                    let answer = if ok { Entry::Confirmed(step) } else { Entry::Refused(step) };
                    journal.record(answer).unwrap();
                }
                Next::Authenticate(one) => {
                    journal.record(Entry::Trying(one)).unwrap();
                    let ok = tag.authenticate(one);
                    journal.record(if ok { Entry::Right(one) } else { Entry::Wrong(one) }).unwrap();
                }
                Next::ReadKeyVersion(slot) => {
                    let version = tag.version(slot, &plan);
                    journal.record(Entry::Version { slot, version }).unwrap();
                }
                end => break end,
            }
        };
        assert_eq!(end, Next::Done, "{done} keys were changed before");
        assert!(tag.is_as_planned(&plan) && tag.failures <= 1);
    }
}

#[test]
fn a_strange_tag_is_not_tried_for_ever() {
    let plan = plan([true; 5], &[]);
    for slot in KeySlot::ALL {
        let mut tag = SoftTag::new(&plan, Says::Truth);
        tag.keys[slot.index()] = 99;
        let mut journal = Journal::begin(plan.clone());
        let mut file = journal.header();
        while !matches!(journal.next(), Next::Stuck(_)) {
            let line = match journal.next() {
                Next::Step(step) => {
                    file += &journal.record(Entry::Intended(step)).unwrap();
                    let ok = tag.carry_out(step, &plan);
                    journal.record(if ok { Entry::Confirmed(step) } else { Entry::Refused(step) })
                }
                Next::Authenticate(one) => {
                    file += &journal.record(Entry::Trying(one)).unwrap();
                    let ok = tag.authenticate(one);
                    journal.record(if ok { Entry::Right(one) } else { Entry::Wrong(one) })
                }
                Next::ReadKeyVersion(slot) => {
                    journal.record(Entry::Version { slot, version: tag.version(slot, &plan) })
                }
                other => panic!("{other:?}"),
            };
            file += &line.unwrap();
        }
        assert_eq!(journal.next(), Next::Stuck(Stuck::UnknownKey(slot)));
        assert_eq!(journal.recover().slots[slot.index()], Holding::Unknown);
        assert_eq!(Journal::parse(&file).unwrap().next(), journal.next());
        assert!(tag.failures <= 2);
    }
}

#[test]
fn a_step_that_is_refused_and_a_try_that_is_never_answered_have_limits() {
    let mut journal = Journal::begin(whole());
    for times in 0..REFUSALS_MAX {
        assert_eq!(journal.next(), Next::Step(Step::GetVersion), "{times}");
        journal.record(Entry::Intended(Step::GetVersion)).unwrap();
        journal.record(Entry::Refused(Step::GetVersion)).unwrap();
    }
    assert_eq!(journal.next(), Next::Stuck(Stuck::Refused(Step::GetVersion)));

    let mut journal = Journal::begin(whole());
    for step in [Step::GetVersion, Step::ReadSignature] {
        journal.record(Entry::Intended(step)).unwrap();
        journal.record(Entry::Confirmed(step)).unwrap();
    }
    for _ in 0..WRONG_TRIES_MAX {
        let Next::Authenticate(one) = journal.next() else { panic!("{:?}", journal.next()) };
        journal.record(Entry::Trying(one)).unwrap();
        journal.lose();
    }
    assert_eq!(journal.next(), Next::Stuck(Stuck::TooManyTries));
}

#[test]
fn what_does_not_follow_is_refused_and_changes_nothing() {
    let mut journal = Journal::begin(whole());
    let before = journal.clone();
    let one = Try { slot: KeySlot::MASTER, version: 3, mode: Mode::Aes };
    for entry in [
        Entry::Intended(Step::ChangeKey(KeySlot::MASTER)),
        Entry::Confirmed(Step::GetVersion),
        Entry::Refused(Step::GetVersion),
        Entry::Trying(one),
        Entry::Right(one),
        Entry::Wrong(one),
        Entry::Version { slot: KeySlot::MASTER, version: None },
    ] {
        assert_eq!(journal.record(entry), Err(JournalError::OutOfOrder(1)));
        assert_eq!(journal, before);
    }
}

#[test]
fn the_form_is_lines_of_json() {
    let plan = plan([true, false, false, false, false], &[Feature::RandomId]);
    let mut journal = Journal::begin(plan);
    let text = journal.header() + &journal.record(Entry::Intended(Step::GetVersion)).unwrap();
    let expected = concat!(
        r#"{"journal":1,"plan":{"uid":"04040404040404","keys":[{"now":3,"then":4},{"now":3,"then":3},"#,
        r#"{"now":3,"then":3},{"now":3,"then":3},{"now":3,"then":3}],"mode":"aes","features":["random_id"],"#,
        r#""content":"0101010101010101010101010101010101010101010101010101010101010101"}}"#,
        "\n",
        r#"{"intended":"get_version"}"#,
        "\n",
    );
    assert_eq!(text, expected);
    let slot = KeySlot::new(4).unwrap();
    let json = |entry: Entry| serde_json::to_string(&entry).unwrap();
    assert_eq!(json(Entry::Confirmed(Step::ChangeKey(slot))), r#"{"confirmed":{"change_key":4}}"#);
    let one = Try { slot, version: 1, mode: Mode::Lrp };
    assert_eq!(json(Entry::Wrong(one)), r#"{"wrong":{"slot":4,"version":1,"mode":"lrp"}}"#);

    assert_eq!(Journal::parse(""), Err(JournalError::Empty));
    assert_eq!(Journal::parse(expected.split('\n').next().unwrap()), Err(JournalError::Empty), "cut off");
    assert_eq!(
        Journal::parse(&expected.replace("\"journal\":1", "\"journal\":2")),
        Err(JournalError::Version(2))
    );
    let secret = format!("{expected}{{\"secret\":1}}\n");
    let fault = Journal::parse(&secret).unwrap_err();
    assert!(matches!(fault, JournalError::Malformed { line: 3, .. }), "{fault}");
    assert!(!fault.to_string().contains("secret"));
    let twice = format!("{expected}{{\"confirmed\":\"write_ndef\"}}\n");
    assert_eq!(Journal::parse(&twice), Err(JournalError::OutOfOrder(2)));
}

#[test]
fn a_journal_has_a_limit() {
    let mut journal = Journal::begin(whole());
    let mut text = journal.header();
    let full = loop {
        match journal.record(Entry::Intended(Step::GetVersion)) {
            Ok(line) => text += &line,
            Err(full) => break full,
        }
        journal.lose();
    };
    assert_eq!(full, JournalError::TooLong);
    assert_eq!(Journal::parse(&text).unwrap().text(), text);
    let padded = format!("{text}{}", " ".repeat(JOURNAL_BYTES_MAX - text.len()));
    assert!(Journal::parse(&padded).is_ok(), "at the limit, behind the last whole line");
    assert_eq!(Journal::parse(&format!("{padded} ")), Err(JournalError::TooLong));
}

proptest! {
    /// Wherever power fails, and however often, the tag is brought to its planned state, with at most one wrong
    /// try for each cut; and the journal that is read is the journal that was written.
    #[test]
    fn cuts_anywhere_leave_no_tag_half_way(
        changed in any::<[bool; 5]>(),
        on in prop::sample::subsequence(vec![Feature::TagTamper, Feature::Lrp, Feature::RandomId], 0..=3),
        says in prop::sample::select(vec![Says::Truth, Says::Lie, Says::Nothing]),
        cuts in prop::collection::vec((0..40usize, 0..4u8, 0..60usize), 0..8),
    ) {
        let plan = plan(changed, &on);
        let cuts: Vec<(usize, Cut)> = cuts.into_iter().map(|(at, kind, kept)| {
            let cut = [Cut::Writing(kept), Cut::Before, Cut::After, Cut::Unwritten][usize::from(kind)];
            (at, cut)
        }).collect();
        let (tag, file) = finish(&plan, says, &cuts);
        prop_assert!(tag.failures <= u32::try_from(cuts.len()).unwrap(), "{} {cuts:?}\n{file}", tag.failures);
        prop_assert!(tag.failures <= WRONG_TRIES_MAX);
        let journal = Journal::parse(&file).unwrap();
        prop_assert_eq!(journal.text(), file);
    }

    #[test]
    fn any_text_is_safe_to_read(text in "(\\{\"journal\":1,\"plan\":\\{\\}\\}|[ -~\n]{0,80}){0,4}") {
        let _ = Journal::parse(&text);
    }
}
