//! What happens in a shop: taps, visits, help, loyalty, pick-up. Segment's Spec lacks it; the names
//! follow its style, Object Action.

use super::kinds;
use crate::event::product::Product;
use crate::vocab::{
    Digest, KeyEpoch, OrderId, PlaceId, ReadCounter, StaffId, TagStatus, TagUid, Timestamp, TouchpointId,
};

kinds! {
    /// A phone met a tag. Made by the engine from a verified tap; one that a host records itself is
    /// a claim, and `verified` is false.
    TagTapped "Tag Tapped" (
        /// How the tap was authenticated, such as `ntag424-aes`.
        scheme: String,
    ) {
        /// Whether this library verified the tap.
        verified: Option<bool>,
        uid: Option<TagUid>,
        read_ctr: Option<ReadCounter>,
        key_epoch: Option<KeyEpoch>,
        touchpoint: Option<TouchpointId>,
        /// Tamper loop, permanent then current state: C closed, O open, I not initialised.
        tag_tamper: Option<String>,
        /// Whether the tamper state lay under the tag's MAC.
        tamper_authenticated: Option<bool>,
        /// What the tag carried encrypted, in hexadecimal.
        file_data: Option<String>,
        /// Who sent the tap, as a digest: the same client may send it again within a short while.
        client: Option<Digest>,
        /// Whether it came after a later tap of the same tag, within the window that the host allows.
        late: Option<bool>,
    }

    /// A tag went into service, or its place, keys or touchpoint changed.
    TagEnrolled "Tag Enrolled" (uid: TagUid) {
        key_epoch: Option<KeyEpoch>,
        touchpoint: Option<TouchpointId>,
        /// What staff call it.
        label: Option<String>,
    }

    /// A tag was suspended, lost, found again, retired.
    TagStatusChanged "Tag Status Changed" (uid: TagUid, status: TagStatus) { reason: Option<String> }

    /// Somebody came in.
    VisitStarted "Visit Started" () { visit_id: Option<String> }

    /// Somebody left.
    VisitEnded "Visit Ended" () {
        visit_id: Option<String>,
        /// How long she stayed, in seconds.
        duration: Option<u32>,
    }

    /// A product was tried on.
    ProductTriedOn "Product Tried On" () [product: Product] {
        /// Whether it fitted.
        fitted: Option<bool>,
    }

    /// An associate helped.
    AssociateAssisted "Associate Assisted" () {
        associate_id: Option<StaffId>,
        /// What was done, such as `styling`.
        activity: Option<String>,
        /// For how long, in seconds.
        duration: Option<u32>,
        products: Vec<Product>,
    }

    /// Somebody joined the loyalty programme. Her number is an identifier of the event.
    LoyaltyMemberEnrolled "Loyalty Member Enrolled" () {
        programme: Option<String>,
        tier: Option<String>,
    }

    /// Points were earned.
    PointsEarned "Points Earned" (points: u32) { programme: Option<String>, order_id: Option<OrderId> }

    /// Points were spent.
    PointsRedeemed "Points Redeemed" (points: u32) { programme: Option<String>, order_id: Option<OrderId> }

    /// A member rose or fell.
    TierChanged "Tier Changed" (tier: String) { programme: Option<String>, previous_tier: Option<String> }

    /// Pieces were counted.
    StockCounted "Stock Counted" (count: i64) [product: Product] {}

    /// Something was set aside.
    ReservationHeld "Reservation Held" () [product: Product] {
        reservation_id: Option<String>,
        expires_at: Option<Timestamp>,
    }

    /// An order can be fetched.
    PickupReady "Pickup Ready" (order_id: OrderId) { pickup_place: Option<PlaceId> }

    /// A customer came to fetch her order.
    PickupArrived "Pickup Arrived" (order_id: OrderId) {}

    /// An order was handed over.
    PickupCollected "Pickup Collected" (order_id: OrderId) {}

    /// Two or more identifiers of the event are one person: said by a person or another system, and
    /// stronger than any earlier [`IdentifiersSeparated`] of the same pair.
    IdentifiersLinked "Identifiers Linked" () { reason: Option<String> }

    /// The identifiers of the event are different persons, whatever other events say: undoes a merge
    /// until a later [`IdentifiersLinked`].
    IdentifiersSeparated "Identifiers Separated" () { reason: Option<String> }
}
