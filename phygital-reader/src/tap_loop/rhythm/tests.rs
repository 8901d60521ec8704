//! The loop's state machine in a world of its own, beside an oracle that looks at presences alone.

use std::collections::VecDeque;

use phygital_core::vocab::Digest;
use proptest::prelude::*;

use super::super::debounce::{Credential, Debounce};
use super::*;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Does one act after another with outcomes that a test gives.
struct Script {
    rhythm: Rhythm,
    now: Duration,
}

impl Script {
    fn new() -> Self {
        let mut this = Self { rhythm: Rhythm::new(false), now: Duration::ZERO };
        assert_eq!(this.act(Act::Open, 80, Outcome::Opened { broadcasts: true }), [Notice::Up]);
        this
    }

    /// Does what is expected next, which takes so long and ends so.
    fn act(&mut self, expected: Act, takes: u64, outcome: Outcome) -> Vec<Notice> {
        assert_eq!(self.rhythm.next(self.now), expected);
        self.now += ms(takes);
        self.rhythm.after(self.now, outcome)
    }

    fn waits(&mut self, millis: u64) {
        assert_eq!(self.act(Act::Wait(ms(millis)), millis, Outcome::Done), []);
    }

    fn reads(&mut self) {
        assert_eq!(self.act(Act::Poll(TICK), 4, Outcome::Found), []);
        assert_eq!(self.act(Act::Read, 70, Outcome::Read), []);
    }
}

#[test]
fn a_card_is_read_once_and_pinged_until_it_is_gone() {
    let mut script = Script::new();
    assert_eq!(script.act(Act::Poll(TICK), 100, Outcome::Nobody), []);
    script.reads();
    for present in [true, true, false, true, false] {
        script.waits(125);
        assert_eq!(script.act(Act::Ping, 3, Outcome::Present(present)), []);
    }
    let last = script.now - ms(3 + 125);
    script.waits(125);
    assert_eq!(script.act(Act::Ping, 51, Outcome::Present(false)), [Notice::Gone { last }]);
    assert_eq!(script.act(Act::Poll(TICK), 100, Outcome::Nobody), []);
}

#[test]
fn a_reader_that_gives_up_early_does_not_make_the_loop_spin() {
    let mut script = Script::new();
    assert_eq!(script.act(Act::Poll(TICK), 1, Outcome::Nobody), []);
    script.waits(99);
    assert_eq!(script.act(Act::Poll(TICK), 0, Outcome::Failed(LinkFault::Cancelled)), []);
    script.waits(100);
}

#[test]
fn polling_frames_go_between_the_polls() {
    let mut script = Script::new();
    script.rhythm.broadcasts = true;
    assert_eq!(script.act(Act::Poll(TICK), 100, Outcome::Nobody), []);
    assert_eq!(script.act(Act::Broadcast, 15, Outcome::Done), []);
    assert_eq!(script.act(Act::Poll(TICK), 100, Outcome::Nobody), []);
    assert_eq!(script.act(Act::Broadcast, 15, Outcome::Failed(LinkFault::Unsupported)), []);
    assert_eq!(script.act(Act::Poll(TICK), 100, Outcome::Nobody), []);
    assert_eq!(script.act(Act::Poll(TICK), 100, Outcome::Nobody), []);
}

#[test]
fn an_idle_reader_is_asked_for_a_sign_of_life() {
    let mut script = Script::new();
    for _ in 0..300 {
        assert_eq!(script.act(Act::Poll(TICK), 100, Outcome::Nobody), []);
    }
    assert_eq!(script.act(Act::Health, 3, Outcome::Done), []);
    assert_eq!(script.act(Act::Poll(TICK), 30_000, Outcome::Nobody), []);
    let down = [Notice::Down { retry_in: REOPEN_FIRST }];
    assert_eq!(script.act(Act::Health, 3, Outcome::Failed(LinkFault::Cancelled)), down);
    script.waits(200);
}

#[test]
fn pauses_grow_while_a_reader_does_not_stay() {
    let mut script = Script::new();
    let gone = Outcome::Failed(LinkFault::ReaderGone);
    for millis in [200, 400, 800] {
        let down = [Notice::Down { retry_in: ms(millis) }];
        assert_eq!(script.act(Act::Poll(TICK), 0, gone), down);
        script.waits(millis);
        assert_eq!(script.act(Act::Open, 80, Outcome::Opened { broadcasts: false }), [Notice::Up]);
    }
    assert_eq!(script.act(Act::Poll(TICK), 1000, gone), [Notice::Down { retry_in: ms(200) }]);
    for millis in [400, 800, 1600, 3200, 5000, 5000] {
        script.now += ms(5000);
        let busy = Outcome::Failed(LinkFault::Busy);
        assert_eq!(script.act(Act::Open, 1, busy), [Notice::Down { retry_in: ms(millis) }]);
    }
}

#[test]
fn a_card_that_falls_silent_is_tried_again_at_once_and_then_slowly() {
    let mut script = Script::new();
    let silent = Outcome::Failed(LinkFault::CardGone);
    for tried in 1..=3 {
        assert_eq!(script.act(Act::Poll(TICK), 4, Outcome::Found), []);
        let said = if tried == 3 { vec![Notice::Unreadable] } else { vec![] };
        assert_eq!(script.act(Act::Read, 60, silent), said);
        assert_eq!(script.act(Act::Release, 2, Outcome::Done), []);
    }
    // Selecting it costs it nothing.
    let mut polls = 0;
    while script.rhythm.next(script.now) == Act::Poll(TICK) {
        assert_eq!(script.act(Act::Poll(TICK), 4, Outcome::Found), []);
        if script.rhythm.next(script.now) == Act::Read {
            break;
        }
        script.waits(100);
        polls += 1;
    }
    assert_eq!(polls, 5);
    assert_eq!(script.act(Act::Read, 60, Outcome::Read), []);
}

#[test]
fn a_card_that_left_before_it_was_read_was_unreadable() {
    let mut script = Script::new();
    assert_eq!(script.act(Act::Poll(TICK), 4, Outcome::Found), []);
    assert_eq!(script.act(Act::Read, 60, Outcome::Failed(LinkFault::CardGone)), []);
    assert_eq!(script.act(Act::Release, 2, Outcome::Done), []);
    let last = script.now;
    assert_eq!(script.act(Act::Poll(TICK), 100, Outcome::Nobody), []);
    assert_eq!(script.act(Act::Poll(TICK), 100, Outcome::Nobody), []);
    let gone = [Notice::Unreadable, Notice::Gone { last }];
    assert_eq!(script.act(Act::Poll(TICK), 100, Outcome::Nobody), gone);
}

#[test]
fn what_cannot_be_read_is_not_read_again_and_an_owner_is_waited_for() {
    let mut script = Script::new();
    assert_eq!(script.act(Act::Poll(TICK), 4, Outcome::Found), []);
    assert_eq!(script.act(Act::Read, 60, Outcome::Unreadable), [Notice::Unreadable]);
    script.waits(125);
    assert_eq!(script.act(Act::Ping, 3, Outcome::Present(true)), []);
    let mut script = Script::new();
    for said in [vec![Notice::Unreadable], vec![]] {
        assert_eq!(script.act(Act::Poll(TICK), 4, Outcome::Found), []);
        assert_eq!(script.act(Act::Read, 60, Outcome::Owner), said);
        assert_eq!(script.act(Act::Release, 2, Outcome::Done), []);
        for _ in 0..9 {
            assert_eq!(script.act(Act::Poll(TICK), 4, Outcome::Found), []);
            script.waits(100);
        }
        script.now += ms(100);
    }
}

/// Where its answers were cut on the way, the second read gets them.
#[test]
fn a_card_that_gives_nothing_is_read_once_more() {
    for (second, said) in [(Outcome::Read, vec![]), (Outcome::Nothing, vec![Notice::Unreadable])] {
        let mut script = Script::new();
        assert_eq!(script.act(Act::Poll(TICK), 4, Outcome::Found), []);
        assert_eq!(script.act(Act::Read, 60, Outcome::Nothing), []);
        assert_eq!(script.act(Act::Release, 2, Outcome::Done), []);
        assert_eq!(script.act(Act::Poll(TICK), 4, Outcome::Found), []);
        assert_eq!(script.act(Act::Read, 60, second), said);
        script.waits(125);
        assert_eq!(script.act(Act::Ping, 3, Outcome::Present(true)), []);
    }
}

#[test]
fn a_card_that_lay_there_through_an_outage_is_the_same_or_gone() {
    let mut script = Script::new();
    script.reads();
    script.waits(125);
    let down = [Notice::Down { retry_in: ms(200) }];
    assert_eq!(script.act(Act::Ping, 1, Outcome::Failed(LinkFault::ReaderGone)), down);
    script.now += ms(60_000);
    assert_eq!(script.act(Act::Open, 80, Outcome::Opened { broadcasts: false }), [Notice::Up]);
    let last = script.now;
    assert_eq!(script.act(Act::Poll(TICK), 100, Outcome::Nobody), []);
    assert_eq!(script.act(Act::Poll(TICK), 100, Outcome::Nobody), []);
    assert_eq!(script.act(Act::Poll(TICK), 100, Outcome::Nobody), [Notice::Gone { last }]);
}

// --- a world ------------------------------------------------------------------------------------

/// Something is held to the reader from one time to another.
#[derive(Clone, Copy, Debug)]
struct Held {
    from: Duration,
    to: Duration,
    credential: u8,
}

/// What goes wrong with one act.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    /// The card is not heard.
    Deaf,
    /// The reader fails in this way.
    Reader(LinkFault),
}

struct World {
    now: Duration,
    held: Vec<Held>,
    /// By the presence during which, or before which, they happen.
    wrongs: Vec<VecDeque<Wrong>>,
    open: bool,
    /// The presence that was selected: one that came after it does not answer before it is selected itself.
    selected: Option<usize>,
}

impl World {
    fn there(&self, at: Duration) -> Option<usize> {
        self.held.iter().position(|held| (held.from..held.to).contains(&at))
    }

    /// What goes wrong now: while something is held, since faults cost nothing else.
    fn wrong(&mut self) -> Option<Wrong> {
        let there = self.there(self.now)?;
        self.wrongs[there].pop_front()
    }

    /// Does what the loop wants. Gives the credential that was read, too.
    fn does(&mut self, act: Act) -> (Outcome, Option<u8>) {
        let outcome = |outcome| (outcome, None);
        if let Act::Wait(pause) = act {
            self.now += pause;
            return outcome(Outcome::Done);
        }
        let wrong = self.wrong();
        if let Some(Wrong::Reader(fault)) = wrong {
            self.open = false;
            self.now += ms(20);
            return outcome(Outcome::Failed(fault));
        }
        let deaf = wrong.is_some();
        assert_eq!(
            self.open,
            act != Act::Open,
            "a reader is opened when it is not open, and used when it is"
        );
        match act {
            Act::Open => {
                self.now += ms(80);
                self.open = true;
                outcome(Outcome::Opened { broadcasts: true })
            }
            Act::Poll(within) => {
                let end = self.now + within;
                while self.now < end {
                    self.now += ms(5);
                    self.selected = self.there(self.now).filter(|_| !deaf);
                    if self.selected.is_some() {
                        return outcome(Outcome::Found);
                    }
                }
                outcome(Outcome::Nobody)
            }
            Act::Read => {
                let before = self.selected;
                self.now += ms(70);
                let after = self.there(self.now);
                match before.filter(|before| Some(*before) == after && !deaf) {
                    Some(there) => (Outcome::Read, Some(self.held[there].credential)),
                    None => {
                        self.now += ms(50);
                        outcome(Outcome::Failed(LinkFault::CardGone))
                    }
                }
            }
            Act::Ping => {
                let there = self.there(self.now).is_some_and(|there| Some(there) == self.selected) && !deaf;
                self.now += ms(if there { 3 } else { 51 });
                outcome(Outcome::Present(there))
            }
            Act::Broadcast | Act::Release | Act::Health | Act::Wait(_) => {
                self.now += ms(10);
                outcome(Outcome::Done)
            }
        }
    }
}

/// Runs the loop over a history; gives when each credential was a tap, and checks what it says on the way.
fn taps(held: &[Held], wrongs: &[Vec<Wrong>]) -> Vec<(Duration, u8)> {
    let wrongs = wrongs.iter().map(|wrongs| wrongs.iter().copied().collect()).collect();
    let mut world = World { now: Duration::ZERO, held: held.to_vec(), wrongs, open: false, selected: None };
    let mut rhythm = Rhythm::new(true);
    let mut debounce = Debounce::new(WINDOW);
    let mut taps = Vec::new();
    let mut announced = false;
    let end = held.last().unwrap().to + ms(20_000);
    while world.now < end {
        let began = world.now;
        let act = rhythm.next(world.now);
        let (outcome, credential) = world.does(act);
        assert!(world.now > began, "{act:?} took no time");
        if let Some(credential) = credential {
            announced = true;
            let digest = Credential(Digest::from_bytes([credential; 32]));
            if !debounce.is_again(rhythm.card_since().unwrap(), &[digest]) {
                taps.push((world.now, credential));
            }
        }
        for notice in rhythm.after(world.now, outcome) {
            match notice {
                Notice::Gone { last } => {
                    assert!(std::mem::take(&mut announced), "gone, and nobody knew that it came");
                    debounce.leave(last);
                }
                Notice::Unreadable => assert!(!std::mem::replace(&mut announced, true)),
                Notice::Up | Notice::Down { .. } => {}
            }
        }
    }
    assert!(!announced, "something is there still");
    taps
}

const WINDOW: Duration = ms(1500);

/// Presences that are long enough for whatever goes wrong in them: all the reader's pauses, the tries, a read.
const LONG_ENOUGH: Duration = ms(20_000);

fn wrong() -> impl Strategy<Value = Wrong> {
    prop_oneof![
        3 => Just(Wrong::Deaf),
        1 => Just(Wrong::Reader(LinkFault::ReaderGone)),
        1 => Just(Wrong::Reader(LinkFault::Timeout)),
    ]
}

proptest! {
    /// The oracle looks at the presences alone: each is a tap of its own, unless the same credential was there so
    /// shortly before that the window had not passed. Where the reader itself failed in between, it cannot know.
    #[test]
    fn each_presence_long_enough_is_one_tap(
        history in prop::collection::vec(
            (0..3u8, 0..10_000u64, any::<bool>(), prop::collection::vec(wrong(), 0..6)), 1..8),
    ) {
        let mut now = ms(500);
        let mut held = Vec::<Held>::new();
        let mut expected = Vec::new();
        for (index, (credential, longer, soon, wrongs)) in history.iter().enumerate() {
            let outage = wrongs.iter().any(|wrong| matches!(wrong, Wrong::Reader(_)));
            let soon = *soon && !outage;
            // An outage stretches the window: what left while the reader was away is gone when it looks again.
            now += if soon { ms(300) } else { ms(10_000 + longer) };
            let one = Held { from: now, to: now + LONG_ENOUGH + ms(*longer), credential: *credential };
            let again = soon && held.last().is_some_and(|before| before.credential == *credential);
            if !again {
                expected.push((index, *credential));
            }
            now = one.to;
            held.push(one);
        }
        let wrongs = history.into_iter().map(|(.., wrongs)| wrongs).collect::<Vec<_>>();
        let during = |at| held.iter().position(|held| (held.from..=held.to).contains(&at)).unwrap();
        let found = taps(&held, &wrongs).into_iter().map(|(at, credential)| (during(at), credential));
        prop_assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    /// However short a presence is and whatever goes wrong, it is one tap at most, of what was there.
    #[test]
    fn no_presence_is_two_taps(
        history in prop::collection::vec(
            (0..2u8, 1..2_000u64, 10_000..20_000u64, prop::collection::vec(wrong(), 0..6)), 1..12),
    ) {
        let mut now = ms(500);
        let mut held = Vec::new();
        for (credential, length, gap, _) in &history {
            held.push(Held { from: now, to: now + ms(*length), credential: *credential });
            now += ms(length + gap);
        }
        let wrongs = history.into_iter().map(|(.., wrongs)| wrongs).collect::<Vec<_>>();
        let mut left = held.clone();
        for (at, credential) in taps(&held, &wrongs) {
            // It was read while it was there, so no later than its end.
            let of = left.iter().position(|held| (held.from..=held.to).contains(&at));
            prop_assert_eq!(of.map(|of| left.remove(of).credential), Some(credential));
        }
    }
}
