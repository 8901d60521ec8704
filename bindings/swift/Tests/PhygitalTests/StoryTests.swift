import Foundation
import Phygital
import XCTest

/// The story that every binding plays: a tag is enrolled, tapped, a copied link refused; somebody opts in by text, is known,
/// shown, and leaves again.
final class StoryTests: XCTestCase {
    private let order = """
        {"specversion": "1.0", "id": "o-1", "source": "//till/1", "type": "com.phygital.order_completed",
        "time": "2026-11-21T12:00:00Z", "data": {"identifiers": {"phone": "\(Shop.number)"}, "place": "paris-1",
        "properties": {"order_id": "o-1", "revenue": 149.90, "currency": "EUR",
        "products": [{"sku": "BOOT-38", "category": "Shoes", "size": "38"}]}}}
        """

    func testATapBecomesAKnownCustomer() async throws {
        try await Shop.within { till in
            await refused(.tapNotCounted) { try await till.verifyTap(Shop.tap(0)) }
            let receipt = try await till.enroll(TagEnrolled(uid: Shop.uid, place: "paris-1"))
            XCTAssertTrue(receipt.isNew)
            try await optsIn(till)
            let customer = try await isKnown(till)
            try await orders(till, customer)
            try await standsAmongAll(till, customer)
            try await leaves(till, customer)
        }
    }

    private func optsIn(_ till: Phygital) async throws {
        let first = try await till.verifyTap(Shop.tap(1))
        guard case .anonymous = first.recognition else { return XCTFail("nobody is known yet") }
        XCTAssertEqual(first.proof.readCtr, 2)
        XCTAssertEqual(first.place, "paris-1")
        XCTAssertEqual(first.proof.assurance, .dynamic)
        let offer = try XCTUnwrap(first.optIn)
        XCTAssertTrue(offer.link.hasPrefix("sms:+12015550101?&body=JOIN%20"), offer.link)
        XCTAssertGreaterThan(offer.expiresAt, Shop.noon)
        let replayed = await refused(.tapReplayed) { try await till.verifyTap(Shop.tap(1)) }
        XCTAssertEqual(replayed?.reason, "replayed")
        let url = try Shop.link(5)
        let forged = TapRequest(presented: .url(url: url.dropLast() + (url.last == "0" ? "1" : "0")))
        let refusal = await refused(.tapForged) { try await till.verifyTap(forged) }
        XCTAssertEqual(refusal?.reason, "mac_mismatch")

        let message = Shop.text("m-1", offer.message)
        let (once, twice) = (try await till.recordMessage(message), try await till.recordMessage(message))
        XCTAssertTrue(once.isNew)
        XCTAssertFalse(twice.isNew, "a gateway may say it twice")
        await refused(.conflict) { try await till.recordMessage(Shop.text("m-1", "other")) }
        let due = try await till.due()
        XCTAssertEqual(due.map(\.action), ["answer_message"])
        XCTAssertEqual(due[0].to, Shop.contact)
        XCTAssertTrue(due[0].text?.hasPrefix("Wren & Co: welcome") ?? false)
        try await till.acknowledge(due[0].id, .delivered)
        let left = try await till.due()
        XCTAssertTrue(left.isEmpty)
        await refused(.unknownAction) { try await till.acknowledge("never", .failed) }
    }

    private func isKnown(_ till: Phygital) async throws -> String {
        let tap = try await till.verifyTap(Shop.seen(2))
        guard case .known(let customer) = tap.recognition else { throw Unexpected(what: "she agreed to be known") }
        let card = try await till.card(customer, for: .associate)
        XCTAssertEqual(tap.card, card)
        let found = try await till.find(Shop.contact)
        XCTAssertEqual(found, customer)
        let person = try await till.person(customer)
        XCTAssertTrue(person.identifiers.contains(Shop.contact))
        let allowed = try await till.permits(.personalization, contact: Shop.contact)
        XCTAssertTrue(allowed.allowed)
        XCTAssertEqual(allowed.reasons, ["granted"])
        XCTAssertEqual(allowed.proofs.map(\.count), [32])
        let never = try await till.permits(.marketing, contact: Shop.contact)
        XCTAssertFalse(never.allowed)
        XCTAssertEqual(never.reasons, ["never_asked"])
        return customer
    }

    private func orders(_ till: Phygital, _ customer: String) async throws {
        let answers = try await till.recordAll([order, "{}", order])
        guard case .accepted(let new) = answers[0], case .refused(let code, _, _) = answers[1],
            case .accepted(let old) = answers[2], answers.count == 3
        else { return XCTFail("\(answers)") }
        XCTAssertTrue(new.isNew)
        XCTAssertEqual(Status(rawValue: Int(code)), .malformedEvent)
        XCTAssertFalse(old.isNew)
        let again = try await till.record(order)
        XCTAssertFalse(again.isNew)
        let card = try await till.card(customer, for: .associate)
        XCTAssertTrue(card.contains("BOOT-38"))
        let profile = try await till.profile(customer, for: .personalization)
        XCTAssertTrue(profile.contains("BOOT-38"))
        let earned = try await till.attribute(model: "linear")
        XCTAssertEqual(earned.total.minor, 14_990)
        XCTAssertEqual(earned.currency, "EUR")
        XCTAssertFalse(earned.causal)
        XCTAssertEqual(earned.channels.reduce(earned.unattributed.minor) { $0 + $1.minor }, 14_990)
    }

    private func standsAmongAll(_ till: Phygital, _ customer: String) async throws {
        let decayed = try await till.attribute(model: "time-decay")
        XCTAssertEqual(decayed.total.minor, 14_990)
        let apart = try await till.explain(Shop.contact, "loyalty:L-7")
        XCTAssertTrue(apart.contains(#""same":false"#) && apart.contains(#""reason":"unknown""#), apart)
        let same = try await till.explain(Shop.contact, Shop.contact)
        XCTAssertTrue(same.contains(#""same":true"#), same)
        await refused(.malformedIdentifier) { try await till.explain("ada", Shop.contact) }
        let (review, households) = (try await till.review(), try await till.households())
        XCTAssertTrue(review.contains(#""questions":[]"#), review)
        XCTAssertEqual(households, "[]")
        let (euros, dollars) = (try await till.rfm(), try await till.rfm(currency: "USD"))
        XCTAssertTrue(euros.contains(customer) && !dollars.contains(customer), euros)
        await refused(.invalidArgument) { try await till.rfm(classes: 1) }
        await refused(.invalidArgument) { try await till.review(most: -1) }
    }

    private func leaves(_ till: Phygital, _ customer: String) async throws {
        try await till.recordOptOut(OptedOut(contact: Shop.contact))
        let tap = try await till.verifyTap(Shop.seen(3))
        guard case .anonymous = tap.recognition else { return XCTFail("she left") }
        let card = try await till.card(customer, for: .associate)
        XCTAssertTrue(card.contains(#""withheld":["withdrawn"]"#) && !card.contains("BOOT"), card)
        let kept = await refused(.notPermitted) { try await till.profile(customer, for: .personalization) }
        XCTAssertEqual(kept?.reason, "withdrawn")
        let erased = try await till.eraseIdentifier(Shop.contact)
        XCTAssertEqual(erased.identifiers, 1)
        let found = try await till.find(Shop.contact)
        XCTAssertNil(found)
        await refused(.unknownCustomer) { try await till.eraseCustomer(String(repeating: "0", count: 32)) }
        try await till.setTagStatus(Shop.uid, to: .lost)
        let lost = await refused(.tapNotCounted) { try await till.verifyTap(Shop.tap(4)) }
        XCTAssertEqual(lost?.reason, "lost")
        let tag = try await till.tag(Shop.uid)
        XCTAssertEqual(tag?.status, .lost)
        let tags = try await till.tags()
        XCTAssertEqual(tags.map(\.uid), [Shop.uid])
        let none = try await till.tag("04000000000000")
        XCTAssertNil(none)
    }

    func testConsentAtTheTillCountsUntilItExpires() async throws {
        try await Shop.within { till in
            let contact = "email:ada@shop.example"
            let consent = OptedIn(
                contact: contact, purposes: [.marketing], method: .paper, id: "paper-7", noticeId: "tap-sms-1",
                evidence: ["paper 7"], expiresAt: Shop.noon.addingTimeInterval(60))
            let (once, twice) = (try await till.recordOptIn(consent), try await till.recordOptIn(consent))
            XCTAssertTrue(once.isNew && !twice.isNew)
            let before = try await till.permits(.marketing, contact: contact)
            XCTAssertTrue(before.allowed)
            try await till.setClock(Shop.noon.addingTimeInterval(60))
            let after = try await till.permits(.marketing, contact: contact)
            XCTAssertEqual(after.reasons, ["expired"])
            try await till.setClock(nil)
        }
    }

    func testSuspendedAndResumedItIsTheSameStore() async throws {
        try await Shop.within { till in
            let before = try await till.identity()
            try await till.suspend()
            try await till.suspend()
            guard case .state = await refused(.suspended, { try await till.identity() }) else {
                return XCTFail("no state")
            }
            try await till.resume()
            try await till.resume()
            let after = try await till.identity()
            XCTAssertEqual(before.device, after.device)
            XCTAssertNotEqual(before.incarnation, after.incarnation)
        }
    }

    func testASeedGivesTheSameBytes() async throws {
        var told: [[String?]] = []
        for _ in 0..<2 {
            told.append(
                try await Shop.within { till in
                    try await till.enroll(TagEnrolled(uid: Shop.uid))
                    let outcome = try await till.verifyTap(Shop.tap(1))
                    return [try await till.identity().device, outcome.event, outcome.optIn?.code]
                })
        }
        XCTAssertEqual(told[0], told[1])
    }

    func testWhatNeedsNoStore() async throws {
        let verifier = try Verifier(json: Shop.keys)
        let proof = try verifier.verify(.url(url: Shop.link(40)))
        XCTAssertEqual(proof.uid, Shop.uid)
        XCTAssertEqual(proof.scheme, "ntag424-aes")
        XCTAssertEqual(proof.readCtr, 41)
        XCTAssertEqual(proof.keyEpoch, 0)
        XCTAssertTrue(proof.facts.contains { $0.name == "uid" && $0.value == Shop.uid && $0.authenticated })
        await refused(.tapMalformed) { try verifier.verify(.ndefMessage(message: Data(count: 4)), at: Shop.noon) }
        let none = try Verifier(json: "")
        await refused(.tapUnauthenticated) { try none.verify(.url(url: Shop.link(1))) }
        let google = Presented.googlePass(
            collector: 20_180_608, kind: "ly", objectId: Data(), message: Data("42".utf8), vouched: .live)
        XCTAssertEqual(try none.verify(google).assurance, .live)
        let apple = { (at: Date?) in
            Presented.applePass(
                passType: "pass.example.loyalty", message: Data("42".utf8), deviceTime: at, vouched: .live)
        }
        XCTAssertEqual(try none.verify(apple(Shop.noon)).assurance, .dynamic)
        await refused(.invalidArgument) { try none.verify(apple(Date(timeIntervalSince1970: 1e300))) }
        await refused(.tapUnauthenticated) {
            try none.verify(.appleVas(passType: "pass.example.loyalty", cryptogram: Data(count: 4)))
        }
        let arms =
            #"{"seed": "winback-2026", "arms": [{"arm": "hold", "weight": 0.3}, {"arm": "send", "weight": 0.7}]}"#
        XCTAssertEqual(try assignArm(experiment: arms, unit: "customer-1").arm, "send")
        await refused(.invalidArgument) { try assignArm(experiment: "{}", unit: "customer-1") }
        XCTAssertEqual(try normalizeIdentifier("phone:06 12 34 56 78", region: "FR"), "phone:+33612345678")
        await refused(.malformedIdentifier) { try normalizeIdentifier("phone:06 12 34 56 78") }
        let path = PathRow(path: ["ad", "email", "shop"], conversions: 1, minor: 100)
        let earned = try attributePaths(model: "linear", decimals: 2, rows: [path])
        XCTAssertEqual(earned.channels.map(\.minor), [34, 33, 33])
        XCTAssertEqual(version(), "0.1.0")
    }
}
