//! The driver that provisions a tag, and the check of one, against a tag that is torn away and lies. Plain functions, so
//! that the corpus runs as a test too.

use phygital_core::contactless::Step;
use phygital_core::contactless::apdu::Response;
use phygital_core::crypto::Secret;
use phygital_core::tap::SdmMode;
use phygital_core::tap::personalise::{
    Check, Do, Feature, Journal, KeySlot, Provisioning, SlotKeyTable, SlotKeys, Target,
};
use phygital_core::tap::tag_setup::TagSetup;
use phygital_core::vocab::tag::TagUid;
use phygital_sim::{Answer, Dice, Ntag424, SoftCard, Tear};

const UID: TagUid = TagUid::new([0x04, 0xDE, 0x5F, 0x1E, 0xAC, 0xC0, 0x40]);
const KEYS: &str = r#"{"version": 1, "master_key": "c9eb67df090afc8ed0b4b15d0fd3d7f9", "picc_slot": 1}"#;
const TEMPLATE: &str = "tap.example/t?p={picc}&c={mac}";

/// Most commands and lines of all lives of the program: each loses the tag or the power once at most, and a life without
/// either is short.
const EVENTS_MAX: usize = 6_000;

/// Most steps that the script tells; then the tag is honest.
const SCRIPT_MAX: usize = 96;

/// A byte that says what the tag is to become, then what happens at each command and line, a byte each. Whatever a tag
/// answers, the driver comes to an end, its journal reads back, and each slot of the tag has a key that the journal names.
pub fn provisioning(data: &[u8]) {
    let [how, script @ ..] = data else { return };
    let keys = SlotKeyTable::from_json(KEYS).expect("a set of keys");
    let mut target = match how & 1 {
        0 => Target::new(setup(how & 4 != 0), 1).without_originality(),
        _ => Target::delivery(),
    };
    for (bit, feature) in [(2, Feature::TagTamper), (4, Feature::Lrp), (8, Feature::RandomId)] {
        if how & 1 == 0 && how & bit != 0 {
            target = target.switch_on(feature);
        }
    }
    let mut bench = Bench {
        tag: Ntag424::new(UID, 7).tag_tamper(),
        script: script[..script.len().min(SCRIPT_MAX)].iter(),
        dice: Dice::new(11),
        disk: String::new(),
        events: 0,
        lied: false,
    };
    bench.tag.activate();
    while !bench.life(&target, &keys, how & 16 != 0) {
        bench.tag.lose_power();
        bench.tag.activate();
    }
    bench.keys_are_named(&keys);
    checking(bench, &keys, how & 4 != 0);
}

fn setup(is_lrp: bool) -> TagSetup {
    let mode = if is_lrp { SdmMode::Lrp } else { SdmMode::Aes };
    TagSetup::from_text(TEMPLATE, mode).expect("a template")
}

/// A tag, a disk, and what happens to both.
struct Bench<'s> {
    tag: Ntag424,
    script: std::slice::Iter<'s, u8>,
    dice: Dice,
    disk: String,
    events: usize,
    /// Whether an answer was not the tag's own.
    lied: bool,
}

impl Bench<'_> {
    /// What happens next: nothing where the script is over.
    fn event(&mut self) -> u8 {
        self.events += 1;
        assert!(self.events < EVENTS_MAX, "no end:\n{}", self.disk);
        self.script.next().copied().unwrap_or(0)
    }

    /// The tag's answer, or another one, or none.
    fn answer(&mut self, event: u8, command: &[u8]) -> Option<Vec<u8>> {
        match event % 8 {
            4 => self.tag.tear_at(0, Tear::BeforeEffect),
            5 => self.tag.tear_at(0, Tear::AfterEffect),
            _ => {}
        }
        let Answer::Bytes(mut answer) = self.tag.answer(command) else { return None };
        if event % 8 == 6 {
            self.lied = true;
            match event >> 6 {
                // Another status word, a longer answer, a shorter one, another byte.
                0 => {
                    answer.truncate(answer.len() - 2);
                    answer.extend(
                        [[0x91, 0xAE], [0x6A, 0x82], [0x91, 0xAF], [0x91, 0x1E]][usize::from(event >> 4 & 3)],
                    );
                }
                1 => drop(answer.splice(..0, vec![event; usize::from(event >> 3 & 7)])),
                2 => drop(answer.drain(..answer.len().saturating_sub(2).min(usize::from(event >> 3 & 7)))),
                _ => answer[0] ^= event,
            }
        }
        Some(answer)
    }

    /// One life of the program; whether it came to an end of its own.
    fn life(&mut self, target: &Target, keys: &SlotKeyTable, named: bool) -> bool {
        let mut run = match self.disk.contains('\n') {
            true => {
                let journal = Journal::parse(&self.disk).expect("what was written");
                self.disk = journal.text();
                Provisioning::resume(journal, target.clone(), keys).expect("of the same target")
            }
            false => {
                self.disk.clear();
                let run = Provisioning::begin(target.clone(), keys);
                if named { run.of_tag(UID) } else { run }
            }
        };
        loop {
            match run.next(Secret::take(&mut self.dice.bytes())) {
                Do::Write(line) => {
                    let event = self.event();
                    if event % 8 == 7 {
                        let kept = usize::from(event >> 3).min(line.len() - 1);
                        self.disk += &line[..kept];
                        return false;
                    }
                    self.disk += &line;
                }
                Do::Send(command) => {
                    let event = self.event();
                    if event % 8 == 7 {
                        return false;
                    }
                    let answer = self.answer(event, &command.to_bytes());
                    match answer.as_deref().and_then(|answer| Response::parse(answer).ok()) {
                        Some(response) => run.answer(&response),
                        None => {
                            run.lost();
                            self.tag.lose_power();
                            self.tag.activate();
                        }
                    }
                }
                Do::Reactivate => {
                    run.lost();
                    self.tag.lose_power();
                    self.tag.activate();
                }
                Do::Done(report) => {
                    assert!(self.lied || report.uid == UID);
                    return true;
                }
                Do::Stuck(trouble) => {
                    let _ = format!("{trouble} {trouble:?}");
                    return true;
                }
            }
        }
    }

    /// No lie makes the driver put a key on the tag that nobody knows.
    fn keys_are_named(&self, keys: &SlotKeyTable) {
        for slot in KeySlot::ALL {
            let (key, version) = self.tag.key(slot.number()).expect("a slot");
            let named = match version {
                0 => Secret::zeros(),
                version => keys.key(UID, slot, version).expect("the driver's own"),
            };
            assert!(*key == named, "slot {slot} has another key than its version says:\n{}", self.disk);
        }
    }
}

/// The check of what the tag became, by the rest of the script.
fn checking(mut bench: Bench<'_>, keys: &SlotKeyTable, is_lrp: bool) {
    bench.tag.lose_power();
    bench.tag.activate();
    let setup = setup(is_lrp);
    let mut check = Check::begin(&setup, 1, keys).without_originality();
    loop {
        match check.next(&Secret::take(&mut bench.dice.bytes())) {
            Step::Done(found) => {
                let _ = format!("{found:?}");
                return;
            }
            Step::Send(command) => {
                let event = bench.event();
                let answer = bench.answer(event, &command.to_bytes()).unwrap_or_else(|| vec![0x6F, 0x00]);
                match Response::parse(&answer) {
                    Ok(response) => check.answer(&response),
                    Err(_) => return,
                }
            }
        }
    }
}
