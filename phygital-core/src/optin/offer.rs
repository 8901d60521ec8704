//! An offer to opt in: one code, the tap it belongs to, and who used it.

use serde::{Deserialize, Serialize};

use super::code::Code;
use crate::event::{Body, FoldKey, Recorded};
use crate::vocab::limits::CODE_LIFE_MAX;
use crate::vocab::{Digest, EventKey, Identifier, NoticeId, PlaceId, Timestamp, TouchpointId};

/// What is known of one code: the fold of "Opt In Offered" and "Opted In" with that code.
///
/// The same events give the same state in any order, once or several times. Where two tills without
/// contact happened to offer the same code (for two codes alive at once about one chance in 10^9), the
/// later offer counts; where both accepted a text with it, the earlier text is its use. A code that was
/// used stays used for ever, so the engine offers none that has a row already.
///
/// Kept as JSON in one row of the store, under the code. Holds the identifiers of the visitor and of who
/// used it: personal data, to be erased with them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Offer {
    offered: Option<Offered>,
    used: Option<Use>,
}

/// What was offered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Offered {
    /// The "Opt In Offered" and its place in the fold.
    pub fold: FoldKey,
    /// The tap it answered.
    pub tap: EventKey,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<PlaceId>,
    /// What was touched there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub touchpoint: Option<TouchpointId>,
    /// The notice that was shown.
    pub notice_id: NoticeId,
    /// SHA-256 of its text.
    pub notice_hash: Digest,
    /// From this time on the code no longer counts: what the offer said, and at most [`CODE_LIFE_MAX`]
    /// after the offer.
    pub expires_at: Timestamp,
    /// What the one who tapped is known by.
    #[serde(with = "identifiers")]
    pub visitors: Vec<Identifier>,
}

/// Who used a code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Use {
    /// The "Opted In" and its place in the fold.
    pub fold: FoldKey,
    /// The number that texted the code.
    #[serde(with = "identifier")]
    pub contact: Identifier,
}

impl Offer {
    /// Takes an event into what is known of `code`, and says whether it has to be stored anew. Events
    /// of other codes and kinds change nothing.
    pub fn apply(&mut self, code: &Code, recorded: &Recorded) -> bool {
        let before = self.clone();
        match &recorded.event.body {
            Body::OptInOffered(offer) if offer.code == code.as_str() => {
                let offered = Offered {
                    fold: recorded.fold,
                    tap: offer.tap,
                    place: recorded.event.place.clone(),
                    touchpoint: offer.touchpoint.clone(),
                    notice_id: offer.notice_id.clone(),
                    notice_hash: offer.notice_hash,
                    expires_at: offer.expires_at.min(recorded.fold.at.saturating_add(CODE_LIFE_MAX)),
                    visitors: recorded.event.identifiers.clone(),
                };
                self.offered = self.offered.take().max(Some(offered));
            }
            Body::OptedIn(said) if said.code.as_deref() == Some(code.as_str()) => {
                let used = Use { fold: recorded.fold, contact: said.contact.clone() };
                self.used = Some(self.used.take().map_or(used.clone(), |first| first.min(used)));
            }
            _ => {}
        }
        *self != before
    }

    /// Forgets identifiers: visitors, and a use by one of them.
    pub(crate) fn forget(&mut self, gone: impl Fn(&Identifier) -> bool) {
        if let Some(offered) = &mut self.offered {
            offered.visitors.retain(|one| !gone(one));
        }
        self.used.take_if(|used| gone(&used.contact));
    }

    /// What was offered; `None` while only the use is known.
    pub fn offered(&self) -> Option<&Offered> {
        self.offered.as_ref()
    }

    /// Who used it.
    pub fn used(&self) -> Option<&Use> {
        self.used.as_ref()
    }
}

/// An identifier as `kind:value`.
mod identifier {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::vocab::Identifier;

    pub(super) fn serialize<S: Serializer>(one: &Identifier, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}:{}", one.kind(), one.value()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Identifier, D::Error> {
        read(&String::deserialize(deserializer)?)
    }

    /// What a store holds is in normal form already.
    pub(super) fn read<E: Error>(text: &str) -> Result<Identifier, E> {
        let (kind, value) = text.split_once(':').ok_or_else(|| E::custom("expected kind:value"))?;
        Ok(Identifier::from_normal(kind.parse().map_err(E::custom)?, value))
    }
}

/// Identifiers as a list of `kind:value`.
mod identifiers {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::vocab::Identifier;

    pub(super) fn serialize<S: Serializer>(all: &[Identifier], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(all.iter().map(|one| format!("{}:{}", one.kind(), one.value())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Identifier>, D::Error> {
        Vec::<String>::deserialize(deserializer)?.iter().map(|text| super::identifier::read(text)).collect()
    }
}
