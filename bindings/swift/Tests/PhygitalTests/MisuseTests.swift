import Foundation
import XCTest

@testable import Phygital
import func PhygitalUniFFI.testPanic

extension Phygital {
    /// The library of the tests has a call that panics while the engine is held.
    fileprivate func testPanicWithin() async throws {
        try await on { try $0.testPanicWithin() }
    }
}

/// What is done wrong is answered with an error that has a number; never with a crash.
final class MisuseTests: XCTestCase {
    private let visit = """
        {"specversion": "1.0", "id": "e", "source": "//till", "type": "com.phygital.visit_started",
        "time": "2026-11-21T12:00:00Z", "data": {"identifiers": {"loyalty": "L-1"}, "place": "paris-1"}}
        """

    func testArgumentsThatAreNone() async throws {
        try await Shop.within { till in
            await refused(.invalidArgument) { try await till.enroll(TagEnrolled(uid: "04")) }
            await refused(.invalidArgument) { try await till.setTagStatus("", to: .lost) }
            await refused(.unknownTag) { try await till.setTagStatus(Shop.uid, to: .lost) }
            await refused(.invalidArgument) { try await till.card("ada", for: .manager) }
            await refused(.unknownCustomer) { try await till.person(String(repeating: "0", count: 32)) }
            await refused(.malformedIdentifier) { try await till.find("ada") }
            await refused(.malformedIdentifier) { try await till.permits(.service, contact: "phone:") }
            await refused(.malformedIdentifier) {
                try await till.recordMessage(MessageReceived(id: "m", from: "ada", body: ""))
            }
            await refused(.modelRefused) { try await till.attribute(model: "guess") }
            await refused(.invalidArgument) { try await till.tags(most: -1) }
            await refused(.invalidArgument) { try await till.due(most: .max) }
            await refused(.misuse) { try await till.recordAll(Array(repeating: visit, count: 10_001)) }
            await refused(.malformedEvent) { try await till.record("") }
            await refused(.malformedEvent) { try await till.record("\u{0}") }
            await refused(.malformedEvent) { try await till.record(String(repeating: "[", count: 2 << 20)) }
            let huge = String(repeating: "x", count: 8 << 20)
            for presented in [.url(url: ""), .url(url: huge), .ndefMessage(message: Data(count: 1 << 20))] as [Presented] {
                await refused(.tapMalformed) { try await till.verifyTap(TapRequest(presented: presented)) }
            }
        }
    }

    func testFunctionsWithoutAStore() async throws {
        await refused(.invalidArgument) { try attributePaths(model: "first", decimals: 300, rows: []) }
        await refused(.invalidArgument) { try attributePaths(model: "first", decimals: -1, rows: []) }
        await refused(.modelRefused) { try attributePaths(model: "guess", decimals: 2, rows: []) }
        await refused(.malformedIdentifier) { try normalizeIdentifier("") }
        await refused(.invalidArgument) {
            try simulateTap(
                SoftTag(uid: Shop.uid, template: "none", fileReadKey: Shop.key, metaReadKey: nil, readCtr: 0))
        }
        let error = await refused(.malformedKeys) { try Verifier(json: #"{"file_read_key": "secret-secret"}"#) }
        XCTAssertFalse(error?.description.contains("secret") ?? true)
    }

    func testStoresThatDoNotOpen() async throws {
        try await Shop.inFolder { folder in
            func open(_ options: Options) async throws { _ = try await Phygital.open(options) }
            await refused(.invalidArgument) { try await open(Options(path: "")) }
            await refused(.storageUnopened) { try await open(Shop.options(folder, name: "none/such.db")) }
            await refused(.storageUnopened) { try await open(Shop.options(folder, mustExist: true)) }
            await refused(.malformedSettings) { try await open(Shop.options(folder, settings: #"{"brandt": 1}"#)) }
            await refused(.invalidArgument) { try await open(Shop.options(folder, tenant: "abc")) }
            await refused(.malformedTopic) { try await open(Shop.options(folder, topics: ["{"])) }
            let many = [String](repeating: Shop.topic, count: 1001)
            await refused(.tooLarge) { try await open(Shop.options(folder, topics: many)) }
            let text = String(repeating: "this is no store, and long enough to be looked at as one.", count: 10)
            try text.write(to: folder.appendingPathComponent("text.db"), atomically: true, encoding: .utf8)
            let error = await refused(.storageCorrupt) { try await open(Shop.options(folder, name: "text.db")) }
            guard case .storage = error else { return XCTFail("no storage") }
        }
    }

    func testNobodyRefersToItItIsClosed() async throws {
        try await Shop.inFolder { folder in
            for _ in 0..<20 {
                let till = try await Phygital.open(Options(path: folder.appendingPathComponent("till.db").path))
                try await till.enroll(TagEnrolled(uid: Shop.uid))
            }
            // The queue lets go of the last one after it has answered.
            let left = { try FileManager.default.contentsOfDirectory(atPath: folder.path) }
            for _ in 0..<1_000 where try left() != ["till.db"] {
                try await Task.sleep(nanoseconds: 10_000_000)
            }
            XCTAssertEqual(try left(), ["till.db"])
        }
    }

    func testACancelledTaskLeavesTheStoreWell() async throws {
        try await Shop.within { till in
            try await till.enroll(TagEnrolled(uid: Shop.uid))
            for number in UInt32(0)..<20 {
                let task = Task { try await till.verifyTap(Shop.tap(number)) }
                task.cancel()
                _ = try await task.value
            }
            await refused(.tapReplayed) { try await till.verifyTap(Shop.tap(19)) }
            _ = try await till.verifyTap(Shop.tap(50))
        }
    }

    func testAPanicInsideIsAnErrorOutside() async throws {
        for _ in 0..<10 {
            await refused(.panic) { try checked { try testPanic() } }
        }
        try await Shop.within { till in
            for _ in 0..<3 {
                guard case .internal = await refused(.panic, { try await till.testPanicWithin() }) else {
                    return XCTFail("no internal error")
                }
                await refused(.suspended) { try await till.identity() }
                try await till.resume()
            }
            let identity = try await till.identity()
            XCTAssertEqual(identity.epoch, 1)
        }
    }

    func testNothingSecretOrPersonalIsPrinted() async throws {
        try await Shop.within { till in
            try await till.enroll(TagEnrolled(uid: Shop.uid))
            let outcome = try await till.verifyTap(Shop.seen(1))
            let offer = try XCTUnwrap(outcome.optIn)
            try await till.recordMessage(Shop.text("m-1", offer.message))
            let found = try await till.find(Shop.contact)
            let customer = try XCTUnwrap(found)
            let printed: [Any] = [
                Options(path: "shop.db", keys: Shop.keys, tenant: Shop.key + Shop.key),
                SoftTag(uid: Shop.uid, template: "t", fileReadKey: Shop.key, metaReadKey: Shop.key, readCtr: 0),
                Shop.text("m-1", "secret words"),
                try Shop.seen(1),
                outcome,
                offer,
                outcome.proof,
                try await till.person(customer),
                try await till.due()[0],
                OptedIn(contact: Shop.contact, purposes: [], method: .till),
                OptedOut(contact: Shop.contact),
                Outgoing(
                    id: "a-1", to: Shop.contact, messageClass: .marketing, purpose: .marketing, text: "secret words"),
                RightsRequested(identifier: Shop.contact, right: .access),
                till,
            ]
            for value in printed {
                for text in ["\(value)", String(reflecting: value)] {
                    for kept in [Shop.key, "2015550123", "secret words", offer.code, "Wren"] {
                        XCTAssertFalse(text.contains(kept), "\(kept) in: \(text)")
                    }
                }
            }
        }
    }

    func testNumbersAreThoseOfC() throws {
        let file = Shop.tree.appendingPathComponent("bindings/c/include/phygital.h")
        let header = try String(contentsOf: file, encoding: .utf8)
        var numbers: [String: Int] = [:]
        for line in header.split(separator: "\n") {
            let words = line.split(whereSeparator: { " =,".contains($0) })
            guard words.count == 2, words[0].hasPrefix("PHYGITAL_STATUS_"), let number = Int(words[1]) else { continue }
            numbers[words[0].dropFirst("PHYGITAL_STATUS_".count).replacingOccurrences(of: "_", with: "").lowercased()] =
                number
        }
        for status in Status.allCases {
            XCTAssertEqual(numbers["\(status)".lowercased()], status.rawValue, "\(status)")
        }
        let ofC: Set = ["ok", "nullpointer", "wronghandle", "wrongsize", "invalidutf8"]
        XCTAssertEqual(Set(numbers.keys).subtracting(Status.allCases.map { "\($0)".lowercased() }), ofC)
    }
}
