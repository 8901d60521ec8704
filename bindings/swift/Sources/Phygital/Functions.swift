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

/// What the channels of these paths earned by a model, of those that ``Phygital/attribute(model:)`` takes; `direct` is the
/// channel that nothing led to. Needs no store; takes long for many paths.
///
/// - Parameter decimals: how many decimals the values have: 2 for cents.
public func attributePaths(model: String, decimals: Int, rows: [PathRow]) throws -> Attribution {
    guard let decimals = UInt8(exactly: decimals) else { throw PhygitalError.argument("decimals", "at most 18") }
    return try checked { try PhygitalUniFFI.attributePaths(model: model, decimals: decimals, rows: rows) }
}

/// The link that a tag in software writes at its next read, always the same. For tests of one's own; needs no store.
public func simulateTap(_ tag: SoftTag) throws -> String {
    try checked { try PhygitalUniFFI.simulateTap(tag: tag) }
}
