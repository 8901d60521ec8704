//! How an engine is set up.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::consent::{Catalogue, Policy};
use crate::conversation::gate::Gate;
use crate::conversation::lint::Style;
use crate::conversation::topic::Topic;
use crate::identity::Rules;
use crate::identity::matching::Model;
use crate::machine::FailureLimits;
use crate::optin::{Notice, OptInConfig};
use crate::rules::RuleBook;
use crate::tap::replay::ReplayPolicy;
use crate::vocab::{DeviceId, TopicId};

/// The settings of an engine. All have defaults; `with_` sets one.
///
/// ```
/// use phygital_core::engine::Config;
/// let config = Config::default().with_brand("Maison Ada");
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// The brand, as messages name it.
    pub brand: String,
    /// The device whose log this is; random where a new store is given none.
    pub device: Option<DeviceId>,
    /// The tenant's secret for a new store, the same at all tills of a brand; random where none is
    /// given. A store keeps the secret it was made with.
    pub tenant: Option<[u8; 32]>,
    /// The incarnation that the host kept when it last had this store open. Another one in the
    /// store means that a backup was restored: a new epoch begins.
    pub incarnation: Option<[u8; 16]>,
    /// Which values link people, how many make an identifier shared, what tells people apart; for a new store. A store
    /// keeps the rules that it was made with, see [`History::change_rules`](super::History::change_rules).
    pub rules: Rules,
    /// What agreement and difference of names, dates of birth and addresses are worth, so that those who match are one
    /// customer: learned from records with fields named as those of [`Details`](crate::identity::Details), such as
    /// [`resolver::train`](crate::identity::resolver::train) gives. None unless said; for a new store. A store keeps what it was
    /// made with, see [`History::change_model`](super::History::change_model).
    pub model: Option<Model>,
    /// What needs consent.
    pub policy: Policy,
    /// What data is used for, and who gets it: who is told of an erasure, what receipts say.
    pub catalogue: Catalogue,
    /// What decides whether a message may go out: the law, and the brand's own rules. Its style names the brand.
    pub gate: Gate,
    /// The notice that an unknown visitor is shown after a tap; no opt-in is offered without.
    pub notice: Option<Notice>,
    /// How long a code lives and how often it may be tried.
    pub opt_in: OptInConfig,
    /// What is answered to a text that joins; `{brand}` stands for the brand. Opt-in confirmations
    /// have to say how to leave (CTIA Messaging Principles).
    pub joined_text: String,
    /// What is answered to a text that leaves: one confirmation, with no marketing in it (47 CFR
    /// 64.1200(a)(12)). One that names a price or a share is refused when the engine opens.
    pub left_text: String,
    /// What is answered to a code that is unknown, used or too old.
    pub retry_text: String,
    /// What is answered to a call for help.
    pub help_text: String,
    /// The topics that may be opened with customers, by their ids.
    pub topics: BTreeMap<TopicId, Topic>,
    /// Which ways lead from a tap to a text.
    pub ways: Ways,
    /// What is asked of one that texts without having seen the notice: `{notice}` stands for its text. Her answer is the second
    /// half of a double opt-in.
    pub confirm_text: String,
    /// How long that question waits for its answer, at most [`CONFIRM_LIFE_MAX`](crate::vocab::limits::CONFIRM_LIFE_MAX).
    pub confirm_life: Duration,
    /// How long the same client may send the same tap again and get the first answer: a page
    /// reloaded, a link previewed.
    pub repeat_window: Duration,
    /// Whether taps that arrive out of order count.
    pub replay: ReplayPolicy,
    /// The same for fleets of their own rule, by the label of their keys.
    pub replay_of: BTreeMap<String, ReplayPolicy>,
    /// How many taps that are not genuine are let pass. Counted in memory, by each engine for itself.
    pub failure_limits: FailureLimits,
}

/// Which ways lead from a tap to a text; each needs a notice.
///
/// | way | she does | consent |
/// |---|---|---|
/// | `landing` | taps, reads the notice on a page, sends the text with its one-time code | at once: the notice was shown |
/// | `tag_text` | taps a tag with an `sms:` link, sends what the tag mirrored into it | after a yes to the notice in the first reply |
/// | `keyword` | texts the notice's keyword, without a tap | after a yes; she has joined without a tap |
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ways {
    /// A page after the tap, with a one-time code. On by default.
    pub landing: bool,
    /// The link that a tag with a web address would have given, with places for what the tag mirrors: see
    /// [`TagText`](crate::optin::TagText). Off by default.
    pub tag_text: Option<String>,
    /// The keyword alone, or with a code that is no longer good. Off by default.
    pub keyword: bool,
}

impl Default for Ways {
    fn default() -> Ways {
        Ways { landing: true, tag_text: None, keyword: false }
    }
}

impl Ways {
    /// With or without a page after the tap.
    pub fn with_landing(self, landing: bool) -> Ways {
        Ways { landing, ..self }
    }

    /// With `sms:` links on the tags themselves, which stand for this link.
    pub fn with_tag_text(self, link: impl Into<String>) -> Ways {
        Ways { tag_text: Some(link.into()), ..self }
    }

    /// With or without the keyword alone.
    pub fn with_keyword(self, keyword: bool) -> Ways {
        Ways { keyword, ..self }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            brand: "the shop".to_owned(),
            device: None,
            tenant: None,
            incarnation: None,
            rules: Rules::default(),
            model: None,
            policy: Policy::default(),
            catalogue: Catalogue::default(),
            gate: Gate::new(RuleBook::standard().clone(), Style::new("the shop")),
            notice: None,
            opt_in: OptInConfig::default(),
            joined_text: "{brand}: welcome, you are in. Reply STOP to leave, HELP for help.".to_owned(),
            left_text: "{brand}: you have left and will get no more messages from us.".to_owned(),
            retry_text: "{brand}: that code is no longer good. Please tap again.".to_owned(),
            help_text: "{brand}: reply STOP to leave, or ask at any of our shops.".to_owned(),
            topics: BTreeMap::new(),
            ways: Ways::default(),
            confirm_text: "{brand}: {notice} Reply YES to agree, STOP if not.".to_owned(),
            confirm_life: Duration::from_secs(7 * 24 * 60 * 60),
            repeat_window: Duration::from_secs(120),
            replay: ReplayPolicy::STRICT,
            replay_of: BTreeMap::new(),
            failure_limits: FailureLimits::default(),
        }
    }
}

impl Config {
    /// Sets the brand.
    pub fn with_brand(mut self, brand: impl Into<String>) -> Config {
        self.brand = brand.into();
        self.gate.style.brand.clone_from(&self.brand);
        self
    }

    /// Sets the device of a new store.
    pub fn with_device(mut self, device: DeviceId) -> Config {
        self.device = Some(device);
        self
    }

    /// Sets the tenant's secret of a new store.
    pub fn with_tenant(mut self, secret: [u8; 32]) -> Config {
        self.tenant = Some(secret);
        self
    }

    /// Sets the incarnation that the host kept.
    pub fn with_incarnation(mut self, incarnation: [u8; 16]) -> Config {
        self.incarnation = Some(incarnation);
        self
    }

    /// Sets the rules of identity.
    pub fn with_rules(mut self, rules: Rules) -> Config {
        self.rules = rules;
        self
    }

    /// Sets what people are held against each other by.
    pub fn with_model(mut self, model: Model) -> Config {
        self.model = Some(model);
        self
    }

    /// Sets what needs consent.
    pub fn with_policy(mut self, policy: Policy) -> Config {
        self.policy = policy;
        self
    }

    /// Sets the purpose catalogue, and from it what needs consent.
    pub fn with_catalogue(mut self, catalogue: Catalogue) -> Config {
        self.policy = catalogue.policy(self.policy);
        self.catalogue = catalogue;
        self
    }

    /// Sets what decides whether a message may go out. Texts are held against the brand that its style names.
    pub fn with_gate(mut self, gate: Gate) -> Config {
        self.gate = gate;
        self
    }

    /// Sets the rules of messages: those of the law with what is to be replaced and added, as
    /// [`RuleBook::extended_by`] gives them.
    pub fn with_rule_book(mut self, rules: RuleBook) -> Config {
        self.gate.rules = rules;
        self
    }

    /// Sets the notice of the opt-in.
    pub fn with_notice(mut self, notice: Notice) -> Config {
        self.notice = Some(notice);
        self
    }

    /// Sets how long codes live and how often they may be tried.
    pub fn with_opt_in(mut self, opt_in: OptInConfig) -> Config {
        self.opt_in = opt_in;
        self
    }

    /// Sets what is answered to texts that join, leave and ask for help; `{brand}` stands for the
    /// brand.
    pub fn with_answers(
        mut self,
        joined: impl Into<String>,
        left: impl Into<String>,
        help: impl Into<String>,
    ) -> Config {
        self.joined_text = joined.into();
        self.left_text = left.into();
        self.help_text = help.into();
        self
    }

    /// Adds a topic, in the place of one of the same id.
    pub fn with_topic(mut self, topic: Topic) -> Config {
        self.topics.insert(topic.id().clone(), topic);
        self
    }

    /// Sets which ways lead from a tap to a text.
    pub fn with_ways(mut self, ways: Ways) -> Config {
        self.ways = ways;
        self
    }

    /// Sets what is asked of one that texts without having seen the notice, and how long that waits for an answer.
    pub fn with_confirmation(mut self, text: impl Into<String>, life: Duration) -> Config {
        (self.confirm_text, self.confirm_life) = (text.into(), life);
        self
    }

    /// Sets how long the same client may repeat a tap.
    pub fn with_repeat_window(mut self, window: Duration) -> Config {
        self.repeat_window = window;
        self
    }

    /// Sets whether taps that arrive out of order count: strict, unless tills verify offline.
    pub fn with_replay(mut self, policy: ReplayPolicy) -> Config {
        self.replay = policy;
        self
    }

    /// Sets the same for the fleet whose keys have this [label](crate::tap::KeySet::label).
    pub fn with_replay_of(mut self, label: impl Into<String>, policy: ReplayPolicy) -> Config {
        self.replay_of.insert(label.into(), policy);
        self
    }

    /// Sets how many taps that are not genuine are let pass.
    pub fn with_failure_limits(mut self, limits: FailureLimits) -> Config {
        self.failure_limits = limits;
        self
    }

    /// The rule for a tap under keys of this label.
    pub(super) fn replay_for(&self, label: Option<&str>) -> ReplayPolicy {
        label.and_then(|label| self.replay_of.get(label)).copied().unwrap_or(self.replay)
    }
}
