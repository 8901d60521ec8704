// Plain values that go in and come out, as UniFFI makes them of the library's own, documentation at each field. Those that
// hold something secret or personal do not print it.

import PhygitalUniFFI

/// Something for the host to carry out: see ``Phygital/due(most:)``.
public typealias Action = PhygitalUniFFI.Action

/// Which arm of an experiment somebody is in: see ``assignArm(experiment:unit:)``.
public typealias Assigned = PhygitalUniFFI.Assigned

/// How much a tap proves; a later one proves more.
public typealias Assurance = PhygitalUniFFI.Assurance

/// What channels earned by a model. Their sums and what no channel earned are all that came in, exactly.
public typealias Attribution = PhygitalUniFFI.Attribution

/// What one channel earned.
public typealias ChannelCredit = PhygitalUniFFI.ChannelCredit

/// How a person told us of her consent.
public typealias ConsentMethod = PhygitalUniFFI.ConsentMethod

/// Whether something is allowed, why, and what proves it.
public typealias Decision = PhygitalUniFFI.Decision

/// What an erasure came to.
public typealias Erased = PhygitalUniFFI.Erased

/// Something about a text.
public typealias Finding = PhygitalUniFFI.Finding

/// A topic that is to be followed up: see ``Phygital/followUps(behind:most:)``.
public typealias FollowUp = PhygitalUniFFI.FollowUp

/// What came of consent that another system kept.
public typealias Imported = PhygitalUniFFI.Imported

/// What a message is in the eyes of the law, the mildest first.
public typealias MessageClass = PhygitalUniFFI.MessageClass

/// A text message that came in.
public typealias MessageReceived = PhygitalUniFFI.MessageReceived

/// What became of a topic that was to be opened or followed up.
public typealias Opened = PhygitalUniFFI.Opened

/// An offer to opt in: the notice to show, and the link to show it with.
public typealias OptIn = PhygitalUniFFI.OptIn

/// Consent that was given elsewhere than by tap and text.
public typealias OptedIn = PhygitalUniFFI.OptedIn

/// Consent that was withdrawn.
public typealias OptedOut = PhygitalUniFFI.OptedOut

/// How a store is opened. Only the path has to be given.
public typealias Options = PhygitalUniFFI.Options

/// How an action went.
public typealias Outcome = PhygitalUniFFI.Outcome

/// A message that the host wants to send.
public typealias Outgoing = PhygitalUniFFI.Outgoing

/// Journeys of one path, for ``attributePaths(model:decimals:rows:)``.
public typealias PathRow = PhygitalUniFFI.PathRow

/// A customer and what she is known by.
public typealias Person = PhygitalUniFFI.Person

/// What a phone, a tag or a reader delivered.
public typealias Presented = PhygitalUniFFI.Presented

/// What somebody else makes of a text that came in, such as a language model of the app's.
public typealias Proposal = PhygitalUniFFI.Proposal

/// What data is used for.
public typealias Purpose = PhygitalUniFFI.Purpose

/// That an event is in the log.
public typealias Receipt = PhygitalUniFFI.Receipt

/// Who tapped.
public typealias Recognition = PhygitalUniFFI.Recognition

/// What became of one event of a batch.
public typealias Recorded = PhygitalUniFFI.Recorded

/// What a person may ask of who keeps data of her.
public typealias Right = PhygitalUniFFI.Right

/// A person asked for one of her rights.
public typealias RightsRequested = PhygitalUniFFI.RightsRequested

/// Who looks at a card.
public typealias Role = PhygitalUniFFI.Role

/// What became of a message that was to be sent: no receipt where it does not go out, no verdict where it was asked for before.
public typealias Sending = PhygitalUniFFI.Sending

/// A tag in software, for ``simulateTap(_:)``.
public typealias SoftTag = PhygitalUniFFI.SoftTag

/// Whose store it is.
public typealias StoreIdentity = PhygitalUniFFI.StoreIdentity

/// Who keeps messages from a contact point, beside its owner.
public typealias SuppressionCause = PhygitalUniFFI.SuppressionCause

/// A tag in the registry.
public typealias Tag = PhygitalUniFFI.Tag

/// A tag that goes into service, or is enrolled again with something else.
public typealias TagEnrolled = PhygitalUniFFI.TagEnrolled

/// Where a tag is in its life.
public typealias TagStatus = PhygitalUniFFI.TagStatus

/// One thing that a token says.
public typealias TapFact = PhygitalUniFFI.TapFact

/// What a tap came to.
public typealias TapOutcome = PhygitalUniFFI.TapOutcome

/// What a tap proves.
public typealias TapProof = PhygitalUniFFI.TapProof

/// A tap as the host received it. Only what was presented has to be given.
public typealias TapRequest = PhygitalUniFFI.TapRequest

/// What was said before a text that came in.
public typealias TextContext = PhygitalUniFFI.TextContext

/// What a text costs on the air, and what is to be said of it.
public typealias TextLint = PhygitalUniFFI.TextLint

/// What a text was read as, how sure that is, and why.
public typealias TextReading = PhygitalUniFFI.TextReading

/// What a brand's texts may hold, and what is due.
public typealias TextStyle = PhygitalUniFFI.TextStyle

/// Whether a message may go out, why not, when it may, and how long.
public typealias Verdict = PhygitalUniFFI.Verdict
