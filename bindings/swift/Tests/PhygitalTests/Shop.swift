import Foundation
import Phygital
import XCTest

/// What the tests share: the tag of the story, its key, and its shop. Yours come from your key ring.
enum Shop {
    static let uid = "04a1b2c3d4e5f6"
    static let key = "5ace7e50ab65d5d51fd5bf5a16b8205b"
    static let keys = #"{"file_read_key": "\#(key)", "meta_read_key": "\#(key)"}"#
    static let number = "+12015550123"
    static let contact = "phone:\(number)"
    static let settings = """
        {"brand": "Wren & Co", "notice": {"id": "tap-sms-1",
        "text": "Text us the code to be known here. Reply STOP to leave.", "sender": "+12015550101",
        "purposes": ["recognition", "personalization", "measurement"]}}
        """
    static let topic = """
        {"version": 1, "id": "fit", "languages": ["en"], "purpose": "marketing", "days": 3, "start": "size",
        "steps": {"size": {"ask": {"en": "{{ brand }}: which shoe size?"}, "attribute": "size.shoes",
        "answer": {"type": "number", "min": 30, "max": 50}, "then": "thanks"},
        "thanks": {"say": {"en": "Thank you."}, "then": "end"}}}
        """
    static let noon = Date(timeIntervalSince1970: 1_795_262_400)

    /// The tree that the tests stand in: `vectors/` and the stores that the Rust tests wrote.
    static let tree = URL(fileURLWithPath: ProcessInfo.processInfo.environment["PHYGITAL_TREE"] ?? "../..")

    static func options(
        _ folder: URL, name: String = "till.db", mustExist: Bool = false, settings: String = settings,
        topics: [String] = [topic], keys: String = keys, tenant: String? = nil
    ) -> Options {
        Options(
            path: folder.appendingPathComponent(name).path, mustExist: mustExist, settings: settings, topics: topics,
            keys: keys, tenant: tenant, clock: noon, seed: Data("story".utf8))
    }

    /// Does something with a folder that goes away afterwards.
    static func inFolder<T>(_ act: (URL) async throws -> T) async throws -> T {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("phygital-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await act(folder)
    }

    /// Does something with an open store in a folder of its own.
    @discardableResult
    static func within<T>(_ act: (Phygital) async throws -> T) async throws -> T {
        try await inFolder { folder in try await act(try await Phygital.open(options(folder))) }
    }

    /// The link of the tag's next read.
    static func link(_ readCtr: UInt32) throws -> String {
        try simulateTap(
            SoftTag(
                uid: uid, template: "tap.example/t?p={picc}&c={mac}", fileReadKey: key, metaReadKey: key,
                readCtr: readCtr))
    }

    static func tap(_ readCtr: UInt32) throws -> TapRequest {
        TapRequest(presented: .url(url: try link(readCtr)))
    }

    static func seen(_ readCtr: UInt32) throws -> TapRequest {
        TapRequest(presented: .url(url: try link(readCtr)), identifiers: [contact], shownTo: .associate)
    }

    static func text(_ id: String, _ body: String) -> MessageReceived {
        MessageReceived(id: id, from: number, body: body)
    }
}

/// That a call is refused with this status; gives what was thrown.
@discardableResult
func refused<T>(
    _ status: Status, file: StaticString = #filePath, line: UInt = #line, _ act: () async throws -> T
) async -> PhygitalError? {
    do {
        _ = try await act()
        XCTFail("expected \(status)", file: file, line: line)
    } catch let error as PhygitalError {
        XCTAssertEqual(error.status, status, "\(error)", file: file, line: line)
        return error
    } catch {
        XCTFail("expected \(status), not \(error)", file: file, line: line)
    }
    return nil
}

/// What cannot go on.
struct Unexpected: Error {
    let what: String
}
