// What calls cost from here; `phygital-ffi/examples/overhead.rs` does the same in Rust.

import Foundation
import Phygital

private let tags = 1_000
private let key = "5ace7e50ab65d5d51fd5bf5a16b8205b"
private let contact = "phone:+12015550123"
private let noon = Date(timeIntervalSince1970: 1_795_262_400)
private let order = """
    {"specversion": "1.0", "id": "o-1", "source": "//till/1", "type": "com.phygital.order_completed",
    "time": "2026-11-21T12:00:00Z", "data": {"identifiers": {"phone": "+12015550123"}, "place": "paris-1",
    "properties": {"order_id": "o-1", "revenue": 149.90, "currency": "EUR",
    "products": [{"sku": "BOOT-38", "category": "Shoes", "size": "38"}]}}}
    """

@main
enum Overhead {
    static func main() async throws {
        try await measure()
    }

    nonisolated private static func measure() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("phygital-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let till = try await Phygital.open(Options(path: folder.appendingPathComponent("till.db").path, clock: noon))
        for number in 0..<tags {
            try await till.enroll(TagEnrolled(uid: "04a1b2c3d4" + String(format: "%04x", number), place: "paris-1"))
        }
        try await till.record(order)
        try await till.recordOptIn(OptedIn(contact: contact, purposes: [.recognition, .personalization], method: .till))
        let customer = try await till.find(contact)!
        guard try await till.card(customer, for: .associate).contains("BOOT-38") else { fatalError("the card is empty") }
        let verifier = try Verifier(json: #"{"file_read_key": "\#(key)", "meta_read_key": "\#(key)"}"#)
        let url = try simulateTap(
            SoftTag(
                uid: "04a1b2c3d4e5f6", template: "tap.example/t?p={picc}&c={mac}", fileReadKey: key, metaReadKey: key,
                readCtr: 40))

        try await told("empty call", 1, 100_000) { _ = version() }
        try await told("tap verified", 1, 5_000) { _ = try verifier.verify(.url(url: url), at: noon) }
        try await told("card", 1, 500) { _ = try await till.card(customer, for: .associate) }
        try await told("tag in a list of 1,000", tags, 5) { _ = try await till.tags(most: tags) }
        let rows = Array(
            repeating: PathRow(path: ["ad", "email", "shop"], conversions: 1, minor: 100), count: tags)
        try await told("path of 1,000, one call", tags, 20) {
            _ = try attributePaths(model: "linear", decimals: 2, rows: rows)
        }
        try FileManager.default.removeItem(at: folder)
    }

    /// Prints the nanoseconds of one, in the best of 15 batches.
    nonisolated private static func told(
        _ name: String, _ inACall: Int, _ calls: Int, _ call: () async throws -> Void
    ) async throws {
        var best = Double.infinity
        for _ in 0..<15 {
            let began = DispatchTime.now().uptimeNanoseconds
            for _ in 0..<calls { try await call() }
            best = min(best, Double(DispatchTime.now().uptimeNanoseconds - began) / Double(calls * inACall))
        }
        let padded = name.padding(toLength: 24, withPad: " ", startingAt: 0)
        print("Swift    \(padded) \(String(format: "%10.0f", best)) ns")
    }
}
