import Foundation
import Phygital
import XCTest

#if canImport(Till)
@testable import Till
#endif

final class TillTests: XCTestCase {
    private let key = "5ace7e50ab65d5d51fd5bf5a16b8205b"
    private let uid = "04a1b2c3d4e5f6"
    private let settings = """
        {"brand": "Wren & Co", "notice": {"id": "tap-sms-1", "sender": "+12015550101",
        "text": "Text us the code to be known here.", "purposes": ["recognition"]}}
        """

    private func read(_ readCtr: UInt32) throws -> Presented {
        let tag = SoftTag(
            uid: uid, template: "tap.example/t?p={picc}&c={mac}", fileReadKey: key, metaReadKey: key, readCtr: readCtr)
        return .url(url: try simulateTap(tag))
    }

    func testAVisitIsShown() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("till-\(UUID().uuidString).db")
        defer { try? FileManager.default.removeItem(at: file) }
        let keys = #"{"file_read_key": "\#(key)", "meta_read_key": "\#(key)"}"#
        let till = try await Till(path: file.path, settings: settings, keys: keys)
        try await till.enroll(uid, place: "paris-1")
        guard case .offer(_, let link) = await till.tapped(try read(1)) else { return XCTFail("no offer") }
        XCTAssertTrue(link.hasPrefix("sms:+12015550101"), link)
        let copied = await till.tapped(try read(1))
        XCTAssertEqual(copied, .again)
        let sent = try await till.outbox { _ in true }
        XCTAssertEqual(sent, 0)
        try await till.pause()
        let paused = await till.tapped(try read(2))
        XCTAssertEqual(paused, .trouble(601))
        try await till.resume()
        guard case .offer = await till.tapped(try read(3)) else { return XCTFail("no offer") }
    }
}
