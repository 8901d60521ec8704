//! Who looks at a card, and which sections she sees.

use serde::{Deserialize, Serialize};

/// The one who looks at a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Who serves the customer in the shop.
    Associate,
    /// Who runs the shop.
    Manager,
    /// Who plans campaigns, and needs no one's name for it.
    Marketing,
}

/// A part of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Section {
    /// Name and title, birthday and gender.
    Name,
    /// Identifiers, masked.
    Identifiers,
    /// Visits and who helped.
    Visits,
    /// What she looked at online.
    Browsing,
    /// Sizes and preferences.
    Preferences,
    /// Sentences that she said to staff.
    SentencesToStaff,
    /// All sentences, also those of her messages.
    Sentences,
    /// Average spend and the band of her rank.
    AverageSpend,
    /// Totals, and the sum of each order.
    Totals,
    /// Cart and wish list.
    Wants,
    /// Orders and what not to offer again.
    Orders,
    /// Loyalty programmes.
    Loyalty,
    /// How she came.
    Touches,
    /// Talking points.
    TalkingPoints,
}

impl Role {
    /// Whether the role sees a section.
    ///
    /// | section | associate | manager | marketing | reason |
    /// |---|---|---|---|---|
    /// | name | yes | yes | no | to greet her; a campaign needs none |
    /// | identifiers, masked | yes | yes | no | to make sure that it is she |
    /// | visits, help | yes | yes | yes | |
    /// | browsing, preferences, wants, orders, loyalty | yes | yes | yes | what the card is for |
    /// | sentences said to staff | yes | yes | no | colleagues heard them |
    /// | sentences of messages | no | yes | no | written to the brand, not to the one at the till |
    /// | average spend, rank band | yes | yes | yes | |
    /// | totals, sums of orders | no | yes | yes | nobody at the till needs to know them |
    /// | touches | no | yes | yes | |
    /// | talking points | yes | yes | no | |
    pub fn sees(self, section: Section) -> bool {
        match self {
            Role::Manager => true,
            Role::Associate => !matches!(section, Section::Sentences | Section::Totals | Section::Touches),
            Role::Marketing => !matches!(
                section,
                Section::Name
                    | Section::Identifiers
                    | Section::SentencesToStaff
                    | Section::Sentences
                    | Section::TalkingPoints
            ),
        }
    }
}
