// A process of the test of threads: `Writer FOLDER NUMBER` writes with eight tasks over two stores on one file, and ends with
// 0 where all was new.

import Foundation
import Phygital

@main
enum Writer {
    static func main() async throws {
        let fresh = try await write(CommandLine.arguments[1], CommandLine.arguments[2])
        exit(fresh == 80 ? 0 : 1)
    }

    /// Gives how many events were new.
    nonisolated private static func write(_ folder: String, _ process: String) async throws -> Int {
        let options = Options(path: "\(folder)/tasks.db")
        let stores = [
            try await patiently { try await Phygital.open(options) },
            try await patiently { try await Phygital.open(options) },
        ]
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<8 {
                group.addTask {
                    var fresh = 0
                    for event in 0..<10 {
                        let text = """
                            {"specversion": "1.0", "id": "e-\(event)", "source": "//till/\(process)/\(number)",
                            "type": "com.phygital.visit_started", "time": "2026-11-21T12:00:00Z",
                            "data": {"identifiers": {"loyalty": "L-\(event)"}, "place": "paris-1"}}
                            """
                        let receipt = try await patiently { try await stores[number % 2].record(text) }
                        fresh += receipt.isNew ? 1 : 0
                    }
                    return fresh
                }
            }
            return try await group.reduce(0, +)
        }
    }

    /// Another process may hold the store for a while.
    private static func patiently<T: Sendable>(_ act: @Sendable () async throws -> T) async throws -> T {
        while true {
            do {
                return try await act()
            } catch PhygitalError.storage(let fault) where fault.code == Status.storageBusy.rawValue {
                continue
            }
        }
    }
}
