//! Laws of dialogues: over topics made by chance, and whatever is texted.

use std::time::Duration;

use proptest::prelude::*;

use super::dialogue::{Heard, Next, Scene, Turn};
use super::proposal::Proposal;
use super::talk::{Handler, Talk};
use super::topic::Topic;
use crate::event::kinds::conversation::{AttributeStated, ConversationHandedBack};
use crate::event::kinds::decisions::TopicOpened;
use crate::event::{Body, Event, FoldKey, Origin, Recorded};
use crate::profile::Profile;
use crate::vocab::{DeviceId, EventId, Hlc, Identifier, Personal, SourceId, Timestamp};

const FITTING: &str = include_str!("../../../examples/topics/fitting.json");
const HOUR: Duration = Duration::from_secs(3_600);

/// A customer, a brand, a clock.
struct Play {
    topic: Topic,
    profile: Profile,
    talk: Option<Talk>,
    now: Timestamp,
    events: Vec<Recorded>,
}

impl Play {
    fn new(topic: &str) -> Play {
        let now = Timestamp::parse("2026-11-22T12:00:00Z").expect("a time");
        let topic = Topic::from_json(topic).expect("sound");
        Play { topic, profile: Profile::default(), talk: None, now, events: Vec::new() }
    }

    fn contact() -> Identifier {
        "phone:+15105550199".parse().expect("a number")
    }

    /// Records an event, which takes a second.
    fn record(&mut self, body: impl Into<Body>) {
        self.now = self.now.saturating_add(Duration::from_secs(1));
        let n = self.events.len() as u64 + 1;
        let (source, id) = (SourceId::new("s"), EventId::new(format!("e-{n}")));
        let event = Event::new(source.expect("an id"), id.expect("an id"), self.now, body);
        let hlc = Hlc::ZERO.tick(self.now).expect("a clock");
        let recorded = Recorded {
            fold: FoldKey::of(&event, hlc),
            origin: Origin { device: DeviceId::from_bytes([1; 16]), epoch: 1, seq: n },
            event,
            hlc,
            received_at: self.now,
        };
        self.profile.apply(&recorded);
        Talk::fold(&mut self.talk, &recorded.event.body, recorded.fold);
        self.events.push(recorded);
    }

    fn state(&mut self, attribute: &str, value: &str) {
        self.record(AttributeStated::new(attribute.into(), Personal::new(value)));
    }

    fn with_scene<T>(&self, look: impl FnOnce(Scene<'_>) -> T) -> T {
        let talk = self.talk.clone().unwrap_or_default();
        look(Scene::new(&self.topic, &talk, &self.profile, "Maison Ada", self.now))
    }

    /// Records a turn, and says what was said.
    fn take(&mut self, turn: Option<Turn>) -> Option<String> {
        let turn = turn?;
        let started_at = self.with_scene(|scene| scene.started_at);
        for fact in &turn.facts {
            self.record(fact.clone());
        }
        for body in turn.events(&Play::contact(), self.topic.id(), started_at, None) {
            self.record(body);
        }
        Some(turn.say.reveal().to_owned())
    }

    fn begin(&mut self, language: &str) -> Option<String> {
        let turn = self.with_scene(|scene| scene.begin(Some(language)))?;
        let mut opened = TopicOpened::new(Play::contact(), self.topic.id().clone(), self.now);
        opened.language = Some(turn.language.clone());
        self.record(opened);
        self.take(Some(turn))
    }

    fn text(&mut self, body: &str) -> Option<String> {
        self.now = self.now.saturating_add(Duration::from_secs(60));
        let turn = self.with_scene(|scene| scene.hear(&Heard::new(body, self.now)));
        self.take(turn)
    }

    fn back(&mut self) -> Option<String> {
        self.record(ConversationHandedBack::new(Play::contact()));
        let turn = self.with_scene(|scene| scene.resume());
        self.take(turn)
    }

    fn is_open(&self) -> bool {
        self.talk.as_ref().is_some_and(|talk| talk.open().is_some())
    }

    fn fact(&self, attribute: &str) -> Option<&str> {
        self.profile.fact(attribute, self.now).map(|fact| fact.value.reveal())
    }

    /// Which questions were asked, and why again.
    fn asked(&self) -> Vec<(String, Option<String>)> {
        let asked = self.events.iter().filter_map(|recorded| match &recorded.event.body {
            Body::QuestionAsked(asked) => Some((asked.question.clone(), asked.again.clone())),
            _ => None,
        });
        asked.collect()
    }
}

#[test]
fn a_fitting_is_talked_through() {
    let mut play = Play::new(FITTING);
    play.state("first_name", "Ada");
    assert_eq!(
        play.begin("en-GB").as_deref(),
        Some(
            "Maison Ada: hello Ada, a few questions before your fitting. Say skip to pass.\nWhat is your shoe size (EU, or say UK 6)?"
        )
    );
    assert!(play.text("hmm").is_some_and(|said| said.starts_with("Sorry, which size")));
    assert_eq!(play.text("38 and a half").as_deref(), Some("What is it for? 1 work, 2 a party, 3 a wedding"));
    assert_eq!(play.text("3").as_deref(), Some("How lovely. On which day is the wedding?"));
    assert_eq!(play.text("12 June").as_deref(), Some("Noted: 2027-06-12. A stylist will write to you here."));
    assert_eq!(play.talk.as_ref().map(Talk::handler), Some(Handler::Person));
    assert_eq!(play.text("is lunch included?"), None, "a person answers");
    assert_eq!(play.back().as_deref(), Some("Shall we set size 38.5 aside for you?"));
    assert_eq!(play.text("Yes please!").as_deref(), Some("They wait for you.\nThank you, see you soon!"));
    assert!(!play.is_open());
    assert_eq!(play.text("yes"), None, "nothing waits");
    for (attribute, value) in
        [("size.shoes", "38.5"), ("occasion", "wedding"), ("wedding_day", "2027-06-12"), ("set_aside", "yes")]
    {
        assert_eq!(play.fact(attribute), Some(value));
    }
    let fact = play.profile.fact("size.shoes", play.now).expect("stated");
    assert_eq!(fact.unit.as_deref(), Some("eu"));
    assert_eq!(fact.sentence.as_ref().map(Personal::reveal), Some("38 and a half"));
}

#[test]
fn what_any_channel_knows_is_not_asked() {
    let mut play = Play::new(FITTING);
    play.state("size.shoes", "41");
    assert!(play.begin("de").is_some_and(|said| said.ends_with("3 Hochzeit")));
    // She says it at the till before she answers.
    play.state("set_aside", "no");
    assert_eq!(play.text("Arbeit").as_deref(), Some("Danke, bis bald!"));
    // Nothing is left to ask: nothing is said.
    assert_eq!(play.begin("de"), None);
    // After two weeks she may think otherwise, after 60 days the occasion is another one.
    play.now = play.now.saturating_add(HOUR * 24 * 15);
    assert!(play.begin("de").is_some_and(|said| said.ends_with("Gr\u{f6}\u{df}e 41 zur\u{fc}cklegen?")));
    play.now = play.now.saturating_add(HOUR * 24 * 60);
    assert!(play.begin("de").is_some_and(|said| said.ends_with("3 Hochzeit")));
}

#[test]
fn a_guess_and_a_faded_fact_are_asked_about() {
    let mut guess = AttributeStated::new("size.shoes".into(), Personal::new("41"));
    guess.confidence = Some(40);
    let asks_first = |fact: &AttributeStated, days: u32| {
        let mut play =
            Play::new(&FITTING.replace("\"fades_percent_a_year\": 10", "\"fades_percent_a_year\": 30"));
        play.record(fact.clone());
        play.now = play.now.saturating_add(HOUR * 24 * days);
        play.begin("en");
        play.asked()[0].0 == "shoes"
    };
    assert!(asks_first(&guess, 0));
    guess.confidence = Some(70);
    assert!(!asks_first(&guess, 243) && asks_first(&guess, 256), "70 - 20 percent after eight months");
    guess.confidence = None;
    assert!(!asks_first(&guess, 600) && asks_first(&guess, 731), "older than answers hold");
}

#[test]
fn late_and_early_texts_are_not_answers() {
    let mut play = Play::new(FITTING);
    play.begin("en");
    let hear =
        |play: &Play, at: Timestamp| play.with_scene(|scene| scene.hear(&Heard::new("38", at))).is_some();
    let asked = play.talk.as_ref().and_then(|talk| talk.pending()).expect("waits").asked.clone();
    assert!(!hear(&play, asked.at.at.saturating_sub(Duration::from_micros(1))));
    assert!(hear(&play, asked.at.at));
    let end = asked.expires_at.expect("a run ends");
    assert!(hear(&play, end.saturating_sub(Duration::from_micros(1))) && !hear(&play, end));
}

#[test]
fn silence_is_met_once_and_then_ends() {
    let mut play = Play::new(FITTING);
    play.begin("en");
    let due = |play: &Play| play.with_scene(|scene| scene.due());
    let silence = |play: &Play| play.with_scene(|scene| scene.silence());
    assert_eq!(silence(&play), None);
    play.now = due(&play).expect("waits");
    let turn = silence(&play);
    assert!(play.take(turn).is_some_and(|said| said.starts_with("What is your shoe size")));
    assert_eq!(play.asked().last(), Some(&("shoes".to_owned(), Some("silence".to_owned()))));
    play.now = due(&play).expect("waits for the end");
    let turn = silence(&play).expect("time");
    assert_eq!(turn.next, Next::Closed { outcome: "silent" });
    play.take(Some(turn));
    assert_eq!((play.is_open(), due(&play)), (false, None));
    // What came another way while she kept still is not asked about again.
    let mut play = Play::new(FITTING);
    play.begin("en");
    play.state("size.shoes", "40");
    play.now = due(&play).expect("waits");
    let turn = silence(&play);
    assert!(play.take(turn).is_some_and(|said| said.starts_with("What is it for?")));
}

#[test]
fn what_stays_unclear_goes_to_a_person_or_is_let_be() {
    let mut play = Play::new(FITTING);
    play.begin("en");
    assert!(play.text("dunno 41/42").is_some());
    assert_eq!(play.text("blue").as_deref(), Some(""));
    assert_eq!(play.talk.as_ref().map(Talk::handler), Some(Handler::Person));
    assert!(play.back().is_some_and(|said| said.starts_with("What is your shoe size")));
    assert!(play.text("skip").is_some_and(|said| said.starts_with("What is it for?")));
    assert_eq!(play.text("do you open on Sundays?").as_deref(), Some(""), "a person has to answer");
    play.back();
    play.text("hmm");
    assert_eq!(play.text("hmm").as_deref(), Some("Shall we set a few pairs aside for you?"));
    let last = play.asked().last().cloned();
    assert_eq!(last, Some(("keep".to_owned(), None)));
}

#[test]
fn a_proposal_counts_where_no_rule_reads_the_text() {
    let mut play = Play::new(FITTING);
    play.begin("en");
    let now = play.now.saturating_add(HOUR);
    let hear = |play: &Play, text: &str, proposal: &Proposal| {
        play.with_scene(|scene| scene.hear_with(&Heard::new(text, now), Some(proposal))).expect("waits")
    };
    let fact = |turn: &Turn| turn.facts.first().map(|fact| (fact.value.reveal().to_owned(), fact.confidence));
    let turn = hear(&play, "the one my sister has", &Proposal::answer("38.5 eu"));
    assert_eq!(fact(&turn), Some(("38.5".to_owned(), Some(60))));
    assert_eq!(turn.facts[0].sentence.as_ref().map(Personal::reveal), Some("the one my sister has"));
    // What she says plainly counts, what the type does not read is dropped.
    assert_eq!(fact(&hear(&play, "38", &Proposal::answer("41"))), Some(("38".to_owned(), Some(100))));
    for odd in ["80", "large", "", "38 or 39", "STOP"] {
        let turn = hear(&play, "hmm", &Proposal::answer(odd));
        assert!(
            turn.facts.is_empty() && matches!(turn.next, Next::Asked { again: Some("unclear"), .. }),
            "{odd}"
        );
    }
    let turn = hear(&play, "hmm", &Proposal::HandOver);
    assert_eq!(turn.next, Next::HandedOver { reason: "model", step: None });
    assert_eq!(hear(&play, "skip", &Proposal::answer("41")).left, Some(("shoes".to_owned(), "declined")));
}

/// A topic of up to eight steps, each of which leads to later ones.
fn topics() -> impl Strategy<Value = String> {
    let step = (0..4_u8, 0..3_u8, any::<[prop::sample::Index; 2]>(), 0..3_u8, 1..3_u32);
    prop::collection::vec(step, 1..8).prop_map(|steps| {
        let count = steps.len();
        let mut made: Vec<(serde_json::Value, Vec<usize>)> = Vec::new();
        for (place, (kind, attribute, targets, condition, tries)) in steps.iter().enumerate() {
            let later = |index: &prop::sample::Index| place + 1 + index.index(count - place);
            let to = |target: usize| if target >= count { "end".to_owned() } else { format!("s{target}") };
            let (one, other) = (later(&targets[0]), later(&targets[1]));
            // The first step is always reached, so its answer is a field where it asks.
            let field = if steps[0].0 < 2 { "s0".to_owned() } else { format!("f{attribute}") };
            let condition = match condition {
                0 => Some(serde_json::json!({"known": field})),
                1 => Some(serde_json::json!({"not": {"field": field, "is": "yes"}})),
                _ => None,
            };
            let then = match &condition {
                Some(when) => serde_json::json!([{"if": when, "to": to(one)}, {"to": to(other)}]),
                None => serde_json::json!(to(one)),
            };
            let leads = if condition.is_some() { vec![one, other] } else { vec![one] };
            let step = match kind {
                0 | 1 => serde_json::json!({
                    "ask": format!("ask {place}"), "attribute": format!("a{attribute}"), "answer": {"type": "yes_no"},
                    "valid_days": 30, "tries": tries, "unclear": if *kind == 0 { "leave" } else { "person" }, "then": then,
                }),
                2 => serde_json::json!({"say": format!("say {place}"), "then": then}),
                _ => serde_json::json!({"hand_over": true, "then": then}),
            };
            made.push((step, leads));
        }
        let mut reached = vec![false; count + 1];
        reached[0] = true;
        for place in 0..count {
            if reached[place] {
                made[place].1.iter().for_each(|to| reached[*to] = true);
            }
        }
        let steps: serde_json::Map<String, serde_json::Value> = made
            .into_iter()
            .enumerate()
            .filter(|(place, _)| reached[*place])
            .map(|(place, (step, _))| (format!("s{place}"), step))
            .collect();
        serde_json::json!({
            "version": 1, "id": "t", "languages": ["en"], "remind": {"after_hours": 24, "times": 2},
            "fields": {"f0": "a0", "f1": "a1", "f2": "a2"}, "start": "s0", "steps": steps,
        })
        .to_string()
    })
}

/// What the world does: texts, a fact from another channel, a person who gives back, time.
#[derive(Debug, Clone)]
enum Deed {
    Text(String),
    Fact(u8, &'static str),
    Back,
    Wait(u32),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => "(yes|no|skip|hmm|yes and no|why[?]|\\PC{0,6})".prop_map(Deed::Text),
        1 => (0..3_u8, prop_oneof![Just("yes"), Just("no")]).prop_map(|(attribute, value)| Deed::Fact(attribute, value)),
        1 => Just(Deed::Back),
        1 => (1..60_u32).prop_map(Deed::Wait),
    ];
    prop::collection::vec(deed, 0..24)
}

impl Play {
    fn do_one(&mut self, deed: &Deed) {
        match deed {
            Deed::Text(text) => drop(self.text(text)),
            Deed::Fact(attribute, value) => self.state(&format!("a{attribute}"), value),
            Deed::Back => drop(self.back()),
            Deed::Wait(hours) => {
                self.now = self.now.saturating_add(HOUR * *hours);
                let turn = self.with_scene(|scene| scene.silence());
                self.take(turn);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever happens, nothing is asked whose answer is in force, nothing is asked twice but for a stated reason, and what
    /// was asked is bounded.
    #[test]
    fn nothing_is_asked_twice(topic in topics(), deeds in deeds(), language in prop_oneof![Just("en"), Just("fr")]) {
        let mut play = Play::new(&topic);
        play.begin(language);
        for deed in &deeds {
            let before = play.events.len();
            let known: Vec<String> = play.topic.questions()
                .filter(|(_, question)| play.profile.fact(&question.attribute, play.now).is_some_and(|fact| question.is_in_force(fact, play.now)))
                .map(|(name, _)| name.to_owned())
                .collect();
            play.do_one(deed);
            for recorded in &play.events[before..] {
                // While time passed, an answer may have expired.
                if let Body::QuestionAsked(asked) = &recorded.event.body {
                    prop_assert!(!known.contains(&asked.question) || matches!(deed, Deed::Wait(_)), "{} of {topic}", asked.question);
                }
            }
        }
        let asked = play.asked();
        for (name, question) in play.topic.questions() {
            let of = |why: Option<&str>| asked.iter().filter(|(asked, again)| asked == name && again.as_deref() == why).count();
            prop_assert!(of(None) <= 1);
            prop_assert!(of(Some("unclear")) < question.tries as usize);
            prop_assert!(of(Some("silence")) <= 2);
        }
    }

    /// Every topic that is sound ends: after so many turns that each question can take, or when its time is over.
    #[test]
    fn every_topic_ends(topic in topics(), texts in prop::collection::vec("(yes|no|skip|hmm|why[?])", 1..40)) {
        let mut play = Play::new(&topic);
        if play.begin("en").is_none() {
            return Ok(());
        }
        let mut texts_left = texts.iter().cycle().take(200);
        while play.is_open() {
            if play.talk.as_ref().map(Talk::handler) == Some(Handler::Person) {
                play.back();
            } else {
                let Some(text) = texts_left.next() else { break };
                play.text(text);
            }
        }
        let talk = play.talk.clone().unwrap_or_default();
        let only_questions = texts.iter().all(|text| ["why?", "hmm"].contains(&text.as_str()));
        prop_assert!(!play.is_open() || only_questions, "{topic} waits for {:?}", talk.pending());
        // Whoever only asks, or says nothing, is let be in the end.
        if talk.handler() == Handler::Person {
            play.back();
        }
        for _ in 0..8 {
            if let Some(due) = play.with_scene(|scene| scene.due()) {
                play.now = due;
                let turn = play.with_scene(|scene| scene.silence());
                play.take(turn);
            }
        }
        prop_assert!(!play.is_open());
    }

    /// The same events give the same state, and so the same next turn, in whatever order they arrive.
    #[test]
    fn the_order_of_arrival_does_not_matter(topic in topics(), deeds in deeds(), seed in any::<u64>()) {
        let mut play = Play::new(&topic);
        play.begin("en");
        deeds.iter().for_each(|deed| play.do_one(deed));
        let mut events = play.events.clone();
        let mix = |n: u64| (n ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23).wrapping_mul(seed | 1);
        events.sort_by_key(|recorded| mix(recorded.origin.seq));
        let mut talk = None;
        events.iter().for_each(|recorded| Talk::fold(&mut talk, &recorded.event.body, recorded.fold));
        prop_assert_eq!(&talk, &play.talk);
        events.sort_by_key(|recorded| recorded.fold);
        let mut profile = Profile::default();
        events.iter().for_each(|recorded| profile.apply(recorded));
        prop_assert_eq!(&profile, &play.profile);
        let other = Play { topic: play.topic.clone(), profile, talk, now: play.now, events };
        let next = |play: &Play| play.with_scene(|scene| (scene.resume(), scene.due(), scene.hear(&Heard::new("yes", play.now))));
        prop_assert_eq!(next(&other), next(&play));
    }
}
