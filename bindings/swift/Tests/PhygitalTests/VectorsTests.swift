import Foundation
import Phygital
import XCTest

/// The vectors that every binding reads, and stores that the Rust tests wrote.
final class VectorsTests: XCTestCase {
    private struct Sequence: Decodable {
        let file_read_keys: [String]
        let meta_read_key: String?
        let steps: [Step]

        /// As JSON, one set for each generation.
        var keys: String {
            let meta = meta_read_key.map { #", "meta_read_key": "\#($0)""# } ?? ""
            let sets = file_read_keys.enumerated().map { epoch, key in
                #"{"file_read_key": "\#(key)", "epoch": \#(epoch)\#(meta)}"#
            }
            return "[\(sets.joined(separator: ", "))]"
        }
    }

    private struct Step: Decodable {
        let url: String
        let expect: String
    }

    func testSequencesOfTapsAreJudgedAsEverywhere() async throws {
        let file = Shop.tree.appendingPathComponent("vectors/taps/replay_sequences.json")
        let sequences = try JSONDecoder().decode([Sequence].self, from: Data(contentsOf: file))
        XCTAssertGreaterThan(sequences.map(\.steps.count).reduce(0, +), 20)
        let limits = #"{"failure_limits": {"of_source": 1000000, "of_tag": 1000000}}"#
        for sequence in sequences {
            try await Shop.inFolder { folder in
                let path = folder.appendingPathComponent("till.db").path
                let options = Options(path: path, settings: limits, keys: sequence.keys)
                let till = try await Phygital.open(options)
                let verifier = try Verifier(json: sequence.keys)
                for step in sequence.steps {
                    let told = try await judge(till, verifier, .url(url: step.url))
                    XCTAssertEqual(told, step.expect, step.url)
                }
            }
        }
    }

    private func judge(_ till: Phygital, _ verifier: Verifier, _ presented: Presented) async throws -> String {
        do {
            guard let uid = try verifier.verify(presented, at: Shop.noon).uid else { return "no uid" }
            if try await till.tag(uid) == nil { try await till.enroll(TagEnrolled(uid: uid)) }
            _ = try await till.verifyTap(TapRequest(presented: presented))
            return "accept"
        } catch PhygitalError.tap(let refusal) {
            return refusal.code == Status.tapReplayed.rawValue ? "replay" : refusal.word
        }
    }

    func testAStoreWrittenElsewhereOpens() async throws {
        try await Shop.inFolder { folder in
            let fixture = Shop.tree.appendingPathComponent("phygital-store/tests/fixtures/log-v2.db")
            try FileManager.default.copyItem(at: fixture, to: folder.appendingPathComponent("till.db"))
            let till = try await Phygital.open(Shop.options(folder, mustExist: true))
            let tag = try await till.tag("04de5f1eacc040")
            XCTAssertEqual(tag?.place, "shop-1")
            let decision = try await till.permits(.service, contact: "phone:+33612345678")
            XCTAssertTrue(decision.allowed)
        }
    }
}
