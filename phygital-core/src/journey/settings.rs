//! By which settings touches count.

use std::collections::BTreeMap;
use std::fmt;

use super::touch::TouchKind;
use crate::vocab::Digest;
use crate::vocab::limits::PATH_TOUCHES_MAX;

/// Which touches count for an order. Spans are in seconds.
///
/// ```
/// use phygital_core::journey::{Settings, TouchKind};
/// let settings = Settings::default().with_look_back(7 * 86_400).with_look_back_of(TouchKind::Visit, 90 * 86_400);
/// assert_eq!(settings.look_back(TouchKind::Web), 7 * 86_400);
/// assert_eq!(settings.look_back(TouchKind::Visit), 90 * 86_400);
/// assert_ne!(settings.digest(), Settings::default().digest());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How long before an order a touch counts, both ends included; that of a kind where it has its own.
    look_back: u64,
    look_back_of: BTreeMap<TouchKind, u64>,
    /// Of touches of one channel and source that lie within so many seconds of the first, the first alone counts; none
    /// where all do. 30 minutes by default, the length of a web session.
    pub dedupe: Option<u64>,
    /// The last so many touches count, 1 to [`PATH_TOUCHES_MAX`]: 100 by default.
    cap: usize,
    /// A visit to the shop of an order that began so many seconds or less before it is the order's own, and no touch of it;
    /// none where all visits are touches. Four hours by default.
    pub own_visit: Option<u64>,
    /// Whether a touch counts whose person became known only after the order. Not by default: the identity has to be valid
    /// when the order is placed.
    pub late_links: bool,
    /// What becomes of the conversion of an order that was paid back in full.
    pub refunded: Refunded,
    /// A page or screen within so many seconds of the one before at the same site goes on with that visit and is no touch of
    /// its own, unless it names another campaign: 30 minutes.
    pub session: u64,
}

/// What becomes of the conversion of an order that was paid back in full, where conversions are counted. Its value is zero
/// in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it counts or it does not")]
pub enum Refunded {
    /// It stays one: she did buy.
    #[default]
    Counts,
    /// It is taken back: the journey did not convert.
    TakenBack,
}

const DAY: u64 = 86_400;

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            look_back: 30 * DAY,
            look_back_of: BTreeMap::new(),
            dedupe: Some(30 * 60),
            cap: 100,
            own_visit: Some(4 * 60 * 60),
            late_links: false,
            refunded: Refunded::default(),
            session: 30 * 60,
        }
    }
}

impl Settings {
    /// All touches of the look-back, none left out as a duplicate, as the order's own visit or above a cap: the plain
    /// definition, as of published data.
    pub fn plain(look_back: u64) -> Settings {
        let settings =
            Settings { dedupe: None, cap: PATH_TOUCHES_MAX, own_visit: None, ..Settings::default() };
        settings.with_look_back(look_back)
    }

    /// The settings with a look-back of so many seconds for all kinds that have none of their own.
    pub fn with_look_back(self, seconds: u64) -> Settings {
        Settings { look_back: seconds, ..self }
    }

    /// The settings with a look-back of so many seconds for a kind.
    pub fn with_look_back_of(mut self, kind: TouchKind, seconds: u64) -> Settings {
        self.look_back_of.insert(kind, seconds);
        self
    }

    /// The settings with another span within which touches are duplicates; none takes them all.
    pub fn with_dedupe(self, seconds: Option<u64>) -> Settings {
        Settings { dedupe: seconds, ..self }
    }

    /// The settings with another most of touches; one outside 1 to [`PATH_TOUCHES_MAX`] becomes the nearest.
    pub fn with_cap(self, touches: usize) -> Settings {
        Settings { cap: touches.clamp(1, PATH_TOUCHES_MAX), ..self }
    }

    /// The settings with another span within which a visit is the order's own; none takes all visits as touches.
    pub fn with_own_visit(self, seconds: Option<u64>) -> Settings {
        Settings { own_visit: seconds, ..self }
    }

    /// The settings that take touches whose person became known only after the order, or not.
    pub fn with_late_links(self, late_links: bool) -> Settings {
        Settings { late_links, ..self }
    }

    /// The settings with what becomes of conversions that were paid back in full.
    pub fn with_refunded(self, refunded: Refunded) -> Settings {
        Settings { refunded, ..self }
    }

    /// How long before an order a touch of a kind counts, in seconds.
    pub fn look_back(&self, kind: TouchKind) -> u64 {
        self.look_back_of.get(&kind).copied().unwrap_or(self.look_back)
    }

    /// How many touches count at most.
    pub fn cap(&self) -> usize {
        self.cap
    }

    /// SHA-256 of the settings as [`Settings`] prints them: what a result names, so that another reader can tell whether two
    /// results are of the same rules.
    pub fn digest(&self) -> Digest {
        Digest::of(format!("phygital.journey.1\n{self}").as_bytes())
    }
}

impl fmt::Display for Settings {
    /// In one line, all of them, in one order: `look_back tap=2592000 visit=... dedupe=1800 cap=100 ...`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "look_back")?;
        for &kind in TouchKind::ALL {
            write!(f, " {kind}={}", self.look_back(kind))?;
        }
        let span = |span: Option<u64>| span.map_or_else(|| "none".to_owned(), |span| span.to_string());
        write!(f, "; dedupe {}; cap {}; own_visit {}", span(self.dedupe), self.cap, span(self.own_visit))?;
        let refunded = match self.refunded {
            Refunded::Counts => "counts",
            Refunded::TakenBack => "taken_back",
        };
        let links = if self.late_links { "late" } else { "at_conversion" };
        write!(f, "; links {links}; refunded {refunded}; session {}", self.session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_in_the_digest() {
        let base = Settings::default();
        let others = [
            base.clone().with_look_back(1),
            base.clone().with_look_back_of(TouchKind::Ad, 1),
            base.clone().with_dedupe(None),
            base.clone().with_dedupe(Some(1)),
            base.clone().with_cap(1),
            base.clone().with_own_visit(None),
            base.clone().with_late_links(true),
            base.clone().with_refunded(Refunded::TakenBack),
            Settings { session: 1, ..base.clone() },
        ];
        let digests = others.iter().chain([&base]).map(Settings::digest);
        assert_eq!(digests.collect::<std::collections::BTreeSet<_>>().len(), others.len() + 1);
        // The same rules said in another way are the same.
        assert_eq!(base.clone().with_look_back_of(TouchKind::Ad, 30 * DAY).digest(), base.digest());
    }

    #[test]
    fn a_cap_is_a_path() {
        assert_eq!(Settings::default().with_cap(0).cap(), 1);
        assert_eq!(Settings::default().with_cap(PATH_TOUCHES_MAX + 1).cap(), PATH_TOUCHES_MAX);
    }
}
