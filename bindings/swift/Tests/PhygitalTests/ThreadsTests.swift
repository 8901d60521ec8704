import Foundation
import Phygital
import XCTest

/// Eight tasks each of two processes on one file: nothing lost, nothing doubled.
final class ThreadsTests: XCTestCase {
    func testNothingIsLostAndNothingDoubled() async throws {
        try await Shop.inFolder { folder in
            let writer = Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("Writer")
            let children = try (0..<2).map { number in
                let child = Process()
                child.executableURL = writer
                child.arguments = [folder.path, "\(number)"]
                try child.run()
                return child
            }
            for child in children {
                child.waitUntilExit()
                XCTAssertEqual(child.terminationStatus, 0)
            }
            let till = try await Phygital.open(Options(path: folder.appendingPathComponent("tasks.db").path))
            for process in 0..<3 {
                let fresh = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<8 {
                        group.addTask {
                            var fresh = 0
                            for event in 0..<10 {
                                let text = """
                                    {"specversion": "1.0", "id": "e-\(event)", "source": "//till/\(process)/\(number)",
                                    "type": "com.phygital.visit_started", "time": "2026-11-21T12:00:00Z",
                                    "data": {"identifiers": {"loyalty": "L-\(event)"}, "place": "paris-1"}}
                                    """
                                fresh += try await till.record(text).isNew ? 1 : 0
                            }
                            return fresh
                        }
                    }
                    return try await group.reduce(0, +)
                }
                XCTAssertEqual(fresh, process < 2 ? 0 : 80, "of \(process)")
            }
        }
    }

    func testOneVerifierServesAllTasks() async throws {
        let verifier = try Verifier(json: Shop.keys)
        let url = try Shop.link(7)
        let right = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var right = 0
                    for _ in 0..<200 {
                        right += (try? verifier.verify(.url(url: url)).uid) == Shop.uid ? 1 : 0
                        let cut = await refused(.tapMalformed) { try verifier.verify(.url(url: String(url.dropLast()))) }
                        right += cut?.reason == "bad_length" ? 1 : 0
                    }
                    return right
                }
            }
            return await group.reduce(0, +)
        }
        XCTAssertEqual(right, 3200)
    }
}
