//! Plays the month: one act after the other, each through the engine's own doors.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use phygital_core::engine::{
    Engine, Error as EngineError, Explanation, Recognition, TapOutcome, TapRefused, TapRequest,
};
use phygital_core::event::kinds::conversation::{MessageReceived, MessageSent};
use phygital_core::event::{Body, Event};
use phygital_core::log;
use phygital_core::machine::{Action, Outcome};
use phygital_core::optin::Platform;
use phygital_core::profile::Role;
use phygital_core::vocab::limits::BATCH_EVENTS_MAX;
use phygital_core::vocab::{EventId, Identifier, MessageId, Personal, SourceId, Timestamp};
use phygital_store::Sqlite;

use super::feed::{self, Feed, Kind};
use super::generator::draw::Draw;
use super::generator::{self, Customer, DAYS, SHOPS};
use super::plan::{
    Act, CAST, DAY, Joins, OFFLINE, Plan, Post, Sender, client, cookie, goodbye, instant, mangled, phone_of,
};
use super::report::ReportData;
use super::shops::{self, STRANGER, Tag, streams};
use super::{Error, Options, finish, new_store, published, tally};

/// How often the web shop sends what it has.
const WEB_EVERY: u32 = 3_600;
/// When the till that was offline comes back, the day after.
const BACK_AT: u32 = (OFFLINE.1 + 1) * DAY + 9 * 3_600 + 50 * 60;
/// So many seconds after a question she answers it.
const ANSWERS_AFTER: u32 = 45;
/// How many actions are pulled at once.
const PULL: usize = 16;

/// Plays the month into a new store, and gives its report.
pub(super) fn month(options: &Options, store: &Path, feed: &mut Feed) -> Result<ReportData, Error> {
    let customers = generator::month(options.seed, options.customers)?;
    published::show(feed, instant(0))?;
    let (engine, tags) = shops::open(options.seed, new_store(store)?, instant(0))?;
    let mut player = Player {
        engine,
        tags,
        feed,
        customers: &customers,
        plan: Plan::new(options.seed, &customers),
        draw: Draw::new(options.seed, streams::PLAN + 1),
        web: Vec::new(),
        held: Vec::new(),
        joined: BTreeSet::new(),
        asked: BTreeSet::new(),
        links: BTreeMap::new(),
        texts: 0,
        forged: 0,
    };
    player.play()?;
    let Player { engine, forged, .. } = player;
    let scope = tally::Scope::month(forged);
    finish(engine, &scope, instant(DAYS * DAY))
}

struct Player<'p> {
    engine: Engine<Sqlite>,
    tags: Vec<Tag>,
    feed: &'p mut Feed,
    customers: &'p [Customer],
    plan: Plan,
    draw: Draw,
    /// What the web shop has not sent yet.
    web: Vec<Event>,
    /// What the till without a connection holds.
    held: Vec<Event>,
    /// Who opted in and did not leave: she tells her number at the till.
    joined: BTreeSet<u32>,
    /// Who was asked something, and will answer.
    asked: BTreeSet<u32>,
    /// The last link that each customer got from a tag.
    links: BTreeMap<u32, String>,
    /// Texts and messages so far, for their ids.
    texts: u32,
    /// Links that no tag made.
    forged: u64,
}

impl Player<'_> {
    fn play(&mut self) -> Result<(), Error> {
        self.feed.heading("")?;
        self.feed.heading("A month at three shops")?;
        let members = std::mem::take(&mut self.plan.members);
        let text =
            format!("{} members of the loyalty programme come over from the old system", members.len());
        self.send(members, instant(0))?;
        self.feed.line(Kind::Note, &clock(0), "head office", &text)?;
        let mut day = 0;
        while let Some((at, act)) = self.plan.next() {
            while day < at / DAY {
                self.catch_up((day + 1) * DAY)?;
                self.end_day(day)?;
                day += 1;
            }
            self.catch_up(at)?;
            self.act(at, act)?;
        }
        self.catch_up(DAYS * DAY)?;
        while day < DAYS {
            self.end_day(day)?;
            day += 1;
        }
        Ok(())
    }

    fn end_day(&mut self, day: u32) -> Result<(), Error> {
        let name = tally::zone(shops::ZONE).local(instant(day * DAY)).format("%a %e %b").to_string();
        self.feed.day(&name, day + 1, DAYS)
    }

    /// Sends what was due before that second: the web shop's hours, the offline till's day.
    fn catch_up(&mut self, at: u32) -> Result<(), Error> {
        let hour = at / WEB_EVERY * WEB_EVERY;
        if hour < BACK_AT {
            self.send_web(hour)?;
        }
        if at >= BACK_AT && !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            let text = format!("back on line: {} events of yesterday, in one batch", held.len());
            self.send(held, instant(BACK_AT))?;
            self.feed.line(Kind::Note, &clock(BACK_AT), SHOPS[OFFLINE.0].name, &text)?;
        }
        self.send_web(hour)
    }

    fn send_web(&mut self, hour: u32) -> Result<(), Error> {
        let is_due = self.web.first().is_some_and(|event| event.occurred_at < instant(hour));
        if !is_due {
            return Ok(());
        }
        let due = std::mem::take(&mut self.web);
        self.send(due, instant(hour))
    }

    /// Records a batch; each event of it is ours and has to be taken.
    fn send(&mut self, mut events: Vec<Event>, now: Timestamp) -> Result<(), Error> {
        while !events.is_empty() {
            let rest = events.split_off(events.len().min(BATCH_EVENTS_MAX));
            events.iter_mut().for_each(|event| event.sent_at = Some(now));
            for answer in self.engine.record_all(events, now)? {
                answer?;
            }
            events = rest;
        }
        Ok(())
    }

    fn act(&mut self, at: u32, act: Act) -> Result<(), Error> {
        match act {
            Act::Post(post) => self.post(at, *post),
            Act::Tap { tag, who, joins } => self.tap(at, tag, who, joins),
            Act::Again { whose, client } => self.open_again(at, whose, &client),
            Act::Forge { whose } => self.forge(at, whose),
            Act::Stranger => self.tap(at, STRANGER, 0, None),
            Act::Text { who, body, answers } => self.text(at, who, &body, answers),
            Act::FollowUp => self.follow_up(at),
            Act::Status { tag, status, why } => {
                let Tag { soft, shop, touchpoint } = &self.tags[tag];
                self.engine.tags().set_status(soft.uid(), status, instant(at))?;
                let text = format!("{touchpoint}: {status}: {why}");
                self.feed.line(Kind::Action, &clock(at), SHOPS[*shop].name, &text)
            }
            Act::Ask { one, two, why } => self.ask(at, &one, &two, why),
        }
    }

    fn post(&mut self, at: u32, post: Post) -> Result<(), Error> {
        let Post { who, sender, mut event, story } = post;
        let place = match sender {
            Sender::Web => "web",
            Sender::Office => "head office",
            Sender::Shop(shop) => SHOPS[shop].name,
        };
        let kind = kind_of(&event.body);
        let mut text = describe(&event);
        if let Some(story) = story {
            text = match kind {
                Kind::Order | Kind::Refund => format!("{story}: {text}"),
                _ => story.to_owned(),
            };
        }
        match sender {
            Sender::Web => self.web.push(event),
            Sender::Shop(shop) => {
                if self.joined.contains(&who) {
                    event.identifiers.push(phone_of(self.customers, who));
                }
                if (shop, at / DAY) == OFFLINE {
                    text.push_str(" (no connection: kept for later)");
                    self.held.push(event);
                } else {
                    self.engine.record(event, instant(at))?;
                }
            }
            Sender::Office => {
                self.engine.record(event, instant(at))?;
            }
        }
        if story.is_some() {
            self.feed.story(kind, &clock(at), place, &text)
        } else if matches!(kind, Kind::Order | Kind::Refund) {
            self.feed.usual(kind, &clock(at), place, &text)
        } else {
            Ok(())
        }
    }

    fn tap(&mut self, at: u32, tag: usize, who: u32, joins: Option<Joins>) -> Result<(), Error> {
        let url = self.tags[tag].tap(&mut self.draw);
        let place = format!("{}, {}", SHOPS[self.tags[tag].shop].name, self.tags[tag].touchpoint);
        let client = client(who);
        let request = TapRequest::url(&url).from_client(&client).seen(cookie(who));
        match self.engine.taps().verify(request, instant(at)) {
            Ok(outcome) => {
                self.links.insert(who, url);
                self.tapped(at, &place, who, &outcome, joins)
            }
            Err(EngineError::Tap(refusal)) => self.refused(at, &place, &refusal),
            Err(error) => Err(error.into()),
        }
    }

    fn tapped(
        &mut self,
        at: u32,
        place: &str,
        who: u32,
        outcome: &TapOutcome,
        joins: Option<Joins>,
    ) -> Result<(), Error> {
        if let Recognition::Known(customer) = outcome.recognition {
            let card = self.engine.people().card(customer, Role::Associate, instant(at))?;
            return self.tell(who, Kind::Known, at, place, &feed::card(&card));
        }
        let Some(opt_in) = &outcome.opt_in else {
            return self.tell(who, Kind::Anonymous, at, place, "somebody unknown");
        };
        let text = format!("somebody unknown; offered {}", opt_in.link(Platform::Both));
        self.tell(who, Kind::Anonymous, at, place, &text)?;
        if let Some(joins) = joins {
            let body = mangled(opt_in.notice.keyword(), opt_in.code.as_str(), joins.mangle);
            self.plan.add(at + joins.after, Act::Text { who, body, answers: joins.answers });
            if let Some(after) = joins.leaves_after {
                let (body, answers) = (goodbye(who).to_owned(), VecDeque::new());
                self.plan.add(at + joins.after + after, Act::Text { who, body, answers });
            }
        }
        Ok(())
    }

    /// A line about a customer: always shown of those who have a part in the story.
    fn tell(&mut self, who: u32, kind: Kind, at: u32, place: &str, text: &str) -> Result<(), Error> {
        match who < CAST {
            true => self.feed.story(kind, &clock(at), place, text),
            false => self.feed.usual(kind, &clock(at), place, text),
        }
    }

    fn open_again(&mut self, at: u32, whose: u32, client: &str) -> Result<(), Error> {
        let Some(url) = self.links.get(&whose) else { return Ok(()) };
        let request = TapRequest::url(url).from_client(client);
        match self.engine.taps().verify(request, instant(at)) {
            Ok(outcome) if outcome.repeated => {
                let text = "the page was reloaded: the first answer again, no second tap";
                self.feed.story(Kind::Repeated, &clock(at), "", text)
            }
            Ok(outcome) => self.tapped(at, "a copied link", whose, &outcome, None),
            Err(EngineError::Tap(refusal)) => self.refused(at, "a copied link", &refusal),
            Err(error) => Err(error.into()),
        }
    }

    fn forge(&mut self, at: u32, whose: u32) -> Result<(), Error> {
        let Some(url) = self.links.get(&whose).map(|url| published::forge(url)) else { return Ok(()) };
        match self.engine.taps().verify(TapRequest::url(&url), instant(at)) {
            Ok(outcome) => self.tapped(at, "a changed link", whose, &outcome, None),
            Err(EngineError::Tap(refusal)) => self.refused(at, "a changed link", &refusal),
            Err(error) => Err(error.into()),
        }
    }

    fn refused(&mut self, at: u32, place: &str, refusal: &TapRefused) -> Result<(), Error> {
        self.forged += u64::from(matches!(refusal, TapRefused::NotGenuine(_)));
        self.feed.story(Kind::Refused, &clock(at), place, &refusal.to_string())?;
        // A stolen tag leaves an alarm.
        self.carry_out(at)
    }

    fn text(&mut self, at: u32, who: u32, body: &str, mut answers: VecDeque<String>) -> Result<(), Error> {
        let phone = phone_of(self.customers, who);
        let message_id = self.message_id("in");
        let mut message = MessageReceived::new(message_id.clone());
        message.body = Some(Personal::new(body));
        let received = sms(&message_id, "text", at, message.into()).with(phone.clone());
        let (before, behind) = (self.consents(&phone)?, self.engine.log().len()?);
        self.engine.record(received, instant(at))?;
        let name = self.customers[who as usize].person.short();
        let (after, facts) = (self.consents(&phone)?, self.stated(behind)?);
        if after.0 > before.0 {
            self.joined.insert(who);
            let text = format!("{name} texts {body:?}: number, tap, visit and consent belong together");
            self.tell(who, Kind::OptIn, at, "text", &text)?;
            let topic = shops::wardrobe();
            self.engine.topics().open(&phone, topic.id(), None, instant(at))?;
        } else if after.1 > before.1 {
            self.joined.remove(&who);
            self.tell(who, Kind::OptOut, at, "text", &format!("{name} texts {body:?}: she has left"))?;
        } else if !facts.is_empty() {
            let text = format!("{name} texts {body:?}: {}", facts.join(", "));
            self.tell(who, Kind::Stated, at, "text", &text)?;
        } else if self.asked.contains(&who) {
            self.tell(who, Kind::Note, at, "text", &format!("{name} texts {body:?}: let be"))?;
        } else {
            let text = format!("{name} texts {body:?}: no code that counts");
            self.feed.line(Kind::Refused, &clock(at), "text", &text)?;
        }
        self.asked.remove(&who);
        if self.engine.topics().talk(&phone)?.pending().is_some()
            && let Some(body) = answers.pop_front()
        {
            self.asked.insert(who);
            self.plan.add(at + ANSWERS_AFTER, Act::Text { who, body, answers });
        }
        self.carry_out(at)
    }

    /// What customers stated of themselves since a place in the log.
    fn stated(&mut self, behind: u64) -> Result<Vec<String>, Error> {
        let mut facts = Vec::new();
        for (_, entry) in self.engine.log().entries(behind, PULL)? {
            let recorded = log::open(&entry).map_err(EngineError::from)?;
            if let Some(Body::AttributeStated(stated)) = recorded.map(|recorded| recorded.event.body) {
                facts.push(format!("{} {}", stated.attribute, stated.value.reveal()));
            }
        }
        Ok(facts)
    }

    /// Asks again where nothing came, and ends what nobody answers.
    fn follow_up(&mut self, at: u32) -> Result<(), Error> {
        let mut last = None;
        let mut count = 0_usize;
        loop {
            let due = self.engine.topics().follow_ups(last, PULL, instant(at))?;
            for one in &due {
                self.engine.topics().follow_up(&one.contact, instant(at))?;
            }
            count += due.len();
            let Some(one) = due.into_iter().next_back() else { break };
            last = Some(one.place);
        }
        if count > 0 {
            let text = format!("{count} question(s) without an answer: asked once more, or let be");
            self.feed.line(Kind::Action, &clock(at), "head office", &text)?;
        }
        self.carry_out(at)
    }

    /// How often a number consented, and how often it withdrew.
    fn consents(&self, phone: &Identifier) -> Result<(usize, usize), Error> {
        use phygital_core::consent::State;
        let Some(ledger) = self.engine.consents().ledger(phone)? else { return Ok((0, 0)) };
        let count = |state| ledger.entries().iter().filter(|entry| entry.state == state).count();
        Ok((count(State::Granted), count(State::Withdrawn)))
    }

    /// Pulls what waits, carries it out as the host would, and acknowledges it; what has waited too long is let be.
    fn carry_out(&mut self, at: u32) -> Result<(), Error> {
        for action in self.engine.actions().waiting(None, PULL)? {
            if action.expires_at.is_some_and(|end| end <= instant(at)) {
                self.engine.actions().acknowledge(&action.id, Outcome::Expired, instant(at))?;
            }
        }
        for action in self.engine.actions().due(None, PULL, instant(at))? {
            if action.action == Action::ALARM {
                let text = action.text.as_ref().map_or("", |text| text.reveal());
                self.feed.line(Kind::Action, &clock(at), "alarm", text)?;
            } else if let Some(to) = &action.to {
                let message_id = self.message_id("out");
                let mut sent = MessageSent::new(message_id.clone());
                sent.action_id = Some(action.id.clone());
                sent.purpose = action.purpose;
                sent.body = action.text.clone();
                let event = sms(&message_id, "sent", at, sent.into()).with(to.clone());
                self.engine.record(event, instant(at))?;
            }
            self.engine.actions().acknowledge(&action.id, Outcome::Delivered, instant(at))?;
        }
        Ok(())
    }

    fn ask(&mut self, at: u32, one: &Identifier, two: &Identifier, why: &str) -> Result<(), Error> {
        let answer = match self.engine.people().explain(one, two)? {
            Explanation::Same { steps, .. } => format!("one customer, tied by {} event(s)", steps.len()),
            Explanation::Different(reason) => format!("two customers ({})", reason.code()),
        };
        let text = format!("{why}: {} and {} are {answer}", shown(one), shown(two));
        self.feed.story(Kind::Identity, &clock(at), "", &text)
    }

    fn message_id(&mut self, way: &str) -> MessageId {
        self.texts += 1;
        MessageId::new(format!("{way}-{}", self.texts)).expect("a short id")
    }
}

/// An event of the text gateway about one message.
fn sms(message: &MessageId, what: &str, at: u32, body: Body) -> Event {
    let id = EventId::new(format!("{message}:{what}")).expect("a short id");
    Event::new(SourceId::new("//wren.example/sms").expect("a short id"), id, instant(at), body)
}

fn kind_of(body: &Body) -> Kind {
    match body {
        Body::OrderCompleted(_) => Kind::Order,
        Body::OrderRefunded(_) => Kind::Refund,
        Body::IdentifiersLinked(_) | Body::IdentifiersSeparated(_) => Kind::Identity,
        _ => Kind::Note,
    }
}

/// An event in a few words, without anything personal.
pub(super) fn describe(event: &Event) -> String {
    let names = |products: &[phygital_core::event::Product]| {
        let names: Vec<&str> = products.iter().filter_map(|one| one.name.as_deref().or(one.key())).collect();
        names.join(", ")
    };
    match &event.body {
        Body::OrderCompleted(order) => {
            let net = order.order.net().map(|net| net.to_string()).unwrap_or_default();
            format!("{net}  {}", names(&order.order.products))
        }
        Body::OrderRefunded(refund) => match refund.order.net() {
            Some(net) => format!("{net} of order {}", refund.order_id),
            None => format!("order {}, in full", refund.order_id),
        },
        Body::ProductViewed(viewed) => names(std::slice::from_ref(&viewed.product)),
        Body::IdentifiersLinked(linked) => linked.reason.clone().unwrap_or_default(),
        Body::IdentifiersSeparated(apart) => apart.reason.clone().unwrap_or_default(),
        body => body.name().to_owned(),
    }
}

/// An identifier as it may be shown.
fn shown(identifier: &Identifier) -> String {
    match identifier.kind().is_contact_point() {
        true => identifier.masked(),
        false => identifier.value().to_owned(),
    }
}

/// The shops' clock at a second of the month.
fn clock(at: u32) -> String {
    format!("{:02}:{:02}", at % DAY / 3_600, at % 3_600 / 60)
}
