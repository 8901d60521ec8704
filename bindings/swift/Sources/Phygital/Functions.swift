import Foundation
import PhygitalUniFFI

/// The version of the library, such as `0.1.0`.
public func version() -> String {
    PhygitalUniFFI.version()
}

/// An identifier, `kind:value` such as `phone:06 12 34 56 78`, in the normal form of its kind. A phone number without a
/// country code belongs to `region`, ISO 3166-1 in two capital letters. Needs no store.
public func normalizeIdentifier(_ identifier: String, region: String? = nil) throws -> String {
    try checked { try PhygitalUniFFI.normalizeIdentifier(identifier: identifier, region: region) }
}

/// Which arm of an experiment somebody is in, by a hash of her id: the same at every till, phone and server, without asking
/// any. Needs no store.
///
/// - Parameter experiment: JSON: its `seed`, of its own; `arms`, a list of `arm` and `weight`, which sum to 1; and, where they
///   are wanted, `coverage`, `namespace` (`name`, `from`, `to`), `holdout` (`seed`, `part`) and `hash_version` (2, or 1).
public func assignArm(experiment: String, unit: String) throws -> Assigned {
    try checked { try PhygitalUniFFI.assignArm(experiment: experiment, unit: unit) }
}

/// What the channels of these paths earned by a model, of those that ``Phygital/attribute(model:)`` takes but `time-decay`,
/// since paths have no times; `direct` is the channel that nothing led to. Needs no store; takes long for many paths.
///
/// - Parameter decimals: how many decimals the values have: 2 for cents.
public func attributePaths(model: String, decimals: Int, rows: [PathRow]) throws -> Attribution {
    guard let decimals = UInt8(exactly: decimals) else { throw PhygitalError.argument("decimals", "at most 18") }
    return try checked { try PhygitalUniFFI.attributePaths(model: model, decimals: decimals, rows: rows) }
}

/// What a text costs on the air, and what it lacks or must not hold. Needs no store.
public func lintText(_ text: String, style: TextStyle) throws -> TextLint {
    try checked { try PhygitalUniFFI.lintText(text: text, style: style) }
}

/// What a text that came in asks for. Needs no store, and decides nothing: ``Phygital/recordMessage(_:)`` does.
public func classifyText(_ text: String, context: TextContext = TextContext()) throws -> TextReading {
    try checked { try PhygitalUniFFI.classifyText(text: text, context: context) }
}

/// The rules of messages as a JSON list, each as docs/rules.md has it: of a place, ISO 3166 (`US-FL`), and of a class, where they
/// are given. Not legal advice. Needs no store.
///
/// - Parameter book: JSON of rules that replace and add by their ids, as the settings have it.
public func rules(place: String? = nil, messageClass: MessageClass? = nil, book: String = "") throws -> String {
    try checked { try PhygitalUniFFI.rules(place: place, messageClass: messageClass, book: book) }
}

/// What hours and caps say of a message to a phone number at a time, now unless one is given, as JSON: see docs/bindings.md.
/// Consent and the text are the gate's: ``Phygital/judge(_:)``. Needs no store.
///
/// - Parameter sent: when such messages went to it before, at most 1,000.
public func checkRules(
    phone: String, messageClass: MessageClass, at time: Date? = nil, sent: [Date] = [], book: String = ""
) throws -> String {
    try check(time)
    for one in sent { try check(one) }
    return try checked {
        try PhygitalUniFFI.checkRules(phone: phone, messageClass: messageClass, at: time, sent: sent, book: book)
    }
}

/// The link that a tag in software writes at its next read, always the same. For tests of one's own; needs no store.
public func simulateTap(_ tag: SoftTag) throws -> String {
    try checked { try PhygitalUniFFI.simulateTap(tag: tag) }
}
