//! Provisioning of an NTAG 424 DNA in software: interrupted at every single step, and then recovered.

#![allow(clippy::unwrap_used, reason = "tests")]

use phygital_core::contactless::Step;
use phygital_core::contactless::apdu::Response;
use phygital_core::contactless::ntag424::{FILE_NDEF, Mode as TagMode};
use phygital_core::crypto::Secret;
use phygital_core::tap::SdmMode;
use phygital_core::tap::personalise::{
    Check, Difference, Do, Entry, Feature, Findings, Holding, Journal, KeySlot, Provisioning, Report,
    ResumeError, SlotKeyTable, SlotKeys, Stuck, Target, Trouble,
};
use phygital_core::tap::tag_setup::TagSetup;
use phygital_core::vocab::tag::TagUid;
use phygital_sim::{Answer, Dice, Ntag424, SoftCard, Tear};
use proptest::prelude::*;

const TEMPLATE: &str = "tap.example/l/STORE-0042?p={picc}&c={mac}";
const UID: TagUid = TagUid::new([0x04, 0xDE, 0x5F, 0x1E, 0xAC, 0xC0, 0x40]);

fn keys() -> SlotKeyTable {
    let set =
        |version, master| format!(r#"{{"version": {version}, "master_key": "{}", "picc_slot": 1}}"#, master);
    let [one, two] = ["c9eb67df090afc8ed0b4b15d0fd3d7f9", "00112233445566778899aabbccddeeff"];
    SlotKeyTable::from_json(&format!("[{}, {}]", set(1, one), set(2, two))).unwrap()
}

fn target(version: u8, features: &[Feature]) -> Target {
    let mode = if features.contains(&Feature::Lrp) { SdmMode::Lrp } else { SdmMode::Aes };
    let setup = TagSetup::from_text(TEMPLATE, mode).unwrap();
    let target = Target::new(setup, version).without_originality();
    features.iter().fold(target, |target, feature| target.switch_on(*feature))
}

fn blank() -> Ntag424 {
    Ntag424::new(UID, 7).tag_tamper()
}

/// Where power fails, counted over lines and commands of all attempts.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// The program dies while it writes a line, of which so many bytes are kept; or before it sends.
    Line(usize),
    /// The program dies when the line is on the disk; or when the answer is there.
    Whole,
    /// The tag leaves before the command took effect, and comes back.
    TagBefore,
    /// The tag leaves before its answer was heard, and comes back.
    TagAfter,
    /// Both: the tag left before its answer was heard, and the program died.
    BothAfter,
}

const CUTS: [Cut; 6] =
    [Cut::Line(0), Cut::Line(9), Cut::Whole, Cut::TagBefore, Cut::TagAfter, Cut::BothAfter];

/// A program with its disk, and a tag.
struct Bench<'k> {
    tag: Ntag424,
    disk: String,
    target: Target,
    keys: &'k SlotKeyTable,
    /// Keys and versions that the tag had at first.
    at_first: [(Secret<16>, u8); 5],
    dice: Dice,
    events: usize,
    cuts: Vec<(usize, Cut)>,
    named: Option<TagUid>,
}

#[derive(Debug)]
enum End {
    Died,
    Done(Report),
    Stuck(Trouble),
}

impl<'k> Bench<'k> {
    fn new(tag: Ntag424, target: Target, keys: &'k SlotKeyTable) -> Self {
        let at_first = [0, 1, 2, 3, 4].map(|slot| {
            let (key, version) = tag.key(slot).unwrap();
            (key.duplicate(), version)
        });
        let dice = Dice::new(11);
        Self { tag, disk: String::new(), target, keys, at_first, dice, events: 0, cuts: vec![], named: None }
    }

    fn cut(&mut self) -> Option<Cut> {
        let at = self.events;
        self.events += 1;
        assert!(at < 2000, "no end: {}", self.disk);
        self.cuts.iter().find(|(one, _)| *one == at).map(|(_, cut)| *cut)
    }

    fn start(&mut self) -> Provisioning<'k> {
        if !self.disk.contains('\n') {
            self.disk.clear();
            let run = Provisioning::begin(self.target.clone(), self.keys);
            return self.named.into_iter().fold(run, Provisioning::of_tag);
        }
        let journal = Journal::parse(&self.disk).unwrap();
        self.disk = journal.text();
        Provisioning::resume(journal, self.target.clone(), self.keys).unwrap()
    }

    /// One life of the program.
    fn live(&mut self) -> End {
        let mut run = self.start();
        self.tag.lose_power();
        self.tag.activate();
        loop {
            match run.next(Secret::take(&mut self.dice.bytes())) {
                Do::Write(line) => match self.cut() {
                    Some(Cut::Line(kept)) => {
                        self.disk += &line[..kept.min(line.len() - 1)];
                        return End::Died;
                    }
                    Some(Cut::Whole) => {
                        self.disk += &line;
                        return End::Died;
                    }
                    _ => self.disk += &line,
                },
                Do::Send(command) => {
                    let cut = self.cut();
                    match cut {
                        Some(Cut::Line(_)) => return End::Died,
                        Some(Cut::TagBefore) => self.tag.tear_at(0, Tear::BeforeEffect),
                        Some(Cut::TagAfter | Cut::BothAfter) => self.tag.tear_at(0, Tear::AfterEffect),
                        Some(Cut::Whole) | None => {}
                    }
                    let answer = self.tag.answer(&command.to_bytes());
                    self.keys_are_among_those_that_the_journal_names();
                    match (answer, cut) {
                        (_, Some(Cut::Whole | Cut::BothAfter)) => return End::Died,
                        (Answer::Bytes(bytes), _) => run.answer(&Response::parse(&bytes).unwrap()),
                        _ => {
                            run.lost();
                            self.tag.activate();
                        }
                    }
                }
                Do::Reactivate => {
                    run.lost();
                    self.tag.lose_power();
                    self.tag.activate();
                }
                Do::Done(report) => return End::Done(report),
                Do::Stuck(trouble) => return End::Stuck(trouble),
            }
        }
    }

    /// Lives until the tag is done.
    fn finish(&mut self) -> Report {
        loop {
            match self.live() {
                End::Died => {}
                End::Done(report) => return report,
                End::Stuck(trouble) => panic!("{trouble}: {:?}\n{}", self.cuts, self.disk),
            }
        }
    }

    /// The law: whatever happens, each slot holds a key that the journal on the disk names, or nothing was begun and the tag
    /// is as it was.
    fn keys_are_among_those_that_the_journal_names(&self) {
        let journal = self.disk.contains('\n').then(|| Journal::parse(&self.disk).unwrap());
        for (slot, (first, first_version)) in KeySlot::ALL.into_iter().zip(&self.at_first) {
            let (key, version) = self.tag.key(slot.number()).unwrap();
            let Some(journal) = &journal else {
                assert!(
                    key == first && version == *first_version,
                    "slot {slot} was changed without a journal"
                );
                continue;
            };
            let change = journal.plan().keys[usize::from(slot.number())];
            assert!([change.now, change.then].contains(&version), "slot {slot}: version {version}");
            let named = match version {
                _ if version == *first_version => first.duplicate(),
                0 => Secret::zeros(),
                version => self.keys.key(UID, slot, version).unwrap(),
            };
            assert!(*key == named, "slot {slot} has another key than its version says");
            // What the journal is sure of is so.
            match journal.recover().slots[usize::from(slot.number())] {
                Holding::Old => assert_eq!(version, change.now, "slot {slot}\n{}", self.disk),
                Holding::New => assert_eq!(version, change.then, "slot {slot}\n{}", self.disk),
                Holding::Either => {}
                Holding::Unknown => panic!("slot {slot} is lost\n{}", self.disk),
            }
        }
    }

    fn wrong_tries(&self) -> usize {
        let journal = Journal::parse(&self.disk).unwrap();
        journal.entries().iter().filter(|entry| matches!(entry, Entry::Wrong(_))).count()
    }
}

fn check(
    tag: &mut Ntag424,
    setup: &TagSetup,
    version: u8,
    keys: &SlotKeyTable,
    uid: Option<TagUid>,
) -> Findings {
    tag.lose_power();
    tag.activate();
    let check = Check::begin(setup, version, keys).without_originality();
    let mut check = uid.into_iter().fold(check, Check::of_tag);
    let mut dice = Dice::new(5);
    loop {
        match check.next(&Secret::take(&mut dice.bytes())) {
            Step::Done(found) => return found,
            Step::Send(command) => {
                let Answer::Bytes(bytes) = tag.answer(&command.to_bytes()) else { panic!("it answers") };
                check.answer(&Response::parse(&bytes).unwrap());
            }
        }
    }
}

/// The tag is what the target says, by its memory and by its own word.
fn is_as_planned(bench: &mut Bench<'_>, features: &[Feature]) {
    let version = bench.target.version();
    for slot in KeySlot::ALL {
        let (key, found) = bench.tag.key(slot.number()).unwrap();
        let expected = match version {
            0 => Secret::zeros(),
            version => bench.keys.key(UID, slot, version).unwrap(),
        };
        assert!(found == version && *key == expected, "slot {slot}: {:?}", bench.cuts);
    }
    let (file, _) = bench.tag.file(FILE_NDEF).unwrap();
    match bench.target.setup().cloned() {
        Some(setup) => {
            let expected = setup.ndef_file();
            assert_eq!(file[..expected.len()], expected, "{:?}", bench.cuts);
            assert!(file[expected.len()..].iter().all(|byte| *byte == 0));
            let found = check(&mut bench.tag, &setup, version, bench.keys, None);
            assert_eq!(found.differences, [], "{:?}", bench.cuts);
            assert_eq!(found.uid, Some(UID));
            assert_eq!(found.tap.unwrap().read_ctr().unwrap().get(), 1);
            assert!(found.url.unwrap().starts_with("https://tap.example/l/STORE-0042?p="));
        }
        None => assert!(features.is_empty() || !bench.tag.is_blank()),
    }
    assert_eq!(bench.tag.has_random_id(), features.contains(&Feature::RandomId));
    assert_eq!(bench.tag.mode() == TagMode::Lrp, features.contains(&Feature::Lrp));
}

/// A tag that was provisioned with version 1 and these features.
fn provisioned(keys: &SlotKeyTable, features: &[Feature]) -> Ntag424 {
    let mut bench = Bench::new(blank(), target(1, features), keys);
    bench.finish();
    bench.tag
}

/// Every single event, with every kind of cut.
fn cut_everywhere(make: impl Fn() -> Ntag424, target: &Target, features: &[Feature], named: Option<TagUid>) {
    let keys = keys();
    let mut quiet = Bench::new(make(), target.clone(), &keys);
    quiet.named = named;
    quiet.finish();
    let events = quiet.events;
    assert_eq!(quiet.wrong_tries(), 0);
    is_as_planned(&mut quiet, features);
    assert!(events > 20, "{events}");
    for at in 0..events {
        for cut in CUTS {
            let mut bench = Bench::new(make(), target.clone(), &keys);
            (bench.named, bench.cuts) = (named, vec![(at, cut)]);
            bench.finish();
            // Whether LRP mode was switched on, no version byte tells.
            assert!(bench.wrong_tries() <= 1, "{at} {cut:?}\n{}", bench.disk);
            is_as_planned(&mut bench, features);
        }
    }
}

#[test]
fn a_tag_in_aes_mode_interrupted_at_every_step() {
    cut_everywhere(blank, &target(1, &[]), &[], None);
}

#[test]
fn a_tag_that_goes_to_lrp_mode_interrupted_at_every_step() {
    cut_everywhere(blank, &target(1, &[Feature::Lrp]), &[Feature::Lrp], None);
}

#[test]
fn a_tag_that_hides_its_uid_interrupted_at_every_step() {
    let features = [Feature::TagTamper, Feature::RandomId];
    cut_everywhere(blank, &target(1, &features), &features, None);
}

#[test]
fn new_keys_for_a_provisioned_tag_interrupted_at_every_step() {
    let keys = keys();
    cut_everywhere(|| provisioned(&keys, &[]), &target(2, &[]), &[], None);
}

#[test]
fn a_reset_interrupted_at_every_step() {
    let keys = keys();
    cut_everywhere(|| provisioned(&keys, &[]), &Target::delivery(), &[], None);
    let mut bench = Bench::new(provisioned(&keys, &[]), Target::delivery(), &keys);
    let report = bench.finish();
    assert!(bench.tag.is_blank(), "but for what cannot be undone, which was not done");
    assert_eq!((report.versions, report.permanent), ([0; 5], vec![]));
}

#[test]
fn a_reset_of_a_hidden_tag_in_lrp_mode_says_what_stays() {
    let keys = keys();
    let features = [Feature::Lrp, Feature::RandomId];
    let mut unnamed = Bench::new(provisioned(&keys, &features), Target::delivery(), &keys);
    assert!(matches!(unnamed.live(), End::Stuck(Trouble::HiddenUid)));
    let mut bench = Bench::new(provisioned(&keys, &features), Target::delivery(), &keys);
    bench.named = Some(UID);
    let report = bench.finish();
    assert_eq!(report.permanent, features);
    is_as_planned(&mut bench, &features);
}

/// Another tag, with or without a UID that shows, is never written to, and never counted against the journal.
#[test]
fn another_tag_swapped_in_at_every_step() {
    let keys = keys();
    let other_uid = TagUid::new([0x04, 9, 9, 9, 9, 9, 9]);
    for features in [&[][..], &[Feature::RandomId]] {
        let mut quiet = Bench::new(blank(), target(1, features), &keys);
        quiet.finish();
        for at in 0..quiet.events {
            for hidden in [false, true] {
                let mut bench = Bench::new(blank(), target(1, features), &keys);
                bench.cuts = vec![(at, Cut::BothAfter)];
                if !matches!(bench.live(), End::Died) {
                    continue;
                }
                let begun = bench.disk.contains('\n');
                let mut other = Ntag424::new(other_uid, 3);
                if hidden {
                    let mut strange = Bench::new(other, target(1, &[Feature::RandomId]), &keys);
                    // Its keys are of another UID.
                    strange.finish_unchecked();
                    other = strange.tag;
                }
                let commands = other.commands();
                std::mem::swap(&mut bench.tag, &mut other);
                let before = bench.disk.clone();
                let [key, version] = [bench.tag.key(0).unwrap().0.duplicate(), Secret::zeros()];
                if begun {
                    let end = bench.live_unchecked();
                    let told = matches!(
                        end,
                        End::Stuck(Trouble::OtherTag { expected: UID } | Trouble::NotRecognised)
                    );
                    assert!(told, "{at}: {end:?}\n{}", bench.disk);
                    assert!(bench.tag.commands() > commands && *bench.tag.key(0).unwrap().0 == key);
                    assert_eq!(before, bench.disk, "the journal knows nothing of it");
                    drop(version);
                }
                std::mem::swap(&mut bench.tag, &mut other);
                bench.finish();
                is_as_planned(&mut bench, features);
            }
        }
    }
}

impl Bench<'_> {
    /// As [`Bench::live`] for a tag of another UID.
    fn live_unchecked(&mut self) -> End {
        let mut run = self.start();
        self.tag.lose_power();
        self.tag.activate();
        loop {
            match run.next(Secret::take(&mut self.dice.bytes())) {
                Do::Write(line) => self.disk += &line,
                Do::Send(command) => match self.tag.answer(&command.to_bytes()) {
                    Answer::Bytes(bytes) => run.answer(&Response::parse(&bytes).unwrap()),
                    _ => return End::Died,
                },
                Do::Reactivate => {
                    run.lost();
                    self.tag.activate();
                }
                Do::Done(report) => return End::Done(report),
                Do::Stuck(trouble) => return End::Stuck(trouble),
            }
        }
    }

    fn finish_unchecked(&mut self) {
        assert!(matches!(self.live_unchecked(), End::Done(_)));
    }
}

#[test]
fn a_tag_with_another_key_is_left_alone() {
    let keys = keys();
    let setup = TagSetup::from_text(TEMPLATE, SdmMode::Aes).unwrap();
    let strange = || {
        let keys = [9, 9, 9, 9, 9].map(|byte| Secret::take(&mut [byte; 16]));
        Ntag424::personalised(UID, 7, &setup, keys)
    };
    // It says version 1, and has another key.
    let mut bench = Bench::new(strange(), target(2, &[]), &keys);
    let end = bench.live_unchecked();
    assert!(matches!(end, End::Stuck(Trouble::Journal(Stuck::UnknownKey(KeySlot::MASTER)))), "{end:?}");
    assert_eq!(*bench.tag.key(0).unwrap().0, Secret::take(&mut [9; 16]));
    // It is not provisioned anew under its own version, since its counter would start over.
    let mut bench = Bench::new(strange(), target(1, &[]), &keys);
    assert!(matches!(bench.live_unchecked(), End::Stuck(Trouble::SameVersion { version: 1 })));
    assert!(bench.disk.is_empty());
    // Version 3 is nowhere.
    let few =
        SlotKeyTable::from_json(r#"{"version":2,"master_key":"00112233445566778899aabbccddeeff"}"#).unwrap();
    let mut bench = Bench::new(strange(), target(2, &[]), &few);
    let end = bench.live_unchecked();
    assert!(matches!(end, End::Stuck(Trouble::NoKey { slot: KeySlot::MASTER, version: 1 })), "{end:?}");
}

#[test]
fn what_is_no_tag_of_ours_is_refused_before_anything_is_written() {
    let keys = keys();
    let tag = || Ntag424::new(UID, 7);
    for (tag, target, code) in [
        (tag(), target(1, &[Feature::TagTamper]), "no_tamper_loop"),
        (tag(), Target::new(TagSetup::from_text(TEMPLATE, SdmMode::Lrp).unwrap(), 1), "mode"),
        (tag(), Target::new(TagSetup::from_text(TEMPLATE, SdmMode::Aes).unwrap(), 9), "no_key"),
    ] {
        let mut bench = Bench::new(tag, target, &keys);
        let End::Stuck(trouble) = bench.live_unchecked() else { panic!("{code}") };
        assert_eq!((trouble.code(), bench.disk.as_str()), (code, ""), "{trouble}");
        assert!(bench.tag.is_blank());
    }
    // The signature of a tag in software is nobody's.
    let setup = TagSetup::from_text(TEMPLATE, SdmMode::Aes).unwrap();
    let mut bench = Bench::new(tag(), Target::new(setup, 1), &keys);
    assert!(matches!(bench.live_unchecked(), End::Stuck(Trouble::NotOriginal)));
    assert!(bench.tag.is_blank());
    // A journal of another target.
    let journal = Journal::parse(&bench.disk).unwrap();
    let resumed = Provisioning::resume(journal.clone(), Target::delivery(), &keys);
    assert_eq!(resumed.err(), Some(ResumeError::Content));
    assert_eq!(Provisioning::resume(journal, target(2, &[]), &keys).err(), Some(ResumeError::Version));
}

#[test]
fn a_check_says_what_differs() {
    let keys = keys();
    let setup = |text: &str| TagSetup::from_text(text, SdmMode::Aes).unwrap();
    let mut tag = provisioned(&keys, &[]);
    let ours = setup(TEMPLATE);
    let found = check(&mut tag, &setup("tap.example/l/STORE-0043?p={picc}&c={mac}"), 1, &keys, None);
    assert_eq!(found.differences, [Difference::Url]);
    let found = check(
        &mut tag,
        &setup("{\"template\":\"tap.example/l/STORE-0042?p={picc}&c={mac}\",\"ctr_ret\":15}"),
        1,
        &keys,
        None,
    );
    assert_eq!(found.differences, [Difference::Settings { field: "dynamic messaging" }]);
    let found = check(&mut tag, &ours, 2, &keys, None);
    let versions = found
        .differences
        .iter()
        .filter(|one| matches!(one, Difference::KeyVersion { found: 1, expected: 2, .. }));
    assert_eq!(versions.count(), 5, "{found:?}");
    assert!(found.differences.iter().any(|one| matches!(one, Difference::Tap(_))), "{found:?}");
    let found = check(&mut tag, &ours, 1, &keys, Some(TagUid::new([1; 7])));
    assert_eq!(found.differences, [Difference::Uid]);
    let found = check(&mut blank(), &ours, 1, &keys, None);
    assert!(found.differences.contains(&Difference::NoUrl), "{found:?}");
    // A tag that hides its UID tells it by its message.
    let mut hidden = provisioned(&keys, &[Feature::RandomId]);
    let found = check(&mut hidden, &ours, 1, &keys, None);
    assert_eq!((found.uid, found.differences), (Some(UID), vec![]));
    // The versions fit, the keys do not.
    let strange = [9, 9, 9, 9, 9].map(|byte| Secret::take(&mut [byte; 16]));
    let mut strange = Ntag424::personalised(UID, 7, &ours, strange);
    let found = check(&mut strange, &ours, 1, &keys, None);
    let wrong = found.differences.iter().filter(|one| matches!(one, Difference::Key { .. })).count();
    assert_eq!(wrong, 5, "{found:?}");
    let lrp = TagSetup::from_text(TEMPLATE, SdmMode::Lrp).unwrap();
    assert!(!check(&mut tag, &lrp, 1, &keys, None).differences.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// However often and wherever it is cut, the tag ends provisioned, and its keys were known all the while.
    #[test]
    fn cuts_anywhere_leave_no_tag_half_way(
        on in prop::sample::subsequence(vec![Feature::TagTamper, Feature::Lrp, Feature::RandomId], 0..=3),
        cuts in prop::collection::vec((0..90usize, 0..CUTS.len()), 0..8),
    ) {
        let keys = keys();
        let mut bench = Bench::new(blank(), target(1, &on), &keys);
        bench.cuts = cuts.into_iter().map(|(at, cut)| (at, CUTS[cut])).collect();
        bench.finish();
        is_as_planned(&mut bench, &on);
        let wrong = bench.wrong_tries();
        prop_assert!(wrong <= bench.cuts.len(), "{wrong} {:?}\n{}", bench.cuts, bench.disk);
    }

    /// A card that answers anything: it ends, within a bounded journal, and nothing panics.
    #[test]
    fn a_hostile_card_ends_the_exchange(
        answers in prop::collection::vec(
            (
                prop::collection::vec(any::<u8>(), 0..40),
                prop::sample::select(vec![0x9000u16, 0x9100, 0x91AF, 0x9190, 0x91AE, 0x917E, 0x91AD, 0x6985, 0x6A82]),
                any::<bool>(),
            ),
            1..40,
        ),
        truth in 0..30usize,
    ) {
        let keys = keys();
        let mut bench = Bench::new(blank(), target(1, &[]), &keys);
        bench.tag.activate();
        let mut run = bench.start();
        let mut sent = 0;
        let mut lines = 0;
        let end = loop {
            match run.next(Secret::take(&mut bench.dice.bytes())) {
                Do::Write(_) => lines += 1,
                Do::Send(command) => {
                    sent += 1;
                    let (data, status, silent) = &answers[sent % answers.len()];
                    match bench.tag.answer(&command.to_bytes()) {
                        Answer::Bytes(bytes) if sent <= truth => run.answer(&Response::parse(&bytes).unwrap()),
                        _ if *silent && sent < 200 => run.lost(),
                        _ => run.answer(&Response::parse(&[&data[..], &status.to_be_bytes()].concat()).unwrap()),
                    }
                }
                Do::Reactivate => run.lost(),
                end => break end,
            }
            prop_assert!(sent < 3000 && lines < 3000);
        };
        prop_assert!(matches!(end, Do::Done(_) | Do::Stuck(_)));
        let setup = TagSetup::from_text(TEMPLATE, SdmMode::Aes).unwrap();
        let mut check = Check::begin(&setup, 1, &keys);
        let mut sent = 0;
        while let Step::Send(_) = check.next(&Secret::zeros()) {
            let (data, status, _) = &answers[sent % answers.len()];
            check.answer(&Response::parse(&[&data[..], &status.to_be_bytes()].concat()).unwrap());
            sent += 1;
            prop_assert!(sent < 3000);
        }
    }
}
