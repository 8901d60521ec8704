//! What the journal of a personalisation makes of arbitrary bytes, as a text and as the answers of a tag.

use phygital_core::tap::personalise::{Entry, Feature, Journal, KeySlot, Next, Plan};
use phygital_core::vocab::Digest;
use phygital_core::vocab::tag::TagUid;

/// Arbitrary bytes as a journal: what is read prints as it stood, and reads back equal. And as the answers of a
/// tag: a journal always ends, and what was written of it gives the same journal.
pub fn journal(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(journal) = Journal::parse(text)
    {
        let _ = (journal.next(), journal.recover());
        assert_eq!(Journal::parse(&journal.text()).expect("what was printed"), journal);
    }
    answers(data);
}

fn answers(data: &[u8]) {
    let mut plan = Plan::new(TagUid::new([4; 7]), Digest::from_bytes([1; 32])).switch_on(Feature::Lrp);
    for slot in KeySlot::ALL {
        plan = plan.change_key(slot, 0, 1);
    }
    let mut journal = Journal::begin(plan);
    let mut text = journal.header();
    let mut write = |journal: &mut Journal, entry| match journal.record(entry) {
        Ok(line) => text += &line,
        Err(error) => panic!("{error}: {entry:?}"),
    };
    for byte in data.iter().take(400) {
        let (before, yes, no) = match journal.next() {
            Next::Step(step) => (Entry::Intended(step), Entry::Confirmed(step), Entry::Refused(step)),
            Next::Authenticate(one) => (Entry::Trying(one), Entry::Right(one), Entry::Wrong(one)),
            Next::ReadKeyVersion(slot) => {
                write(&mut journal, Entry::Version { slot, version: (byte % 4).checked_sub(1) });
                continue;
            }
            Next::Done | Next::Stuck(_) => break,
        };
        write(&mut journal, before);
        match byte % 8 {
            0 => journal.lose(),
            1 | 2 => write(&mut journal, no),
            _ => write(&mut journal, yes),
        }
    }
    journal.lose();
    assert_eq!(Journal::parse(&text).expect("what was written"), journal);
}
