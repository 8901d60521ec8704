import Foundation
import Phygital
import XCTest

/// Times are whole microseconds, and come back as they went in.
final class TimeTests: XCTestCase {
    private func event(_ id: Int) -> String {
        """
        {"specversion": "1.0", "id": "\(id)", "source": "//till/1", "type": "com.phygital.visit_started",
        "time": "1970-01-01T00:00:01Z", "data": {"identifiers": {"loyalty": "L-1"}, "place": "paris-1"}}
        """
    }

    func testTimesComeBack() async throws {
        try await Shop.within { till in
            let second = 1_795_262_400_000_000
            let some = [1_000_000, second, second + 1, second + 123_456, second + 499_999, second + 999_999]
            let many = (0..<200).map { second + $0 * 7_919_317 }
            for (at, micros) in (some + many + [4_102_444_799_999_999]).enumerated() {
                let time = Date(timeIntervalSince1970: Double(micros) / 1e6)
                try await till.setClock(time)
                let received = try await till.record(event(at)).receivedAt
                XCTAssertEqual(Int((received.timeIntervalSince1970 * 1e6).rounded()), micros)
                try await till.setClock(received)
                let again = try await till.record(event(1_000 + at)).receivedAt
                XCTAssertEqual(again, received, "what came out goes in unchanged")
            }
        }
    }

    func testTimesHaveARange() async throws {
        try await Shop.within { till in
            let none = [-0.000_001, -1, 253_402_300_800, 1e300, -1e300, .infinity, .nan]
            for time in none.map(Date.init(timeIntervalSince1970:)) {
                await refused(.invalidArgument) { try await till.setClock(time) }
                await refused(.invalidArgument) {
                    try await till.recordMessage(MessageReceived(id: "m", from: Shop.number, body: "", at: time))
                }
                await refused(.invalidArgument) { _ = try await Phygital.open(Options(path: "x.db", clock: time)) }
            }
            let verifier = try Verifier(json: "")
            await refused(.invalidArgument) { try verifier.verify(.url(url: ""), at: .distantPast) }
        }
    }
}
