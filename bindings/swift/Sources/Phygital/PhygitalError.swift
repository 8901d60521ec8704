import Foundation
import PhygitalUniFFI

/// Why something was not done: few kinds, by who has to act. It holds no key and nothing personal, so it may be logged.
public enum PhygitalError: Error, Equatable, Sendable {
    /// The caller has to do it otherwise. Numbers from 100.
    case argument(Reason)
    /// The tap does not count: ask to tap again. Numbers from 200.
    case tap(Reason)
    /// Consent does not permit it: do without. Numbers from 300.
    case consent(Reason)
    /// What was asked for is not there. Numbers from 400.
    case unknown(Reason)
    /// The store failed: try again, or call the operator. Numbers from 500.
    case storage(Reason)
    /// The store is suspended: resume it first. Numbers from 600.
    case state(Reason)
    /// A fault of the library or of the system. Numbers from 900.
    case `internal`(Reason)

    /// What all kinds say.
    public struct Reason: Equatable, Sendable {
        /// The number, the same as C's `phygital_status`; it keeps its meaning for ever.
        public let code: Int
        /// A stable word, such as `mac_mismatch`.
        public let word: String
        /// A sentence for the developer.
        public let detail: String
    }

    private var parts: Reason {
        switch self {
        case .argument(let parts), .tap(let parts), .consent(let parts), .unknown(let parts), .storage(let parts),
            .state(let parts), .internal(let parts):
            parts
        }
    }

    /// The number, the same as C's `phygital_status`; it keeps its meaning for ever.
    public var code: Int { parts.code }

    /// A stable word, such as `mac_mismatch`.
    public var reason: String { parts.word }

    /// A sentence for the developer.
    public var detail: String { parts.detail }

    /// What the number means; nil for one that a newer library knows.
    public var status: Status? { Status(rawValue: code) }

    init(_ code: Int, _ word: String, _ detail: String) {
        let parts = Reason(code: code, word: word, detail: detail)
        self =
            switch code / 100 {
            case 1: .argument(parts)
            case 2: .tap(parts)
            case 3: .consent(parts)
            case 4: .unknown(parts)
            case 5: .storage(parts)
            case 6: .state(parts)
            default: .internal(parts)
            }
    }

    init(_ error: PhygitalUniFFI.PhygitalError) {
        switch error {
        case .Argument(let code, let word, let detail), .Tap(let code, let word, let detail),
            .Consent(let code, let word, let detail), .Unknown(let code, let word, let detail),
            .Storage(let code, let word, let detail), .State(let code, let word, let detail),
            .Internal(let code, let word, let detail):
            self.init(Int(code), word, detail)
        }
    }

    static func argument(_ name: String, _ expected: String) -> PhygitalError {
        PhygitalError(Status.invalidArgument.rawValue, "invalid_argument", "\(name): expected \(expected)")
    }
}

extension PhygitalError: CustomStringConvertible, LocalizedError {
    /// Sentence, word and number.
    public var description: String { "\(detail) (\(reason), \(code))" }

    /// The same, for the developer: show people words of your own.
    public var errorDescription: String? { description }
}

/// Does what the library does, with our errors for its own: a ``PhygitalError``, and nothing else. (Typed throws would say so,
/// and crash the compiler of Swift 6.0 where somebody catches one of its cases.)
func checked<T>(_ act: () throws -> T) throws -> T {
    do {
        return try act()
    } catch let error as PhygitalUniFFI.PhygitalError {
        throw PhygitalError(error)
    } catch let error as PhygitalError {
        throw error
    } catch {
        throw PhygitalError(
            Status.panic.rawValue, "panic", "a panic within; what stood on standard error says where")
    }
}

/// A number that Swift has as signed.
func count(_ name: String, _ number: Int) throws -> UInt32 {
    guard let count = UInt32(exactly: number) else { throw PhygitalError.argument(name, "0 to 4294967295") }
    return count
}

/// That the library has such a time: UniFFI ends the process over one that is too far away.
func check(_ times: Date?...) throws {
    for case .some(let time) in times where !(0..<253_402_300_800).contains(time.timeIntervalSince1970) {
        throw PhygitalError.argument("time", "one from 1970-01-01 to 9999-12-31")
    }
}

/// The same of what was presented.
func check(_ presented: Presented) throws {
    if case .applePass(_, _, let time, _) = presented { try check(time) }
}
