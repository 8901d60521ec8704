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
import com.phygital.uniffi.Finding as UniffiFinding
import com.phygital.uniffi.FollowUp as UniffiFollowUp
import com.phygital.uniffi.Imported as UniffiImported
import com.phygital.uniffi.MessageClass as UniffiMessageClass
import com.phygital.uniffi.MessageReceived as UniffiMessageReceived
import com.phygital.uniffi.Opened as UniffiOpened
import com.phygital.uniffi.OptIn as UniffiOptIn
import com.phygital.uniffi.OptedIn as UniffiOptedIn
import com.phygital.uniffi.OptedOut as UniffiOptedOut
import com.phygital.uniffi.Options as UniffiOptions
import com.phygital.uniffi.Outcome as UniffiOutcome
import com.phygital.uniffi.Outgoing as UniffiOutgoing
import com.phygital.uniffi.PathRow as UniffiPathRow
import com.phygital.uniffi.Person as UniffiPerson
import com.phygital.uniffi.Purpose as UniffiPurpose
import com.phygital.uniffi.Receipt as UniffiReceipt
import com.phygital.uniffi.Right as UniffiRight
import com.phygital.uniffi.RightsRequested as UniffiRightsRequested
import com.phygital.uniffi.Role as UniffiRole
import com.phygital.uniffi.Sending as UniffiSending
import com.phygital.uniffi.SoftTag as UniffiSoftTag
import com.phygital.uniffi.StoreIdentity as UniffiStoreIdentity
import com.phygital.uniffi.SuppressionCause as UniffiSuppressionCause
import com.phygital.uniffi.Tag as UniffiTag
import com.phygital.uniffi.TagEnrolled as UniffiTagEnrolled
import com.phygital.uniffi.TagStatus as UniffiTagStatus
import com.phygital.uniffi.TapFact as UniffiTapFact
import com.phygital.uniffi.TapProof as UniffiTapProof
import com.phygital.uniffi.TextContext as UniffiTextContext
import com.phygital.uniffi.TextLint as UniffiTextLint
import com.phygital.uniffi.TextReading as UniffiTextReading
import com.phygital.uniffi.TextStyle as UniffiTextStyle
import com.phygital.uniffi.Verdict as UniffiVerdict

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

/** Something about a text. */
public typealias Finding = UniffiFinding

/** A topic that is to be followed up: see [Phygital.followUps]. */
public typealias FollowUp = UniffiFollowUp

/** What came of consent that another system kept. */
public typealias Imported = UniffiImported

/** What a message is in the eyes of the law, the mildest first. */
public typealias MessageClass = UniffiMessageClass

/** A text message that came in. */
public typealias MessageReceived = UniffiMessageReceived

/** What became of a topic that was to be opened or followed up. */
public typealias Opened = UniffiOpened

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

/** A message that the host wants to send. */
public typealias Outgoing = UniffiOutgoing

/** Journeys of one path, for [attributePaths]. */
public typealias PathRow = UniffiPathRow

/** A customer and what she is known by. */
public typealias Person = UniffiPerson

/** What data is used for. */
public typealias Purpose = UniffiPurpose

/** That an event is in the log. */
public typealias Receipt = UniffiReceipt

/** What a person may ask of who keeps data of her. */
public typealias Right = UniffiRight

/** A person asked for one of her rights. */
public typealias RightsRequested = UniffiRightsRequested

/** Who looks at a card. */
public typealias Role = UniffiRole

/** What became of a message that was to be sent: no receipt where it does not go out, no verdict where it was asked for before. */
public typealias Sending = UniffiSending

/** A tag in software, for [simulateTap]. */
public typealias SoftTag = UniffiSoftTag

/** Whose store it is. */
public typealias StoreIdentity = UniffiStoreIdentity

/** Who keeps messages from a contact point, beside its owner. */
public typealias SuppressionCause = UniffiSuppressionCause

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

/** What was said before a text that came in. */
public typealias TextContext = UniffiTextContext

/** What a text costs on the air, and what is to be said of it. */
public typealias TextLint = UniffiTextLint

/** What a text was read as, how sure that is, and why. */
public typealias TextReading = UniffiTextReading

/** What a brand's texts may hold, and what is due. */
public typealias TextStyle = UniffiTextStyle

/** Whether a message may go out, why not, when it may, and how long. */
public typealias Verdict = UniffiVerdict
