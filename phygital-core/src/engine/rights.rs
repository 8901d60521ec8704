//! What people may ask of who keeps data of them: decided, told to those who got the data, due by a day.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::consent::Party;
use crate::event::kinds::conversation::{AttributeStated, OptedOut};
use crate::event::kinds::decisions::ActionRequested;
use crate::event::{Body, Event, Origin};
use crate::machine::Action;
use crate::rules::{Calendar, Deadline, Place, Rule, RuleBook, RuleId};
use crate::store::{Read, Store, Write};
use crate::vocab::limits::EXTENSION_REASON_BYTES_MAX;
use crate::vocab::{
    ActionId, CustomerId, EventId, EventKey, Identifier, IdentifierKind, Personal, Purpose, Right, SourceId,
    Timestamp, Zone,
};

use super::customers::owner_of;
use super::people::known;
use super::receipt::Receipt;
use super::session::{DECISIONS, Session};
use super::{Engine, Error, ExtensionRefusal, Missing};

/// The rights of people of an [`Engine`].
///
/// A request is an event of the host, *Rights Requested*, with the identifiers of who asks. From it follows at once what
/// needs nobody's judgement: an objection withdraws marketing, advertising and the profiling for them of every contact point
/// of hers (GDPR, article 21(3)); an opt-out of sale and sharing withdraws advertising of every identifier of hers (California
/// Code of Regulations, title 11, section 7026(f)), and whoever gets data for those purposes is to be told. And an action
/// [`Action::REQUEST`] waits until the host acknowledges that the person was answered, with the day by which she has to be.
///
/// What carries the others out: [`People::export`](super::People::export), [`Engine::erase_customer`], [`Rights::correct`];
/// what takes longer, [`Rights::extend`].
#[derive(Debug)]
pub struct Rights<'e, S: Store> {
    pub(super) engine: &'e mut Engine<S>,
}

/// A request that was not answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OpenRequest {
    /// The action to acknowledge when it was answered.
    pub action: ActionId,
    /// The event by which she asked.
    pub event: EventKey,
    /// For what.
    pub right: Right,
    /// When the log received it.
    pub received_at: Timestamp,
    /// The first instant that is too late; none where no rule is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_by: Option<Timestamp>,
    /// What has to be done by when, by rule.
    pub deadlines: Vec<DueDate>,
    /// Whether it is too late.
    pub is_overdue: bool,
    /// That the day was put off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extension>,
}

/// That the day by which a request is answered was put off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Extension {
    /// When that was decided.
    pub at: Timestamp,
    /// The action to acknowledge when she was told.
    pub action: ActionId,
    /// The first instant that is too late to tell her: the first deadline.
    pub tell_before: Timestamp,
    /// Whether the host acknowledged that she was told.
    pub is_told: bool,
}

/// By when something has to be done about a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DueDate {
    /// The rule, by its id.
    pub rule: String,
    /// What: `confirm` the receipt, or `answer`.
    pub what: String,
    /// The last day.
    pub date: String,
    /// The first instant that is too late.
    pub before: Timestamp,
}

/// The text of an action [`Action::REQUEST`].
#[derive(Serialize, Deserialize)]
struct Asked {
    right: Right,
    event: EventKey,
    received_at: Timestamp,
    deadlines: Vec<DueDate>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    extended: Option<Extended>,
}

/// That it is to be answered later.
#[derive(Serialize, Deserialize)]
struct Extended {
    at: Timestamp,
    tell_before: Timestamp,
    reason: Personal,
}

/// The text of an action [`Action::EXTENSION`].
#[derive(Serialize)]
struct Later<'t> {
    request: ActionId,
    right: Right,
    reason: &'t str,
    due_by: Timestamp,
    deadlines: &'t [DueDate],
}

/// How many actions are looked at together.
const PAGE: usize = 256;

impl<S: Store> Engine<S> {
    /// The requests of people that were not answered yet, the most urgent first.
    pub fn open_requests(&self, now: Timestamp) -> Result<Vec<OpenRequest>, Error> {
        self.usable()?;
        let reader = self.store.reader()?;
        let mut open = Vec::new();
        let mut untold = BTreeSet::new();
        let mut behind: Option<Action> = None;
        loop {
            let page = reader.actions(behind.as_ref(), PAGE)?;
            let Some(last) = page.last() else { break };
            behind = Some(last.clone());
            for action in page {
                if action.action == Action::EXTENSION {
                    untold.insert(action.id);
                    continue;
                }
                if action.action != Action::REQUEST {
                    continue;
                }
                let text = action.text.as_ref().map_or("", Personal::reveal);
                let asked: Asked = super::fold::read(text, "reading a request")?;
                let extension = asked.extended.map(|extended| Extension {
                    at: extended.at,
                    action: extension_of(&asked.event),
                    tell_before: extended.tell_before,
                    is_told: false,
                });
                open.push(OpenRequest {
                    action: action.id,
                    extension,
                    event: asked.event,
                    right: asked.right,
                    received_at: asked.received_at,
                    is_overdue: action.due_by.is_some_and(|end| end <= now),
                    due_by: action.due_by,
                    deadlines: asked.deadlines,
                });
            }
        }
        for extension in open.iter_mut().filter_map(|one: &mut OpenRequest| one.extension.as_mut()) {
            extension.is_told = !untold.contains(&extension.action);
        }
        open.sort_by_key(|one| (one.due_by.unwrap_or(Timestamp::MAX), one.event));
        Ok(open)
    }
}

impl<S: Store> Rights<'_, S> {
    /// Puts off the day by which a request is answered, once, by as much as the rules give that hold for it: two further months
    /// where it is complex or there are many (GDPR, article 12(3)), 45 further days where reasonably necessary (Cal. Civ. Code
    /// 1798.130(a)(2)(A)). Whether it is so is the host's judgement; every rule that may hold has to let it.
    ///
    /// She has to be told, and why, before the first deadline passes: an action [`Action::EXTENSION`] with `reason` waits in
    /// the outbox, due by then. `request` is the action of the request.
    ///
    /// # Errors
    /// [`Error::Unknown`] where no such request waits; [`Error::Extension`].
    pub fn extend(&mut self, request: &ActionId, reason: &str, now: Timestamp) -> Result<Receipt, Error> {
        let reason = reason.trim();
        if reason.is_empty() || reason.len() > EXTENSION_REASON_BYTES_MAX {
            return Err(ExtensionRefusal::Reason.into());
        }
        self.engine.transact(now, |session| {
            let action = session.tx.action(request)?.filter(|action| action.action == Action::REQUEST);
            let action = action.ok_or(Error::Unknown(Missing::Action))?;
            let text = action.text.as_ref().map_or("", Personal::reveal);
            let mut asked: Asked = super::fold::read(text, "reading a request")?;
            if asked.extended.is_some() {
                return Err(ExtensionRefusal::Twice.into());
            }
            let before = action.due_by.ok_or(ExtensionRefusal::NoDeadline)?;
            // A clock set back gives no more time.
            if before <= session.latest() {
                return Err(ExtensionRefusal::TooLate { before }.into());
            }
            let recorded = session.recorded(&asked.event)?.map(|recorded| recorded.event);
            let counting = Counting::of(&session.config.gate.rules, recorded.as_ref(), asked.received_at);
            for due in asked.deadlines.iter_mut().filter(|due| due.what == ANSWER) {
                let Some(later) = counting.extended(due) else {
                    return Err(ExtensionRefusal::NotExtendable { rule: due.rule.clone() }.into());
                };
                *due = later;
            }
            asked.deadlines.sort_by(|one, two| (one.before, &one.rule).cmp(&(two.before, &two.rule)));
            let due_by = asked.due_by().ok_or(ExtensionRefusal::NoDeadline)?;
            let mut tell = ActionRequested::new(extension_of(&asked.event), Action::EXTENSION.to_owned());
            tell.to = action.to.clone();
            tell.due_by = Some(before);
            let request = action.id.clone();
            let later = Later { request, right: asked.right, reason, due_by, deadlines: &asked.deadlines };
            tell.text = Some(Personal::new(super::fold::json(&later)?));
            asked.extended = Some(Extended { at: now, tell_before: before, reason: Personal::new(reason) });
            // The same action by another day: it takes the place of the one that waits.
            let mut put_off = ActionRequested::new(action.id, Action::REQUEST.to_owned());
            put_off.to = action.to;
            put_off.due_by = Some(due_by);
            put_off.text = Some(Personal::new(super::fold::json(&asked)?));
            session.append(decided(format!("extended:{}", asked.event), now, put_off))?;
            let told = session.append(decided(format!("extension:{}", asked.event), now, tell))?;
            Ok(*told.receipt())
        })
    }

    /// Puts right what is held of a customer (GDPR, article 16), as her own word, which outweighs every other source; an
    /// empty value takes back what she said herself. Whoever got data of hers is to be told (article 19).
    ///
    /// What somebody else's event says wrongly of who is who is put right by *Identifiers Separated*.
    ///
    /// # Errors
    /// [`Error::Unknown`] where there is no such customer; [`Error::Event`] for a value that no event may have.
    pub fn correct(
        &mut self,
        customer: CustomerId,
        attribute: &str,
        value: &str,
        now: Timestamp,
    ) -> Result<Receipt, Error> {
        let (attribute, value) = (attribute.to_owned(), value.to_owned());
        self.engine.transact(now, |session| {
            let known = known(&session.tx, customer)?;
            let identifiers: Vec<Identifier> = known.identifiers().into_iter().cloned().collect();
            let strongest =
                identifiers.first().cloned().ok_or(Error::Bug("a customer without identifiers"))?;
            let behind = session.head.origin;
            let body = AttributeStated::new(attribute.clone(), Personal::new(&value));
            let said = decided(format!("corrected:{behind}"), now, body).with(strongest);
            let accepted = session.append(said)?;
            let told = Told {
                request: "correction",
                customer: Some(known.customer),
                identifiers,
                correct: Some((&attribute, &value)),
            };
            for notice in notices(session.config.catalogue.recipients(), &told, &behind, now) {
                session.append(notice)?;
            }
            Ok(*accepted.receipt())
        })
    }
}

/// Decides what follows from a person's request.
pub(super) fn decide<W: Write>(session: &Session<'_, W>, event: &Event) -> Result<Vec<Event>, Error> {
    let Body::RightsRequested(asked) = &event.body else { return Ok(Vec::new()) };
    let key = event.key();
    let config = session.config;
    let withdrawn: &[Purpose] = match asked.right {
        Right::Objection => &[Purpose::Personalization, Purpose::Marketing, Purpose::Advertising],
        Right::OptOut => &[Purpose::Advertising],
        _ => &[],
    };
    let mut events = Vec::new();
    let (customer, hers) = hers(session, event)?;
    // Where all of her is erased, what waits for her goes too; that it was done is still to be told.
    let to =
        hers.iter().find(|one| one.kind().is_contact_point() && event.identifiers.contains(one)).cloned();
    if !withdrawn.is_empty() {
        let is_contact = |one: &&Identifier| one.kind().is_contact_point();
        let any_contact = hers.iter().any(|one| one.kind().is_contact_point());
        // Marketing goes to contact points; what is sold and shared is the profile, by whatever she is known.
        let by_contact = asked.right == Right::Objection && any_contact;
        for (n, one) in hers.iter().filter(|one| !by_contact || is_contact(one)).enumerate() {
            let mut body = OptedOut::new(one.clone());
            body.purposes = withdrawn.to_vec();
            body.method = asked.method;
            body.evidence = vec![format!("request:{key}")];
            events.push(decided(format!("objected:{key}:{n}"), event.occurred_at, body));
        }
        let mut recipients: Vec<&Party> = Vec::new();
        for party in config.catalogue.recipients() {
            let gets = |purpose: &Purpose| {
                config.catalogue.of(*purpose).is_some_and(|one| one.recipients.contains(&party.id))
            };
            if withdrawn.iter().any(gets) {
                recipients.push(party);
            }
        }
        let told = Told { request: asked.right.name(), customer, identifiers: hers, correct: None };
        events.extend(notices(recipients, &told, &session.head.origin, session.now));
    }
    let deadlines = Counting::of(&config.gate.rules, Some(event), session.now).deadlines(asked.right);
    let text = Asked { right: asked.right, event: key, received_at: session.now, deadlines, extended: None };
    let name = format!("request:{key}");
    let mut action = ActionRequested::new(name.parse().expect("made of digits"), Action::REQUEST.to_owned());
    action.to = to.filter(|_| asked.right != Right::Erasure);
    action.due_by = text.due_by();
    action.text = Some(Personal::new(super::fold::json(&text)?));
    events.push(decided(name, event.occurred_at, action));
    Ok(events)
}

/// The customer who asks, and what she alone is known by; what the event names where she is not known. A tap of somebody
/// unknown is no identifier that anything is sold by.
fn hers<W: Write>(
    session: &Session<'_, W>,
    event: &Event,
) -> Result<(Option<CustomerId>, Vec<Identifier>), Error> {
    let mut all = Vec::new();
    // What was erased is nobody's, and stays in no event.
    for one in &event.identifiers {
        if session.tx.node(&one.key(session.lens.tenant))?.is_some() {
            all.push(one.clone());
        }
    }
    let owner = owner_of(&session.tx, session.lens, &all)?;
    if let Some(owner) = owner {
        for by in session.tx.known_by(&owner)? {
            if !session.tx.node(&by.key)?.is_some_and(|node| node.shared) {
                all.push(by.identifier);
            }
        }
    }
    all.retain(|one| one.kind() != IdentifierKind::TagVisitor);
    all.sort();
    all.dedup();
    Ok((owner, all))
}

const CONFIRM: &str = "confirm";
const ANSWER: &str = "answer";

/// The rules about a right: each with what it asks for.
const RULES: [(&str, &str, &[Right]); 5] = [
    ("us_ca_confirm_10bd", CONFIRM, &[Right::Access, Right::Portability, Right::Erasure, Right::Correction]),
    ("us_ca_request_45d", ANSWER, &[Right::Access, Right::Portability, Right::Erasure, Right::Correction]),
    ("us_ca_optout_15bd", ANSWER, &[Right::OptOut, Right::Objection]),
    ("gdpr_1m", ANSWER, Right::ALL),
    ("uk_gdpr_1m", ANSWER, Right::ALL),
];

impl Asked {
    /// The first instant that is too late to answer; none where no rule is known.
    fn due_by(&self) -> Option<Timestamp> {
        self.deadlines.iter().filter(|due| due.what == ANSWER).map(|due| due.before).min()
    }
}

/// The action by which she is told that her request takes longer.
fn extension_of(event: &EventKey) -> ActionId {
    format!("extension:{event}").parse().expect("made of digits")
}

/// From when on the time of a request counts, and by which calendar.
struct Counting<'c> {
    book: &'c RuleBook,
    /// Where she lives, where that is known.
    place: Option<Place>,
    received: Timestamp,
    zone: Zone,
}

impl Counting<'_> {
    /// Of a request that was received at a time; nothing is known of where she lives where its event is erased.
    fn of<'c>(book: &'c RuleBook, request: Option<&Event>, received: Timestamp) -> Counting<'c> {
        let jurisdiction = request.and_then(|event| match &event.body {
            Body::RightsRequested(asked) => asked.jurisdiction.as_deref(),
            _ => None,
        });
        let zone = request.and_then(|event| event.zone).unwrap_or(Zone::UTC);
        Counting { book, place: jurisdiction.and_then(|text| text.parse().ok()), received, zone }
    }

    /// The local date.
    fn received_on(&self) -> NaiveDate {
        self.zone.local(self.received).date()
    }

    /// By when a request is to be confirmed and answered where she lives; by every rule that there is where that is not known,
    /// or where no rule is known for it.
    fn deadlines(&self, right: Right) -> Vec<DueDate> {
        let of = |anywhere: bool| -> Vec<DueDate> {
            let mut all = Vec::new();
            for (id, what, rights) in RULES {
                let (Some(rule), Some(deadline)) = (self.book.rule(id), self.book.deadline(id)) else {
                    continue;
                };
                let holds = anywhere || self.place.is_some_and(|place| place.lies_in(rule.place));
                if rights.contains(&right) && holds && rule.is_in_force(self.received_on()) {
                    all.push(self.due(&rule.id, what, deadline));
                }
            }
            all.sort_by(|one, two| (one.before, &one.rule).cmp(&(two.before, &two.rule)));
            all
        };
        let there = of(false);
        if there.is_empty() { of(true) } else { there }
    }

    /// By when it is due where it is put off: by the strictest of the rules that put its own off where she lives, or where that
    /// one holds. None where there is none, or none that gives a later day.
    fn extended(&self, due: &DueDate) -> Option<DueDate> {
        let own = self.book.rule(&due.rule)?.place;
        let here =
            |rule: &Rule| rule.place == own || self.place.is_some_and(|place| place.lies_in(rule.place));
        let rules = self.book.extensions_of(&due.rule, self.received_on()).filter(|(rule, _)| here(rule));
        let later = rules.map(|(rule, deadline)| self.due(&rule.id, &due.what, deadline));
        later.min_by_key(|later| later.before).filter(|later| due.before < later.before)
    }

    /// By when something is due by a rule of the book.
    fn due(&self, rule: &RuleId, what: &str, deadline: &Deadline) -> DueDate {
        let nowhere = Calendar::of_dates([]);
        let own = self.place.and_then(|place| self.book.calendar(place));
        let calendar = own.or_else(|| self.book.calendar(self.book.rule(rule.as_str())?.place));
        let due = deadline.due(self.received, self.zone, calendar.unwrap_or(&nowhere));
        let (rule, what, date) = (rule.to_string(), what.to_owned(), due.deadline_date.to_string());
        DueDate { rule, what, date, before: due.before }
    }
}

/// What a recipient of her data is to be told.
pub(super) struct Told<'t> {
    /// `erasure`, `correction`, `opt_out`, `objection`.
    pub(super) request: &'static str,
    /// Her id.
    pub(super) customer: Option<CustomerId>,
    /// What she is known by.
    pub(super) identifiers: Vec<Identifier>,
    /// What is right instead: attribute and value.
    pub(super) correct: Option<(&'t str, &'t str)>,
}

/// Most bytes of identifiers in one notice; a text has room for the rest.
const NOTICE_IDENTIFIERS_BYTES: usize = 2_048;

/// The notices to recipients of her data, each with as many of her identifiers as it has room for. `behind` tells them from
/// those of other times.
pub(super) fn notices<'p>(
    recipients: impl IntoIterator<Item = &'p Party>,
    told: &Told<'_>,
    behind: &Origin,
    now: Timestamp,
) -> Vec<Event> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for identifier in &told.identifiers {
        let text = format!("{}:{}", identifier.kind(), identifier.value());
        bytes += 2 * text.len();
        if bytes > NOTICE_IDENTIFIERS_BYTES {
            parts.push(Vec::new());
            bytes = 2 * text.len();
        }
        parts.last_mut().expect("it has one part from the start").push(text);
    }
    let mut events = Vec::new();
    for (recipient, party) in recipients.into_iter().enumerate() {
        for (part, identifiers) in parts.iter().enumerate() {
            let mut text = serde_json::json!({
                "recipient": party.id,
                "request": told.request,
                "identifiers": identifiers,
            });
            if let Some(customer) = told.customer {
                text["customer"] = customer.to_string().into();
            }
            if let Some((attribute, value)) = told.correct {
                text["attribute"] = attribute.into();
                text["value"] = value.into();
            }
            let name = format!("notice:{behind}:{recipient}:{part}");
            let id: ActionId = name.parse().expect("made of digits");
            let mut action = ActionRequested::new(id, Action::NOTIFY.to_owned());
            action.text = Some(Personal::new(text.to_string()));
            events.push(decided(name, now, action));
        }
    }
    events
}

/// An event of the engine's own.
pub(super) fn decided(name: String, at: Timestamp, body: impl Into<Body>) -> Event {
    let source = SourceId::new(DECISIONS).expect("a constant that is an id");
    Event::new(source, EventId::new(name).expect("made of digits and our own words"), at, body)
}
