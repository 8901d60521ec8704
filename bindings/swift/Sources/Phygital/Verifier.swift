import Foundation
import PhygitalUniFFI

/// Keys, read once: judges taps without a store, and so without knowing whether they were used before. Safe to use from any
/// task; takes microseconds, so nothing waits.
public final class Verifier: Sendable {
    private let inner: PhygitalUniFFI.Verifier

    /// Reads keys from JSON, one set or an array of them: `{"file_read_key": "…", "meta_read_key": "…"}`.
    ///
    /// - Throws: ``Status/malformedKeys`` where they are not as they should be. It names line and field, never what stands
    ///   there.
    public init(json keys: String) throws {
        inner = try checked { try PhygitalUniFFI.Verifier.fromJson(keys: keys) }
    }

    /// Judges what was presented at a time, the system's unless one is given: it matters to tokens that expire.
    ///
    /// - Throws: ``PhygitalError/tap(_:)`` where it is no genuine tap.
    public func verify(_ presented: Presented, at time: Date? = nil) throws -> TapProof {
        try check(time)
        try check(presented)
        return try checked { try inner.verify(presented: presented, at: time) }
    }
}
