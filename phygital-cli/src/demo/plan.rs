//! What happens in the month: the lives of the customers, and the parts of the story.
//!
//! When people buy and how much comes from the [generator](super::generator). What surrounds a purchase is made up
//! here: what was looked at the evening before, what was tapped, who opts in. The first [`CAST`] customers play the
//! story's parts as well; the few orders of these parts are added to those of the generator.

use std::collections::{BTreeMap, VecDeque};

use phygital_core::event::kinds::commerce::{
    CheckoutStarted, OrderCompleted, OrderRefunded, OrderSums, ProductAdded, ProductAddedToWishlist,
    ProductViewed,
};
use phygital_core::event::kinds::digital::{PageViewed, UserIdentified};
use phygital_core::event::kinds::shop::{
    AssociateAssisted, IdentifiersLinked, IdentifiersSeparated, LoyaltyMemberEnrolled, PointsEarned,
    ProductTriedOn, VisitStarted,
};
use phygital_core::event::{Body, Campaign, Event, Product};
use phygital_core::vocab::{
    Currency, EventId, Identifier, IdentifierKind, Money, OrderId, Personal, Price, SourceId, TagStatus,
    Timestamp,
};

use super::generator::catalogue::{self, CATALOGUE};
use super::generator::draw::Draw;
use super::generator::{CURRENCY, Customer, DAYS, Place, Purchase, SHOPS};
use super::shops::{START, TAGS_A_SHOP, TILL, WINDOW, streams};

/// How many customers have a part in the story.
pub(super) const CAST: u32 = 8;

/// Seconds in a day, an hour, a minute.
pub(super) const DAY: u32 = 86_400;
const HOUR: u32 = 3_600;
const MINUTE: u32 = 60;

/// When the shops follow up what they asked: an hour at which messages may go out from coast to coast.
const FOLLOW_UP_AT: u32 = 15 * HOUR;

/// The till that has no connection, and on which day.
pub(super) const OFFLINE: (usize, u32) = (2, 17);

/// What happens, by the second and in the order in which it was planned.
#[derive(Default)]
pub(super) struct Plan {
    acts: BTreeMap<(u32, u32), Act>,
    count: u32,
    /// Members of the loyalty programme from before the month.
    pub(super) members: Vec<Event>,
}

/// One thing that happens.
pub(super) enum Act {
    /// A host has an event.
    Post(Box<Post>),
    /// A customer taps a tag.
    Tap { tag: usize, who: u32, joins: Option<Joins> },
    /// The last link that a customer got from a tag is opened again, by this client.
    Again { whose: u32, client: String },
    /// Somebody changes a digit of the last link that a customer got.
    Forge { whose: u32 },
    /// A tag that nobody enrolled is tapped.
    Stranger,
    /// A customer sends a text; and what she will answer to the questions that follow.
    Text { who: u32, body: String, answers: VecDeque<String> },
    /// The shops follow up what they asked.
    FollowUp,
    /// The shops say something of a tag.
    Status { tag: usize, status: TagStatus, why: &'static str },
    /// Somebody asks whether two identifiers are one customer.
    Ask { one: Identifier, two: Identifier, why: &'static str },
}

/// An event on its way to the engine.
pub(super) struct Post {
    /// Whose it is.
    pub(super) who: u32,
    /// Who sends it.
    pub(super) sender: Sender,
    pub(super) event: Event,
    /// What the feed says of it beyond the usual.
    pub(super) story: Option<&'static str>,
}

/// Who sends an event.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// The web shop, once an hour.
    Web,
    /// A shop, at once while it is connected: a place in [`SHOPS`].
    Shop(usize),
    /// The head office, at once.
    Office,
}

/// That a customer will text the code, should she be offered one.
#[derive(Clone)]
pub(super) struct Joins {
    /// So many seconds after the tap.
    pub(super) after: u32,
    /// How her phone mangles the text.
    pub(super) mangle: usize,
    /// What she answers to the questions that she is asked then; beyond these she keeps still.
    pub(super) answers: VecDeque<String>,
    /// When she leaves again, seconds after she joined.
    pub(super) leaves_after: Option<u32>,
}

impl Plan {
    /// The month of these customers.
    pub(super) fn new(seed: u64, customers: &[Customer]) -> Plan {
        let mut plan = Plan::default();
        for customer in customers {
            let draw = Draw::new(seed, streams::CUSTOMERS + u64::from(customer.number));
            Life { plan: &mut plan, draw, customer, identified: false, came: false }.plan();
        }
        let draw = Draw::new(seed, streams::PLAN);
        Story { plan: &mut plan, draw, customers }.plan();
        for day in 0..DAYS {
            plan.add(day * DAY + FOLLOW_UP_AT, Act::FollowUp);
        }
        plan
    }

    /// Adds what happens at a second of the month.
    pub(super) fn add(&mut self, at: u32, act: Act) {
        self.acts.insert((at.min(DAYS * DAY - 1), self.count), act);
        self.count += 1;
    }

    /// The next thing that happens, and when.
    pub(super) fn next(&mut self) -> Option<(u32, Act)> {
        self.acts.pop_first().map(|((at, _), act)| (at, act))
    }

    fn post(&mut self, at: u32, who: u32, sender: Sender, event: Event) {
        self.add(at, Act::Post(Box::new(Post { who, sender, event, story: None })));
    }

    fn tell(&mut self, at: u32, who: u32, sender: Sender, event: Event, story: &'static str) {
        self.add(at, Act::Post(Box::new(Post { who, sender, event, story: Some(story) })));
    }

    /// An event with an id of its own.
    fn event(&mut self, source: &str, at: u32, body: impl Into<Body>) -> Event {
        self.count += 1;
        let id = EventId::new(format!("{source}-{}", self.count)).expect("a short id");
        let source = SourceId::new(format!("//wren.example/{source}")).expect("a short id");
        Event::new(source, id, instant(at), body)
    }

    fn web(&mut self, at: u32, who: u32, body: impl Into<Body>) -> Event {
        self.event("web", at, body).with(cookie(who))
    }

    fn in_shop(&mut self, shop: usize, at: u32, body: impl Into<Body>) -> Event {
        let event = self.event(SHOPS[shop].id, at, body);
        event.at(SHOPS[shop].id.parse().expect("a short id"))
    }
}

/// One customer's month beside her purchases.
struct Life<'p> {
    plan: &'p mut Plan,
    draw: Draw,
    customer: &'p Customer,
    identified: bool,
    came: bool,
}

impl Life<'_> {
    fn plan(mut self) {
        let customer = self.customer;
        let is_member = customer.orders_before > 0 && self.draw.chance(30);
        if is_member {
            self.member();
        }
        for (number, purchase) in customer.purchases.iter().enumerate() {
            match purchase.place {
                Place::Shop(shop) => self.buys_in_shop(shop, number, purchase, is_member),
                Place::Web => self.buys_on_the_web(number, purchase),
            }
        }
        if customer.purchases.is_empty() && self.draw.chance(15) {
            self.looks_around();
        }
    }

    /// She joined the loyalty programme at her shop, one to eleven months before.
    fn member(&mut self) {
        let customer = self.customer;
        let days = 30 + self.draw.below(300) as i64;
        let mut event =
            self.plan.event("crm", 0, traits(customer)).with(loyalty(customer.number)).with(email(customer));
        let micros = instant(0).as_micros() - days * i64::from(DAY) * 1_000_000;
        event.occurred_at = Timestamp::from_micros(micros).expect("a day of last year");
        event.place = SHOPS[customer.home_shop].id.parse().ok();
        event.context.campaign = campaign(customer);
        self.plan.members.push(event);
    }

    fn buys_in_shop(&mut self, shop: usize, number: usize, purchase: &Purchase, is_member: bool) {
        let (customer, at) = (self.customer, purchase.at);
        let who = customer.number;
        let wanted = product(&purchase.lines[0]);
        if at >= DAY && self.draw.chance(45) {
            self.browses(at / DAY * DAY - 5 * HOUR, &wanted, purchase.lines[0].product.number);
        }
        if self.draw.chance(70) {
            let joins = self.joins(45);
            let before = 10 * MINUTE + self.draw.below(900) as u32;
            let tag = shop * TAGS_A_SHOP + self.draw.below(WINDOW);
            self.returns(at, joins.as_ref());
            self.plan.add(at - before, Act::Tap { tag, who, joins });
        }
        let mut names = Vec::new();
        names.extend(is_member.then(|| loyalty(who)));
        names.extend(self.draw.chance(55).then(|| card(who)));
        if self.draw.chance(30) {
            let mut tried = ProductTriedOn::new();
            tried.product = wanted.clone();
            tried.fitted = Some(true);
            let event = self.named(shop, at - 8 * MINUTE, tried, &names);
            self.plan.post(at - 8 * MINUTE, who, Sender::Shop(shop), event);
        }
        if self.draw.chance(25) {
            let mut help = AssociateAssisted::new();
            help.associate_id = format!("{}-{}", SHOPS[shop].id, 1 + self.draw.below(4)).parse().ok();
            help.activity = Some("styling".to_owned());
            let event = self.named(shop, at - 6 * MINUTE, help, &names);
            self.plan.post(at - 6 * MINUTE, who, Sender::Shop(shop), event);
        }
        if self.draw.chance(40) {
            let joins = self.joins(25);
            self.plan.add(at - MINUTE, Act::Tap { tag: shop * TAGS_A_SHOP + TILL, who, joins });
        }
        let order = order_id(who, number);
        let event = self.named(shop, at, completed(&order, purchase), &names);
        self.plan.post(at, who, Sender::Shop(shop), event);
        if is_member {
            let mut points =
                PointsEarned::new(u32::try_from(purchase.amount_minor / 100).unwrap_or(u32::MAX));
            points.order_id = Some(order.clone());
            let event = self.named(shop, at + 1, points, &[loyalty(who)]);
            self.plan.post(at + 1, who, Sender::Shop(shop), event);
        }
        self.sometimes_refunds(&order, purchase, Sender::Shop(shop), &names);
    }

    fn buys_on_the_web(&mut self, number: usize, purchase: &Purchase) {
        let (customer, at) = (self.customer, purchase.at);
        let who = customer.number;
        self.comes(at.saturating_sub(30 * MINUTE));
        for (minutes, line) in (1..).zip(&purchase.lines) {
            let seen = at.saturating_sub(25 * MINUTE) + minutes * 2 * MINUTE;
            let mut viewed = ProductViewed::new();
            viewed.product = product(line);
            let event = self.plan.web(seen, who, viewed);
            self.plan.post(seen, who, Sender::Web, event);
            let mut added = ProductAdded::new();
            added.product = product(line);
            let event = self.plan.web(seen + 30, who, added);
            self.plan.post(seen + 30, who, Sender::Web, event);
        }
        let mut checkout = CheckoutStarted::new();
        checkout.order = sums(purchase);
        let event = self.plan.web(at.saturating_sub(2 * MINUTE), who, checkout);
        self.plan.post(at.saturating_sub(2 * MINUTE), who, Sender::Web, event);
        if !self.identified {
            self.identified = true;
            let event = self.plan.web(at.saturating_sub(MINUTE), who, traits(customer));
            let event = event.with(login(who)).with(email(customer));
            self.plan.post(at.saturating_sub(MINUTE), who, Sender::Web, event);
        }
        let order = order_id(who, number);
        let event = self.plan.web(at, who, completed(&order, purchase)).with(login(who));
        self.plan.post(at, who, Sender::Web, event);
        self.sometimes_refunds(&order, purchase, Sender::Office, &[login(who)]);
    }

    /// Comes to look, perhaps taps, buys nothing.
    fn looks_around(&mut self) {
        let day = self.draw.below(DAYS as usize) as u32;
        let at = day * DAY + 10 * HOUR + self.draw.below(9 * HOUR as usize) as u32;
        let who = self.customer.number;
        let shop = self.customer.home_shop;
        let seen = &CATALOGUE[self.draw.below(CATALOGUE.len())];
        if day > 0 && self.draw.chance(40) {
            let line = catalogue::Line { product: seen, size: 0, quantity: 1 };
            self.browses(day * DAY - 4 * HOUR, &product(&line), seen.number);
        }
        let joins = self.joins(35);
        let tag = shop * TAGS_A_SHOP + self.draw.below(WINDOW);
        self.returns(at, joins.as_ref());
        self.plan.add(at, Act::Tap { tag, who, joins });
    }

    /// An evening on the web: the product, perhaps twice, perhaps into the cart; something else on the wish list.
    fn browses(&mut self, from: u32, wanted: &Product, number: u16) {
        let who = self.customer.number;
        let at = from + self.draw.below(3 * HOUR as usize) as u32;
        self.comes(at);
        for time in 0..1 + self.draw.below(2) as u32 {
            let mut viewed = ProductViewed::new();
            viewed.product = wanted.clone();
            let event = self.plan.web(at + 40 + time * 5 * MINUTE, who, viewed);
            self.plan.post(at + 40 + time * 5 * MINUTE, who, Sender::Web, event);
        }
        if self.draw.chance(30) {
            let mut added = ProductAdded::new();
            added.product = wanted.clone();
            let event = self.plan.web(at + 12 * MINUTE, who, added);
            self.plan.post(at + 12 * MINUTE, who, Sender::Web, event);
        }
        if self.draw.chance(20) {
            let other = &CATALOGUE[(usize::from(number) + 7) % CATALOGUE.len()];
            let mut wish = ProductAddedToWishlist::new();
            wish.product = product(&catalogue::Line { product: other, size: 0, quantity: 1 });
            let event = self.plan.web(at + 14 * MINUTE, who, wish);
            self.plan.post(at + 14 * MINUTE, who, Sender::Web, event);
        }
    }

    /// Arrives at the web shop; the first time by the campaign that brought her.
    fn comes(&mut self, at: u32) {
        let mut page = PageViewed::new();
        page.path = Some("/".to_owned());
        let mut event = self.plan.web(at, self.customer.number, page);
        if !std::mem::replace(&mut self.came, true) {
            event.context.campaign = campaign(self.customer);
        }
        self.plan.post(at, self.customer.number, Sender::Web, event);
    }

    /// Whether she opts in when she is offered to, and what follows.
    fn joins(&mut self, percent: usize) -> Option<Joins> {
        if !self.draw.chance(percent) {
            return None;
        }
        let shoes = catalogue::SHOE_SIZES[self.customer.taste.shoes];
        let colour = ["navy", "mostly black", "Red!", "green, I think"][self.customer.number as usize % 4];
        let answers = match self.draw.below(10) {
            0..=3 => vec![format!("I take a {shoes}"), colour.to_owned()],
            4 => vec![format!("my size is {shoes}!"), "skip".to_owned()],
            5 => vec!["no idea, sorry".to_owned(), colour.to_owned()],
            6 => vec![shoes.to_owned()],
            _ => Vec::new(),
        };
        let leaves_after = self.draw.chance(8).then(|| (2 + self.draw.below(9) as u32) * DAY);
        // One in twenty finds the text again an hour later.
        let after = if self.draw.chance(5) { 70 * MINUTE } else { 20 + self.draw.below(100) as u32 };
        let answers = answers.into();
        Some(Joins { after, mangle: self.draw.below(MANGLES), answers, leaves_after })
    }

    /// Who liked to be known comes back, once or twice, and taps again.
    fn returns(&mut self, at: u32, joins: Option<&Joins>) {
        if joins.is_none() || !self.draw.chance(55) {
            return;
        }
        let mut day = at / DAY;
        for _ in 0..1 + self.draw.below(2) {
            day += 2 + self.draw.below(8) as u32;
            let at = day * DAY + 10 * HOUR + self.draw.below(9 * HOUR as usize) as u32;
            let tag = self.customer.home_shop * TAGS_A_SHOP + self.draw.below(WINDOW);
            if day < DAYS {
                self.plan.add(at, Act::Tap { tag, who: self.customer.number, joins: None });
            }
        }
    }

    fn sometimes_refunds(&mut self, order: &OrderId, purchase: &Purchase, by: Sender, names: &[Identifier]) {
        let back = (purchase.at / DAY + 3 + self.draw.below(5) as u32) * DAY + 15 * HOUR;
        if !self.draw.chance(4) || back >= DAYS * DAY {
            return;
        }
        let mut refund = OrderRefunded::new(order.clone());
        if purchase.lines.len() > 1 {
            refund.order.total = Some(money(purchase.amount_minor / 2));
        }
        let who = self.customer.number;
        let event = match by {
            Sender::Shop(shop) => self.named(shop, back, refund, names),
            Sender::Web | Sender::Office => {
                let event = self.plan.event("office", back, refund);
                names.iter().cloned().fold(event, Event::with)
            }
        };
        self.plan.post(back, who, by, event);
    }

    fn named(&mut self, shop: usize, at: u32, body: impl Into<Body>, names: &[Identifier]) -> Event {
        let event = self.plan.in_shop(shop, at, body);
        names.iter().cloned().fold(event, Event::with)
    }
}

/// The parts that the cast plays.
struct Story<'p> {
    plan: &'p mut Plan,
    draw: Draw,
    customers: &'p [Customer],
}

impl Story<'_> {
    fn plan(mut self) {
        self.becomes_known(0);
        self.joins_and_leaves(1);
        self.shares_a_phone(2, 3);
        self.is_merged_by_mistake(4, 5);
        self.posts_a_link(6);
        self.waits_too_long(6);
        self.buys_offline(7);
        self.enrols_and_returns(7);
        self.loses_a_tag();
        self.is_attacked();
    }

    /// The main job: browses in the evening, taps in the morning, texts, is served, comes back.
    fn becomes_known(&mut self, who: u32) {
        let boots = line("SHO-CHE", self.customers[who as usize].taste.shoes);
        let jumper = line("KNI-MER", self.customers[who as usize].taste.clothing);
        let evening = 20 * HOUR;
        for (minutes, viewed_line) in [(0, &boots), (6, &jumper), (11, &boots)] {
            let mut viewed = ProductViewed::new();
            viewed.product = product(viewed_line);
            let event = self.plan.web(evening + minutes * MINUTE, who, viewed);
            self.plan.post(evening + minutes * MINUTE, who, Sender::Web, event);
        }
        let mut wish = ProductAddedToWishlist::new();
        wish.product = product(&jumper);
        let event = self.plan.web(evening + 13 * MINUTE, who, wish);
        self.plan.post(evening + 13 * MINUTE, who, Sender::Web, event);

        let morning = DAY + 11 * HOUR;
        let shoes = catalogue::SHOE_SIZES[boots.size];
        let answers = [format!("I take {shoes} in shoes"), "dark green, I love it".to_owned()].into();
        let joins = Joins { after: 40, mangle: 1, answers, leaves_after: None };
        self.plan.add(morning, Act::Tap { tag: 1, who, joins: Some(joins) });
        self.plan.add(morning + 15, Act::Again { whose: who, client: client(who) });
        let phone = phone(&self.customers[who as usize]);
        let mut tried = ProductTriedOn::new();
        tried.product = product(&boots);
        tried.fitted = Some(true);
        let event = self.plan.in_shop(0, morning + 15 * MINUTE, tried).with(phone.clone());
        self.plan.tell(morning + 15 * MINUTE, who, Sender::Shop(0), event, "tries the boots on: they fit");
        let mut help = AssociateAssisted::new();
        help.associate_id = "harbour-1".parse().ok();
        help.activity = Some("fitting".to_owned());
        let event = self.plan.in_shop(0, morning + 18 * MINUTE, help).with(phone.clone());
        self.plan.tell(
            morning + 18 * MINUTE,
            who,
            Sender::Shop(0),
            event,
            "an associate helps, and asks for a name",
        );
        let traits = traits(&self.customers[who as usize]);
        let event = self.plan.in_shop(0, morning + 19 * MINUTE, traits).with(phone.clone());
        self.plan.post(morning + 19 * MINUTE, who, Sender::Shop(0), event);
        self.plan.add(morning + 25 * MINUTE, Act::Tap { tag: TILL, who, joins: None });
        let bought = purchase(vec![boots]);
        let event = self.plan.in_shop(0, morning + 26 * MINUTE, completed(&story_order(who, 1), &bought));
        self.plan.tell(morning + 26 * MINUTE, who, Sender::Shop(0), event.with(phone), "buys the boots");
        self.plan.add(9 * DAY + 17 * HOUR, Act::Tap { tag: TAGS_A_SHOP, who, joins: None });
    }

    fn joins_and_leaves(&mut self, who: u32) {
        let joins = Joins { after: 30, mangle: 3, answers: VecDeque::new(), leaves_after: Some(10 * DAY) };
        self.plan.add(2 * DAY + 14 * HOUR, Act::Tap { tag: TAGS_A_SHOP + 1, who, joins: Some(joins) });
        self.plan.add(13 * DAY + 12 * HOUR, Act::Tap { tag: TAGS_A_SHOP + 1, who, joins: None });
    }

    /// Two loyalty members use one phone: nobody is glued together.
    fn shares_a_phone(&mut self, one: u32, two: u32) {
        let shared = phone(&self.customers[one as usize]);
        for (hours, who) in [(12, one), (16, two)] {
            let at = 3 * DAY + hours * HOUR;
            let joined = LoyaltyMemberEnrolled::new();
            let event = self.plan.in_shop(1, at, joined).with(loyalty(who)).with(shared.clone());
            let story = "a family member joins the loyalty programme with the family's phone";
            self.plan.tell(at, who, Sender::Shop(1), event, story);
            let bought = purchase(vec![line("TEE-RIV", 2)]);
            let order = completed(&story_order(who, 1), &bought);
            let event = self.plan.in_shop(1, at + MINUTE, order).with(loyalty(who)).with(shared.clone());
            self.plan.post(at + MINUTE, who, Sender::Shop(1), event);
        }
        let why = "two members of a family on one phone";
        self.plan.add(3 * DAY + 17 * HOUR, Act::Ask { one: loyalty(one), two: loyalty(two), why });
        let why = "a phone that two members use ties nobody";
        self.plan.add(3 * DAY + 17 * HOUR, Act::Ask { one: loyalty(one), two: shared, why });
    }

    /// Head office takes two members for one, and takes that back.
    fn is_merged_by_mistake(&mut self, one: u32, two: u32) {
        for (minutes, who) in [(0, one), (5, two)] {
            let at = 5 * DAY + 12 * HOUR + minutes * MINUTE;
            let joined = LoyaltyMemberEnrolled::new();
            let event = self.plan.in_shop(0, at, joined).with(loyalty(who));
            self.plan.tell(at, who, Sender::Shop(0), event, "joins the loyalty programme");
        }
        let mut linked = IdentifiersLinked::new();
        linked.reason = Some("same name and street".to_owned());
        let at = 6 * DAY + 9 * HOUR;
        let event = self.plan.event("office", at, linked).with(loyalty(one)).with(loyalty(two));
        self.plan.tell(at, one, Sender::Office, event, "head office merges two members");
        let why = "after the merge";
        self.plan.add(at + 1, Act::Ask { one: loyalty(one), two: loyalty(two), why });
        let mut apart = IdentifiersSeparated::new();
        apart.reason = Some("mother and daughter".to_owned());
        let at = 8 * DAY + 9 * HOUR;
        let event = self.plan.event("office", at, apart).with(loyalty(one)).with(loyalty(two));
        self.plan.tell(at, one, Sender::Office, event, "head office undoes it: mother and daughter");
        let why = "after it was undone";
        self.plan.add(at + 1, Act::Ask { one: loyalty(one), two: loyalty(two), why });
    }

    /// Somebody taps, and posts the link for others to open.
    fn posts_a_link(&mut self, who: u32) {
        let at = 10 * DAY + 12 * HOUR;
        self.plan.add(at, Act::Tap { tag: 2, who, joins: None });
        for (hours, follower) in [(1, "a"), (2, "b"), (5, "c")] {
            let client = format!("follower {follower}");
            self.plan.add(at + hours * HOUR, Act::Again { whose: who, client });
        }
    }

    fn waits_too_long(&mut self, who: u32) {
        let joins = Joins { after: 90 * MINUTE, mangle: 0, answers: VecDeque::new(), leaves_after: None };
        let tag = 2 * TAGS_A_SHOP;
        self.plan.add(12 * DAY + 12 * HOUR, Act::Tap { tag, who, joins: Some(joins) });
    }

    /// A day on which a till has no connection.
    fn buys_offline(&mut self, who: u32) {
        let (shop, day) = OFFLINE;
        for (number, hours) in [(1, 11), (2, 15)] {
            let at = day * DAY + hours * HOUR;
            let bought = purchase(vec![line("BAG-TOT", 0), line("ACC-SOC", 0)]);
            let order = completed(&story_order(who, number), &bought);
            let event = self.plan.in_shop(shop, at, order).with(card(who));
            self.plan.post(at, who, Sender::Shop(shop), event);
        }
    }

    fn enrols_and_returns(&mut self, who: u32) {
        let at = 19 * DAY + 13 * HOUR;
        let mut joined = LoyaltyMemberEnrolled::new();
        joined.tier = Some("silver".to_owned());
        let event = self.plan.in_shop(2, at, joined).with(loyalty(who)).with(card(who));
        self.plan.tell(
            at,
            who,
            Sender::Shop(2),
            event,
            "joins the loyalty programme; her card brings her orders",
        );
        let mut refund = OrderRefunded::new(story_order(who, 2));
        refund.order.total = Some(money(1_200));
        let at = 20 * DAY + 16 * HOUR;
        let event = self.plan.in_shop(2, at, refund).with(card(who));
        self.plan.tell(at, who, Sender::Shop(2), event, "brings the tote of one order back");
    }

    /// A tag is stolen; whoever has it taps.
    fn loses_a_tag(&mut self) {
        let (tag, day) = (WINDOW, 14);
        let lost = Act::Status { tag, status: TagStatus::Lost, why: "the window's tag is gone" };
        self.plan.add(day * DAY + 9 * HOUR + 30 * MINUTE, lost);
        self.plan.add(day * DAY + 16 * HOUR, Act::Tap { tag, who: 1, joins: None });
        let retired = Act::Status { tag, status: TagStatus::Retired, why: "it does not come back" };
        self.plan.add((day + 1) * DAY + 10 * HOUR, retired);
    }

    /// Links that nobody tapped, and a tag that is not in service yet.
    fn is_attacked(&mut self) {
        self.plan.add(7 * DAY + 11 * HOUR, Act::Stranger);
        for day in [11, 16, 22, 27] {
            let whose = [0, 6][self.draw.below(2)];
            self.plan.add(day * DAY + 13 * HOUR, Act::Forge { whose });
            self.plan.add(day * DAY + 15 * HOUR, Act::Again { whose, client: format!("copy of day {day}") });
        }
        // Somebody comes in, and an associate sees it: a visit without a tap.
        let visit = self.plan.in_shop(0, 4 * DAY + 12 * HOUR, VisitStarted::new()).with(loyalty(2));
        self.plan.post(4 * DAY + 12 * HOUR, 2, Sender::Shop(0), visit);
    }
}

/// How many ways of mangling there are.
const MANGLES: usize = 8;

/// The text that is to be `keyword code`, as phones and people send it.
pub(super) fn mangled(keyword: &str, code: &str, how: usize) -> String {
    let lower = |text: &str| text.to_ascii_lowercase();
    let (front, back) = code.split_at(code.len() / 2);
    match how % MANGLES {
        0 => format!("{keyword} {code}"),
        1 => format!("{} {}.", lower(keyword), lower(code)),
        2 => format!("  {keyword}   {front} {back}"),
        3 => format!("\u{201c}{keyword} {code}\u{201d}"),
        4 => format!("Hi! {} {front}-{back} please \u{1f60a}", lower(keyword)),
        5 => code.to_owned(),
        6 => format!("{keyword}{code}\n\nSent from my phone"),
        _ => format!("{keyword} {}", code.replace('0', "O").replace('1', "l")),
    }
}

/// What people write to leave.
pub(super) fn goodbye(who: u32) -> &'static str {
    ["STOP", "Stop.", "stop", "UNSUBSCRIBE"][who as usize % 4]
}

/// The moment so many seconds after the month began.
pub(super) fn instant(at: u32) -> Timestamp {
    let start = Timestamp::parse(START).expect("a constant that is a time");
    start.saturating_add(std::time::Duration::from_secs(at.into()))
}

/// The browser of a customer's phone. The family of customers 2 and 3 has one.
pub(super) fn cookie(who: u32) -> Identifier {
    identifier(IdentifierKind::Cookie, &cookie_value(who))
}

fn cookie_value(who: u32) -> String {
    format!("c-{}", if who == 3 { 2 } else { who })
}

/// What tells a customer's phone from others while it loads a page.
pub(super) fn client(who: u32) -> String {
    format!("session of {}", cookie_value(who))
}

/// The number that a customer texts from. The family has one phone.
pub(super) fn phone_of(customers: &[Customer], who: u32) -> Identifier {
    phone(&customers[if who == 3 { 2 } else { who as usize }])
}

fn phone(customer: &Customer) -> Identifier {
    identifier(IdentifierKind::Phone, &customer.person.phone)
}

fn email(customer: &Customer) -> Identifier {
    identifier(IdentifierKind::Email, &customer.person.email)
}

pub(super) fn loyalty(who: u32) -> Identifier {
    identifier(IdentifierKind::Loyalty, &format!("W-{who:05}"))
}

fn login(who: u32) -> Identifier {
    identifier(IdentifierKind::Login, &format!("user-{who}"))
}

fn card(who: u32) -> Identifier {
    identifier(IdentifierKind::Card, &format!("card-{who:05}"))
}

fn identifier(kind: IdentifierKind, value: &str) -> Identifier {
    Identifier::new(kind, value).expect("invented identifiers have their kind's form")
}

fn order_id(who: u32, number: usize) -> OrderId {
    OrderId::new(format!("{who}-{number}")).expect("a short id")
}

fn story_order(who: u32, number: u32) -> OrderId {
    OrderId::new(format!("story-{who}-{number}")).expect("a short id")
}

fn traits(customer: &Customer) -> UserIdentified {
    let mut traits = UserIdentified::new();
    traits.first_name = Some(Personal::new(customer.person.given_name));
    traits.last_name = Some(Personal::new(customer.person.family_name));
    traits
}

fn campaign(customer: &Customer) -> Option<Campaign> {
    let way = customer.came_by?;
    let mut campaign = Campaign::default();
    campaign.source = Some(way.source.to_owned());
    campaign.medium = Some(way.medium.to_owned());
    Some(campaign)
}

/// One piece of a product of the catalogue.
fn line(code: &str, size: usize) -> catalogue::Line {
    let product = CATALOGUE.iter().find(|product| product.code == code).expect("in the catalogue");
    catalogue::Line { product, size, quantity: 1 }
}

/// A purchase of the story, at list prices.
fn purchase(lines: Vec<catalogue::Line>) -> Purchase {
    let amount_minor = lines.iter().map(|line| line.product.price_minor * line.quantity).sum();
    Purchase { at: 0, place: Place::Web, amount_minor, lines, discount_minor: 0 }
}

fn product(line: &catalogue::Line) -> Product {
    let mut product = Product::default();
    product.sku = Some(line.product.sku(line.size));
    product.product_id = Some(line.product.code.to_owned());
    product.gtin = Some(line.product.gtin14(line.size));
    product.name = Some(line.product.name.to_owned());
    product.brand = Some(line.product.brand.to_owned());
    product.category = Some(line.product.category.to_owned());
    product.size = Some(line.product.size(line.size).to_owned());
    product.price = Some(Price::Money(money(line.product.price_minor)));
    product.quantity = u32::try_from(line.quantity).ok();
    product
}

fn completed(order: &OrderId, purchase: &Purchase) -> OrderCompleted {
    let mut completed = OrderCompleted::new(order.clone());
    completed.order = sums(purchase);
    completed
}

fn sums(purchase: &Purchase) -> OrderSums {
    let mut sums = OrderSums::default();
    sums.revenue = Some(money(purchase.amount_minor));
    sums.discount = (purchase.discount_minor > 0).then(|| money(purchase.discount_minor));
    sums.currency = CURRENCY.parse().ok();
    sums.products = purchase.lines.iter().map(product).collect();
    sums
}

fn money(minor: i64) -> Money {
    Money::new(minor, CURRENCY.parse::<Currency>().expect("a code of ISO 4217"))
}
