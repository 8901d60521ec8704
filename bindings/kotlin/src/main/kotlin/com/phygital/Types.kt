// Plain values that go in and come out, as UniFFI makes them of the library's own, documentation at each field. Those that
// hold something secret or personal do not print it.
package com.phygital

import com.phygital.uniffi.Action as UniffiAction
import com.phygital.uniffi.Assigned as UniffiAssigned
import com.phygital.uniffi.Assurance as UniffiAssurance
import com.phygital.uniffi.Attribution as UniffiAttribution
import com.phygital.uniffi.ChannelCredit as UniffiChannelCredit
import com.phygital.uniffi.ConsentMethod as UniffiConsentMethod
import com.phygital.uniffi.Decision as UniffiDecision
import com.phygital.uniffi.Erased as UniffiErased
import com.phygital.uniffi.MessageReceived as UniffiMessageReceived
import com.phygital.uniffi.OptIn as UniffiOptIn
import com.phygital.uniffi.OptedIn as UniffiOptedIn
import com.phygital.uniffi.OptedOut as UniffiOptedOut
import com.phygital.uniffi.Options as UniffiOptions
import com.phygital.uniffi.Outcome as UniffiOutcome
import com.phygital.uniffi.PathRow as UniffiPathRow
import com.phygital.uniffi.Person as UniffiPerson
import com.phygital.uniffi.Purpose as UniffiPurpose
import com.phygital.uniffi.Receipt as UniffiReceipt
import com.phygital.uniffi.Role as UniffiRole
import com.phygital.uniffi.SoftTag as UniffiSoftTag
import com.phygital.uniffi.StoreIdentity as UniffiStoreIdentity
import com.phygital.uniffi.Tag as UniffiTag
import com.phygital.uniffi.TagEnrolled as UniffiTagEnrolled
import com.phygital.uniffi.TagStatus as UniffiTagStatus
import com.phygital.uniffi.TapFact as UniffiTapFact
import com.phygital.uniffi.TapProof as UniffiTapProof

/** Something for the host to carry out: see [Phygital.due]. */
public typealias Action = UniffiAction

/** Which arm of an experiment somebody is in: see [assignArm]. */
public typealias Assigned = UniffiAssigned

/** How much a tap proves; a later one proves more. */
public typealias Assurance = UniffiAssurance

/** What channels earned by a model. Their sums and what no channel earned are all that came in, exactly. */
public typealias Attribution = UniffiAttribution

/** What one channel earned. */
public typealias ChannelCredit = UniffiChannelCredit

/** How a person told us of her consent. */
public typealias ConsentMethod = UniffiConsentMethod

/** Whether something is allowed, why, and what proves it. */
public typealias Decision = UniffiDecision

/** What an erasure came to. */
public typealias Erased = UniffiErased

/** A text message that came in. */
public typealias MessageReceived = UniffiMessageReceived

/** An offer to opt in: the notice to show, and the link to show it with. */
public typealias OptIn = UniffiOptIn

/** Consent that was given elsewhere than by tap and text. */
public typealias OptedIn = UniffiOptedIn

/** Consent that was withdrawn. */
public typealias OptedOut = UniffiOptedOut

/** How a store is opened. Only the path has to be given. */
public typealias Options = UniffiOptions

/** How an action went. */
public typealias Outcome = UniffiOutcome

/** Journeys of one path, for [attributePaths]. */
public typealias PathRow = UniffiPathRow

/** A customer and what she is known by. */
public typealias Person = UniffiPerson

/** What data is used for. */
public typealias Purpose = UniffiPurpose

/** That an event is in the log. */
public typealias Receipt = UniffiReceipt

/** Who looks at a card. */
public typealias Role = UniffiRole

/** A tag in software, for [simulateTap]. */
public typealias SoftTag = UniffiSoftTag

/** Whose store it is. */
public typealias StoreIdentity = UniffiStoreIdentity

/** A tag in the registry. */
public typealias Tag = UniffiTag

/** A tag that goes into service, or is enrolled again with something else. */
public typealias TagEnrolled = UniffiTagEnrolled

/** Where a tag is in its life. */
public typealias TagStatus = UniffiTagStatus

/** One thing that a token says. */
public typealias TapFact = UniffiTapFact

/** What a tap proves. */
public typealias TapProof = UniffiTapProof
