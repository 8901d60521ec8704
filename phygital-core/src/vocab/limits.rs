//! Every limit on what comes in, named, with its reason.
//!
//! A till lives for years on one slow disk: whatever is not bounded here fills it one day. Each limit
//! is tested at the limit and one past it.

use std::time::Duration;

/// Longest JSON text of one event, in bytes. A cart of 200 lines is about 40 KiB.
pub const EVENT_BYTES_MAX: usize = 64 * 1024;

/// Deepest nesting of arrays and objects in an event. Segment's own spec needs six.
pub const EVENT_DEPTH_MAX: usize = 16;

/// Most JSON values (of any type) in one event.
pub const EVENT_VALUES_MAX: usize = 4_096;

/// Most identifiers one event may carry. A receipt names about five.
pub const EVENT_IDENTIFIERS_MAX: usize = 16;

/// Most entries in a list inside an event, such as the lines of an order.
pub const EVENT_LIST_MAX: usize = 500;

/// Longest text field of an event, in bytes. A review or an e-mail subject fits.
pub const TEXT_BYTES_MAX: usize = 4 * 1024;

/// Longest id (event, source, place, order, customer key of the host), in bytes.
pub const ID_BYTES_MAX: usize = 256;

/// Longest value of an identifier, in bytes. RFC 5321 allows 254 for an e-mail address.
pub const IDENTIFIER_BYTES_MAX: usize = 256;

/// Longest name of a custom event, in bytes.
pub const CUSTOM_NAME_BYTES_MAX: usize = 128;

/// Longest JSON text of properties that the vocabulary does not know, in bytes.
pub const EXTRA_BYTES_MAX: usize = 16 * 1024;

/// Most digits of a decimal number: what an `i64` of minor units surely holds.
pub const DECIMAL_DIGITS_MAX: usize = 18;

/// Most events in one batch, which is one transaction: a power cut loses no more than this, and
/// none that was acknowledged.
pub const BATCH_EVENTS_MAX: usize = 10_000;

/// Most entries for one purpose in the consent ledger of a contact point. Ten changes of mind a year
/// for twenty-five years; what is older decides nothing, and the log still has it.
pub const LEDGER_ENTRIES_MAX: usize = 256;

/// Longest text of a notice, in bytes: [`TEXT_BYTES_MAX`], since events quote it.
pub const NOTICE_BYTES_MAX: usize = TEXT_BYTES_MAX;

/// Longest language tag, in bytes: RFC 5646, section 4.4.1, has none longer.
pub const LANGUAGE_BYTES_MAX: usize = 35;

/// Longest keyword of a notice, in bytes. Somebody types it by hand.
pub const KEYWORD_BYTES_MAX: usize = 16;

/// How much of an inbound text is read, in bytes. Ten parts of a text message are at most 2,680.
pub const INBOUND_BYTES_MAX: usize = 4 * 1024;

/// Most codes that one inbound text is read as. Each is a guess, so this times the tries allowed is
/// what one number may guess in an hour.
pub const CODE_CANDIDATES_MAX: usize = 8;

/// Most doings of messages out that the thread of a contact point remembers. Of one message there are five: asked for, carried
/// out, sent as the host and as the gateway tells it, failed; so these are as many messages as a cap may have. What went out
/// before is taken to fill every cap.
pub const DOINGS_KEPT: usize = 5 * CAP_LIMIT_MAX as usize;

/// Most messages in that it remembers: a gateway that tells one twice does so within minutes.
pub const RECEIVED_KEPT: usize = 64;

/// Most parts of messages in that it remembers, and most parts of one message. Longer ones are read part by part.
pub const PARTS_KEPT: usize = 32;

/// Most topics that are to be followed up, listed at once: each is read with the event that asked its question, while others
/// wait for the store. Who has more goes on behind the last.
pub const FOLLOW_UPS_MAX: usize = 1_000;

/// Longest life of a one-time code, whatever its offer says.
pub const CODE_LIFE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Most failed tries that a contact point may be allowed in a window; as many are remembered.
pub const TRIES_MAX: usize = 32;

/// Longest window in which failed tries count.
pub const TRIES_WINDOW_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Longest time that the question of a double opt-in waits for its answer.
pub const CONFIRM_LIFE_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Most recipients of an `sms:` link. Phones differ in what they do with more than one.
pub const SMS_RECIPIENTS_MAX: usize = 10;

/// Longest body of an `sms:` link, in bytes: ten parts of 160 characters.
pub const SMS_BODY_BYTES_MAX: usize = 1_600;

/// Most channels of one set of journeys. They are ids of two bytes; a shop has dozens, a report of campaigns hundreds.
pub const CHANNELS_MAX: usize = 65_536;

/// Longest name of a channel, in bytes.
pub const CHANNEL_NAME_BYTES_MAX: usize = 256;

/// Most identifiers of which one description was said, before it ties nobody in a store with a model: more than the rules allow
/// one person of all kinds together, and as many as a till can read for an event. A form that was filled in for everybody has
/// more.
pub const DESCRIBED_MAX: usize = 256;

/// Most touches of one path. Longer ones are a robot or a fault of the clock; the cap of eligibility is far below.
pub const PATH_TOUCHES_MAX: usize = 65_535;

/// Highest order of a Markov model. Above four or five no data fills the states.
pub const MARKOV_ORDER_MAX: usize = 16;

/// Most states of a Markov model that is solved: its working set is a quarter of a kilobyte a state.
pub const MARKOV_STATES_MAX: usize = 100_000;

/// Most players of a game that is solved over all their coalitions: two tables of 2^24 numbers are 256 MiB.
pub const SHAPLEY_PLAYERS_MAX: usize = 24;

/// Most repeat purchases of one customer: one a minute for two years, so a robot or a fault.
pub const REPEATS_MAX: u32 = 1_000_000;

/// Most customers of one model: as many as a double counts exactly.
pub const PEOPLE_MAX: u64 = 1 << 53;

/// Most occasions to buy of one customer, in models that go through each: one a day for 27 years.
pub const OCCASIONS_MAX: u32 = 10_000;

/// Longest time of a customer's summary, in its unit: thirty years of seconds. With [`SUMMARY_TIME_LEAST`] it keeps what
/// models compute within what a double holds.
pub const SUMMARY_TIME_MAX: f64 = 1e9;

/// Shortest time of a customer's summary above 0.
pub const SUMMARY_TIME_LEAST: f64 = 1e-9;

/// Least and most mean value of a customer's purchases, in its unit of money: from a millionth of a cent to more than there
/// is.
pub const MEAN_VALUE_LEAST: f64 = 1e-8;
/// See [`MEAN_VALUE_LEAST`].
pub const MEAN_VALUE_MAX: f64 = 1e15;

/// Most steps of an outlook on customers: a century of months, many times over.
pub const OUTLOOK_STEPS_MAX: u32 = 10_000;

/// Longest text of a model of customer value, in bytes: a hundred times what is written.
pub const VALUE_MODEL_BYTES_MAX: usize = 256 * 1024;

/// Longest settings of a shop, in bytes: a page of text, many times over.
pub const SETTINGS_BYTES_MAX: usize = 256 * 1024;

/// Most recipients of a purpose catalogue, and most notices of one purpose: a text in every language of the Union, ten
/// times changed.
pub const CATALOGUE_LIST_MAX: usize = 256;

/// Most events of one consent record that is taken in: what a ledger keeps of one purpose of answers, of requests and of
/// reassignments, with room for signals and the end.
pub const IMPORT_EVENTS_MAX: usize = 4 * LEDGER_ENTRIES_MAX;

/// Longest text of a rule book, in bytes: eighteen times the library's own.
pub const RULE_BOOK_BYTES_MAX: usize = 512 * 1024;

/// Most rules of a book. All are looked through for a message, so this bounds what one costs.
pub const RULES_MAX: usize = 1_000;

/// Longest reason for answering a person later, in bytes: some ten sentences, which one text has room for.
pub const EXTENSION_REASON_BYTES_MAX: usize = 1_000;

/// Most calendars of a book: the countries of the world and some of their parts.
pub const CALENDARS_MAX: usize = 500;

/// Most days of the year of one calendar. No country has thirty holidays.
pub const CALENDAR_DAYS_MAX: usize = 64;

/// Most single dates of one calendar: those of forty years.
pub const CALENDAR_DATES_MAX: usize = 1_000;

/// Most windows in which one may send on one day of the week.
pub const WINDOWS_A_DAY_MAX: usize = 24;

/// Highest cap on messages. Each send that counts is kept, so this bounds what is kept of a contact point.
pub const CAP_LIMIT_MAX: u32 = 64;

/// Longest window of a cap on messages, in hours: 31 days, for the same reason.
pub const CAP_WINDOW_HOURS_MAX: u32 = 31 * 24;

/// Longest deadline, in its unit: no law gives ten years of days.
pub const DEADLINE_LENGTH_MAX: u32 = 3_660;

/// Longest time in which somebody is left alone, in months: a century.
pub const COOLING_OFF_MONTHS_MAX: u32 = 1_200;

/// Most words of one rule on keywords.
pub const RULE_WORDS_MAX: usize = 1_000;

/// Longest keyword of a rule, in bytes: some ten words, and no one texts a longer keyword.
pub const RULE_WORD_BYTES_MAX: usize = 64;
