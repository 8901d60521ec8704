//! Taps: from a link to a decision, in one transaction.

use std::time::Duration;

use crate::event::kinds::decisions::{ActionRequested, OptInOffered, TapRefused as TapRefusedEvent};
use crate::event::kinds::shop::TagTapped;
use crate::event::{Body, Event, Recorded};
use crate::machine::{Action, Mark, TagRow, TapDecision, TapRefusalReason, TapSource, decide_tap};
use crate::optin::{Code, Notice, Platform};
use crate::profile::{CustomerCard, Role};
use crate::store::{Read, Store, Write};
use crate::tap::replay::ReplayMark;
use crate::tap::{Assurance, Freshness, Presented, TapProof};
use crate::vocab::{
    Digest, EventId, EventKey, Identifier, IdentifierKind, KeyEpoch, PlaceId, ReadCounter, SourceId, TagUid,
    Timestamp, TouchpointId,
};

use super::customers::owner_of;
use super::receipt::Receipt;
use super::recognition::{Recognition, recognize};
use super::session::{DECISIONS, Session, TAPS};
use super::{Engine, Error, TapRefused};

/// How often a code is drawn anew when it is in use: with a million live codes of 30 bits, nine
/// collisions in a row come once in 10^27 offers.
const CODE_DRAWS_MAX: usize = 9;

const NAMES_NOBODY: Error = Error::Bug("a tap names nobody");

/// How long an alarm is worth raising.
const ALARM_LIFE: Duration = Duration::from_secs(60 * 60);

/// A tap as the host received it.
///
/// ```
/// use phygital_core::engine::TapRequest;
/// let request = TapRequest::url("https://tap.example/t?p=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086")
///     .from_client("session 77")
///     .seen("cookie:c-77".parse()?);
/// # Ok::<(), phygital_core::vocab::IdentifierError>(())
/// ```
#[derive(Debug, Clone)]
pub struct TapRequest<'r> {
    presented: Presented<'r>,
    place: Option<PlaceId>,
    touchpoint: Option<TouchpointId>,
    client: Option<&'r str>,
    identifiers: Vec<Identifier>,
    shown_to: Option<Role>,
    /// Whether somebody sees the answer, so that an offer is worth its code.
    shows_offer: bool,
}

impl<'r> TapRequest<'r> {
    /// A tap that arrived as a link.
    pub fn url(url: &'r str) -> TapRequest<'r> {
        TapRequest::presented(Presented::Url(url))
    }

    /// A tap of any kind that the engine's [`Verifier`](crate::tap::Verifier) knows.
    pub fn presented(presented: Presented<'r>) -> TapRequest<'r> {
        TapRequest {
            presented,
            place: None,
            touchpoint: None,
            client: None,
            identifiers: Vec::new(),
            shown_to: None,
            shows_offer: true,
        }
    }

    /// Where it was tapped, where that is not where the tag was enrolled.
    pub fn at(mut self, place: PlaceId) -> Self {
        self.place = Some(place);
        self
    }

    /// What was tapped, where that is not what the tag was enrolled with.
    pub fn on(mut self, touchpoint: TouchpointId) -> Self {
        self.touchpoint = Some(touchpoint);
        self
    }

    /// What tells this client from others, such as its session: the same client may send the same
    /// tap again within [`Config::repeat_window`](super::Config::repeat_window). Kept as a keyed
    /// digest only.
    pub fn from_client(mut self, client: &'r str) -> Self {
        self.client = Some(client);
        self
    }

    /// Asks for the customer's card as well, for somebody in this role to see: the same that
    /// [`People::card`](super::People::card) gives, in one transaction with the tap.
    pub fn shown_to(mut self, role: Role) -> Self {
        self.shown_to = Some(role);
        self
    }

    /// With nobody there to see an offer: the tap came in a text.
    pub(super) fn without_offer(mut self) -> Self {
        self.shows_offer = false;
        self
    }

    /// An identifier that came with it: the browser's cookie, the number in a pass.
    pub fn seen(mut self, identifier: Identifier) -> Self {
        self.identifiers.push(identifier);
        self
    }
}

/// What a tap came to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TapOutcome {
    /// The event that the tap became.
    pub receipt: Receipt,
    /// Whether the same client had sent it before, so that this is the first answer again.
    pub repeated: bool,
    /// Whether a later tap of the tag had counted before it, and this one came
    /// [within the window](super::Config::replay).
    pub late: bool,
    /// What was proven, with the tag and its counter where it is of one.
    pub proof: TapProof,
    /// Where.
    pub place: Option<PlaceId>,
    /// On what.
    pub touchpoint: Option<TouchpointId>,
    /// Who it is.
    pub recognition: Recognition,
    /// Her card, where it was [asked for](TapRequest::shown_to) and she is known.
    pub card: Option<CustomerCard>,
    /// What to offer somebody unknown.
    pub opt_in: Option<OptIn>,
}

/// An offer to opt in: the notice to show, and the text to send.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptIn {
    /// The one-time code.
    pub code: Code,
    /// The notice, to be shown whole beside the link.
    pub notice: Notice,
    /// When the code ends.
    pub expires_at: Timestamp,
}

impl OptIn {
    /// The link that opens the phone's messages with the code in them. [`Platform::Both`] is the form
    /// to use where the phone is not known.
    pub fn link(&self, platform: Platform) -> String {
        self.notice.link(&self.code, platform)
    }
}

/// Taps of an [`Engine`].
#[derive(Debug)]
pub struct Taps<'e, S: Store> {
    pub(super) engine: &'e mut Engine<S>,
}

impl<S: Store> Taps<'_, S> {
    /// Verifies a tap, records it, and says who it is.
    ///
    /// The MAC is checked first; only then the registry and the high-water mark are asked, and the
    /// mark moves in the same transaction as the event that the tap becomes. When this returns, both
    /// are durable. A genuine tap that does not count is recorded too, once, as *Tap Refused*. Where
    /// [`Config::replay`](super::Config::replay) allows it, a tap that was overtaken counts late.
    ///
    /// A client that sends too many taps that are not genuine, or a touchpoint where the client is not named, is
    /// refused for a while ([`Config::failure_limits`](super::Config::failure_limits)); a tag that is forged too
    /// often raises an alarm, once an hour, and its genuine taps go on counting.
    ///
    /// # Errors
    /// [`Error::Tap`] with the reason where the tap does not count, [`Error::Storage`] where nobody can
    /// tell whether it was recorded. Sent again to an engine opened anew, it then counts once: by the
    /// same [client](TapRequest::from_client) it is answered as it would have been; without a client, a
    /// tap that was recorded after all is refused, since it looks like a copied link.
    pub fn verify(&mut self, request: TapRequest<'_>, now: Timestamp) -> Result<TapOutcome, Error> {
        let engine = &mut *self.engine;
        engine.usable()?;
        let client = request.client.map(|client| engine.tenant.digest(client.as_bytes()));
        let sender = client.map(TapSource::Client);
        let sender = sender.or_else(|| request.touchpoint.clone().map(TapSource::Touchpoint));
        engine.may_ask(sender.as_ref(), now)?;
        let proof = match engine.verifier.verify(request.presented, now).outcome {
            Ok(proof) => proof,
            Err(refusal) => {
                engine.count_failure(request.presented, &refusal, sender, now)?;
                return Err(TapRefused::from(refusal).into());
            }
        };
        if proof.assurance() == Assurance::Unauthenticated {
            // Anybody can make such a tap, so it leaves nothing behind.
            return Err(refused(TapRefusalReason::Unauthenticated, now));
        }
        match (proof.uid(), proof.freshness()) {
            (Some(uid), _) => engine.counted(proof, uid, request, client, now),
            (None, Freshness::Once { key, .. }) if proof.is_of_known_key() => {
                engine.once(proof, key, request, client, now)
            }
            (None, Freshness::None) => Err(refused(TapRefusalReason::Uncounted, now)),
            _ => Err(refused(TapRefusalReason::NotEnrolled, now)),
        }
    }
}

impl<S: Store> Engine<S> {
    /// A tap of a tag, judged by the registry and the tag's counter.
    fn counted(
        &mut self,
        tap: TapProof,
        uid: TagUid,
        request: TapRequest<'_>,
        client: Option<Digest>,
        now: Timestamp,
    ) -> Result<TapOutcome, Error> {
        let window = self.config.repeat_window;
        let epoch = tap.key_epoch().unwrap_or_default();
        self.transact(now, |session| {
            let tag = session.tx.tag(&uid)?;
            let counter = tap.read_ctr().map(|ctr| (ctr, epoch));
            let mark = session.tx.mark(&uid, epoch)?;
            let mut decision = decide_tap(tag.as_ref(), counter, mark.as_ref(), client, now, window);
            if let (TapDecision::Refuse(TapRefusalReason::Replayed), Some(mark)) = (decision, mark) {
                decision = session.overtaken(&tap, uid, mark, client)?;
            }
            match (decision, tag, tap.read_ctr()) {
                (TapDecision::AcceptLate, Some(tag), Some(ctr)) => {
                    let came = Came { id: tap_id(uid, epoch, ctr), client, late: true };
                    session.accept(tap, Some(tag), request, came).map(Ok)
                }
                (TapDecision::Accept, Some(tag), Some(ctr)) => {
                    let came = Came { id: tap_id(uid, epoch, ctr), client, late: false };
                    if session.tx.entry(&EventKey::of(&source(TAPS), &came.id))?.is_some() {
                        // The log has the last word, whatever became of the mark.
                        return session.refuse(&tap, uid, TapRefusalReason::Replayed, request).map(Err);
                    }
                    session.accept(tap, Some(tag), request, came).map(Ok)
                }
                (TapDecision::Repeat(key), Some(tag), Some(_)) => match session.recorded(&key)? {
                    Some(first) if session.names_anybody(&first) => {
                        session.repeat(tap, Some(tag), request, first).map(Ok)
                    }
                    // What the first answer was is erased, or whom it named.
                    _ => session.refuse(&tap, uid, TapRefusalReason::Replayed, request).map(Err),
                },
                (TapDecision::Refuse(reason), ..) => session.refuse(&tap, uid, reason, request).map(Err),
                _ => Err(Error::Bug("a tap was accepted without a tag or a counter")),
            }
        })?
    }

    /// A tap that is never the same twice, and so is judged by the log alone. One that was used before leaves nothing
    /// behind: the log has the first.
    fn once(
        &mut self,
        tap: TapProof,
        digest: Digest,
        request: TapRequest<'_>,
        client: Option<Digest>,
        now: Timestamp,
    ) -> Result<TapOutcome, Error> {
        let window = self.config.repeat_window;
        let id = id(format!("tap:{}:{digest}", tap.scheme()));
        self.transact(now, |session| {
            let key = EventKey::of(&source(TAPS), &id);
            let Some(entry) = session.tx.entry(&key)? else {
                return session.accept(tap, None, request, Came { id, client, late: false }).map(Ok);
            };
            match session.recorded(&key)? {
                Some(first) if session.names_anybody(&first) && is_again(&first, client, now, window) => {
                    session.repeat(tap, None, request, first).map(Ok)
                }
                _ => Ok(Err(refused(TapRefusalReason::Replayed, entry.received_at))),
            }
        })?
    }
}

/// Whether the same client sent a tap again within the window.
fn is_again(first: &Recorded, client: Option<Digest>, now: Timestamp, window: Duration) -> bool {
    match &first.event.body {
        Body::TagTapped(tapped) => {
            client.is_some() && client == tapped.client && now.distance(first.received_at) <= window
        }
        _ => false,
    }
}

fn refused(reason: TapRefusalReason, since: Timestamp) -> Error {
    TapRefused::NotCounted { reason, since }.into()
}

fn source(text: &'static str) -> SourceId {
    SourceId::new(text).expect("a constant that is an id")
}

fn id(text: String) -> EventId {
    EventId::new(text).expect("made of short parts without control characters")
}

fn tap_id(uid: TagUid, epoch: KeyEpoch, ctr: ReadCounter) -> EventId {
    id(format!("tap:{uid}:{epoch}:{ctr}"))
}

fn tap_key(uid: TagUid, epoch: KeyEpoch, ctr: ReadCounter) -> EventKey {
    EventKey::of(&source(TAPS), &tap_id(uid, epoch, ctr))
}

/// Names a refusal: there is one for each counter and reason.
fn refusal(uid: TagUid, epoch: KeyEpoch, ctr: Option<ReadCounter>, reason: TapRefusalReason) -> String {
    let counter = ctr.map_or_else(|| "none".to_owned(), |ctr| ctr.to_string());
    format!("{uid}:{epoch}:{counter}:{}", reason.code())
}

fn refusal_id(refusal: &str) -> EventId {
    id(format!("refused:{refusal}"))
}

/// How a tap that counts came in.
struct Came {
    /// The name of its event.
    id: EventId,
    client: Option<Digest>,
    /// After a later one.
    late: bool,
}

impl<W: Write> Session<'_, W> {
    /// What becomes of a tap at or below the mark, where the rule for its keys allows late ones. The log
    /// knows which counters were accepted, and when.
    fn overtaken(
        &mut self,
        tap: &TapProof,
        uid: TagUid,
        mark: Mark,
        client: Option<Digest>,
    ) -> Result<TapDecision, Error> {
        let epoch = tap.key_epoch().unwrap_or_default();
        let replayed = TapDecision::Refuse(TapRefusalReason::Replayed);
        let policy = self.config.replay_for(tap.key_label());
        let Some(ctr) = tap.read_ctr().filter(|_| !policy.is_strict()) else { return Ok(replayed) };
        let key = tap_key(uid, epoch, ctr);
        if let Some(first) = self.recorded(&key)? {
            let repeats = is_again(&first, client, self.now, self.config.repeat_window);
            return Ok(if repeats { TapDecision::Repeat(key) } else { replayed });
        }
        // A counter that a refusal used up was seen as well.
        let seen = |ctr| -> Result<Option<Timestamp>, Error> {
            let refusals = TapRefusalReason::USES_UP.iter();
            let refusals = refusals.map(|reason| refusal_id(&refusal(uid, epoch, Some(ctr), *reason)));
            let refusals = refusals.map(|id| EventKey::of(&source(DECISIONS), &id));
            for key in std::iter::once(tap_key(uid, epoch, ctr)).chain(refusals) {
                if let Some(entry) = self.tx.entry(&key)? {
                    return Ok(Some(entry.received_at));
                }
            }
            Ok(None)
        };
        let mark = ReplayMark { highest: mark.highest };
        let late = policy.admits_late(mark, ctr, &[self.now, self.latest()], seen)?;
        Ok(if late { TapDecision::AcceptLate } else { replayed })
    }

    /// A tap that counts: its event, who it is, and what to offer her.
    fn accept(
        &mut self,
        tap: TapProof,
        tag: Option<TagRow>,
        request: TapRequest<'_>,
        came: Came,
    ) -> Result<TapOutcome, Error> {
        let Came { id, client, late } = came;
        let (place, touchpoint) = tag.map(|tag| (tag.place, tag.touchpoint)).unwrap_or_default();
        let place = request.place.or(place);
        let touchpoint = request.touchpoint.or(touchpoint);
        let mut tapped = TagTapped::new(tap.scheme().to_string());
        tapped.verified = Some(true);
        tapped.uid = tap.uid();
        tapped.read_ctr = tap.read_ctr();
        tapped.key_epoch = tap.key_epoch();
        tapped.touchpoint = touchpoint.clone();
        (tapped.tag_tamper, tapped.tamper_authenticated) = tap.tag_tamper().unzip();
        tapped.file_data = tap.file_data();
        tapped.client = client;
        tapped.late = late.then_some(true);
        let mut event = Event::new(source(TAPS), id, self.now, tapped);
        event.place = place.clone();
        event.identifiers = request.identifiers;
        self.keep_unerased(&mut event.identifiers)?;
        if !event.identifiers.iter().any(|one| !self.lens.rules.is_blocked(one)) {
            // Nobody else knows who this is, so the tap itself names its visitor.
            let visitor = Identifier::new(IdentifierKind::TagVisitor, &event.key().to_string());
            event.identifiers.extend(visitor);
        }
        let content = event.arranged()?;
        let identifiers = event.identifiers.clone();
        let (receipt, owner) = self.append_new(event, content)?;
        let owner = owner.ok_or(NAMES_NOBODY)?;
        let (recognition, card) = recognize(self, owner, request.shown_to)?;
        let opt_in = match recognition {
            Recognition::Anonymous(_) if request.shows_offer => {
                self.offer(receipt.key, &identifiers, place.clone(), touchpoint.clone())?
            }
            _ => None,
        };
        Ok(TapOutcome {
            receipt,
            repeated: false,
            late,
            proof: tap,
            place,
            touchpoint,
            recognition,
            card,
            opt_in,
        })
    }

    /// Whether a tap still names anybody: whom it named may have been erased.
    fn names_anybody(&self, tap: &Recorded) -> bool {
        !self.lens.usable(&tap.event.identifiers).is_empty()
    }

    /// The same client again: what it was told the first time.
    fn repeat(
        &mut self,
        tap: TapProof,
        tag: Option<TagRow>,
        request: TapRequest<'_>,
        first: Recorded,
    ) -> Result<TapOutcome, Error> {
        let key = first.fold.key;
        let owner = owner_of(&self.tx, self.lens, &first.event.identifiers)?.ok_or(NAMES_NOBODY)?;
        let (recognition, card) = recognize(self, owner, request.shown_to)?;
        let (touchpoint, late) = match &first.event.body {
            Body::TagTapped(tapped) => (tapped.touchpoint.clone(), tapped.late == Some(true)),
            _ => (tag.and_then(|tag| tag.touchpoint), false),
        };
        let offer_key = EventKey::of(&source(DECISIONS), &offer_id(&key));
        let opt_in = match self.recorded(&offer_key)?.map(|offer| offer.event.body) {
            Some(Body::OptInOffered(offer)) => self.opt_in(&offer),
            _ => None,
        };
        Ok(TapOutcome {
            receipt: Receipt { key, origin: first.origin, hlc: first.hlc, received_at: first.received_at },
            repeated: true,
            late,
            proof: tap,
            place: first.event.place,
            touchpoint,
            recognition,
            card,
            opt_in,
        })
    }

    /// A genuine tap that does not count: recorded once for each counter and reason, so that nobody
    /// fills the disk with one link.
    fn refuse(
        &mut self,
        tap: &TapProof,
        uid: TagUid,
        reason: TapRefusalReason,
        request: TapRequest<'_>,
    ) -> Result<Error, Error> {
        let epoch = tap.key_epoch().unwrap_or_default();
        let what = refusal(uid, epoch, tap.read_ctr(), reason);
        let mut body = TapRefusedEvent::new(reason.code().to_owned());
        body.uid = Some(uid);
        body.read_ctr = tap.read_ctr();
        body.key_epoch = Some(epoch);
        body.touchpoint = request.touchpoint;
        let mut event = Event::new(source(DECISIONS), refusal_id(&what), self.now, body);
        event.place = request.place;
        if let Some(entry) = self.tx.entry(&event.key())? {
            return Ok(refused(reason, entry.received_at));
        }
        self.append(event)?;
        if reason == TapRefusalReason::Lost {
            let action =
                format!("alarm:{what}").parse().map_err(|_| Error::Bug("an action without an id"))?;
            let mut alarm = ActionRequested::new(action, Action::ALARM.to_owned());
            alarm.text = Some(crate::vocab::Personal::new(format!("tag {uid}, reported lost, was tapped")));
            alarm.expires_at = Some(self.now.saturating_add(ALARM_LIFE));
            self.append(Event::new(source(DECISIONS), id(format!("alarm:{what}")), self.now, alarm))?;
        }
        Ok(refused(reason, self.now))
    }

    /// Offers somebody unknown to opt in, where the host has a notice.
    fn offer(
        &mut self,
        tap: EventKey,
        identifiers: &[Identifier],
        place: Option<PlaceId>,
        touchpoint: Option<TouchpointId>,
    ) -> Result<Option<OptIn>, Error> {
        let Some(notice) = self.config.notice.as_ref().filter(|_| self.config.ways.landing) else {
            return Ok(None);
        };
        let code = self.draw_code()?;
        let expires_at = self.now.saturating_add(self.config.opt_in.code_life());
        let mut offer =
            OptInOffered::new(code.to_string(), tap, expires_at, notice.id().clone(), notice.hash());
        offer.touchpoint = touchpoint;
        let opt_in = self.opt_in(&offer);
        let mut event = Event::new(source(DECISIONS), offer_id(&tap), self.now, offer);
        event.identifiers = identifiers.to_vec();
        event.place = place;
        self.append(event)?;
        Ok(opt_in)
    }

    fn draw_code(&mut self) -> Result<Code, Error> {
        for _ in 0..CODE_DRAWS_MAX {
            let mut random = [0; 16];
            self.entropy.fill(&mut random)?;
            let code = Code::mint(&random, self.config.opt_in.code_length());
            if self.tx.offer(code.as_str())?.is_none() {
                return Ok(code);
            }
        }
        Err(Error::Bug("no free code was drawn: is the source of randomness stuck?"))
    }

    /// What to show of an offer: nothing once the host has another notice.
    fn opt_in(&self, offer: &OptInOffered) -> Option<OptIn> {
        let notice = self.config.notice.as_ref().filter(|notice| notice.hash() == offer.notice_hash)?;
        Some(OptIn { code: offer.code.parse().ok()?, notice: notice.clone(), expires_at: offer.expires_at })
    }
}

fn offer_id(tap: &EventKey) -> EventId {
    id(format!("offer:{tap}"))
}
