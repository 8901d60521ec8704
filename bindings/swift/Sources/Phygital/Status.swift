/// What a number means. Hundreds are families: 1 the caller, 2 the tap, 3 consent, 4 what is not there, 5 the store, 6 the
/// state of the object, 9 a fault of the library or of the system. A number keeps its meaning for ever, here and in C.
public enum Status: Int, Sendable, CaseIterable {
    /// Longer than anything that is read.
    case tooLarge = 105
    /// A value that is none of those expected.
    case invalidArgument = 106
    /// The event is not as it should be.
    case malformedEvent = 110
    /// An event of that source and id was recorded with another content.
    case conflict = 111
    /// The keys are not as they should be.
    case malformedKeys = 112
    /// The settings are not as they should be.
    case malformedSettings = 113
    /// No identifier of its kind.
    case malformedIdentifier = 114
    /// A rule that the documentation states was broken.
    case misuse = 115
    /// The life of a tag has no such change.
    case tagStatusRefused = 116
    /// The model does not go with these journeys, or there is none of that name.
    case modelRefused = 117
    /// The consent of another system is not as it should be.
    case malformedConsent = 118
    /// The rules of messages are not as they should be.
    case malformedRules = 119
    /// A topic of conversation is not as it should be.
    case malformedTopic = 120
    /// What was delivered is no tap, or was damaged on its way.
    case tapMalformed = 201
    /// The tag that it names did not make it.
    case tapForged = 202
    /// It cannot be judged for want of a key.
    case tapUnauthenticated = 203
    /// Genuine, and out of its time or place.
    case tapStale = 204
    /// Genuine, and used before.
    case tapReplayed = 210
    /// Genuine, and does not count for another reason: an unknown, suspended, lost or retired tag.
    case tapNotCounted = 211
    /// Its source sent too many that were not genuine.
    case tapTooManyFailures = 220
    /// Consent does not permit it.
    case notPermitted = 301
    /// There is no such customer.
    case unknownCustomer = 401
    /// No customer has that identifier.
    case unknownIdentifier = 402
    /// No such action waits.
    case unknownAction = 403
    /// No such tag is in the registry.
    case unknownTag = 404
    /// There is no such order.
    case unknownOrder = 405
    /// Another process holds the store: try again.
    case storageBusy = 501
    /// The disk is full.
    case storageFull = 502
    /// The store may not be written.
    case storageReadOnly = 503
    /// The store cannot be opened.
    case storageUnopened = 504
    /// The store, or its log, is damaged or something else.
    case storageCorrupt = 505
    /// A newer version of this library wrote the store.
    case storageNewer = 506
    /// Input or output failed.
    case storageIo = 507
    /// It is open what was written: suspend and resume.
    case storageReopen = 508
    /// The store is suspended: resume it first.
    case suspended = 601
    /// A panic within: please report it. The store is suspended.
    case panic = 901
    /// A fault of the library: please report it.
    case bug = 902
    /// The system gave no randomness.
    case noEntropy = 903
    /// The system's clock is before 1970 or after 9999.
    case noClock = 904
}
