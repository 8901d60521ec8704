import Foundation
import Phygital
import XCTest

/// The story goes on: consent has a receipt, messages pass the gate, a STOP is heard, rights are asked for and given.
final class ConversationTests: XCTestCase {
    private let consent = OptedIn(
        contact: Shop.contact, purposes: [.marketing], method: .paper, noticeId: "tap-sms-1", evidence: ["paper 8"])

    private func advert(
        _ id: String, to contact: String = Shop.contact, text: String = "Wren & Co: new boots. Reply STOP to opt out",
        expiresAt: Date? = nil
    ) -> Outgoing {
        Outgoing(id: id, to: contact, messageClass: .marketing, purpose: .marketing, text: text, expiresAt: expiresAt)
    }

    func testConsentHasAReceipt() async throws {
        try await Shop.within { till in
            try await till.recordOptIn(consent)
            let receipts = try await till.consentReceipts(Shop.contact)
            XCTAssertTrue(receipts.contains(#""schema_version":"ISO/IEC TS 27560:2023""#), receipts)
            XCTAssertTrue(receipts.contains("paper 8"), receipts)
            let never = try await till.consentReceipts(Shop.contact, for: .advertising)
            XCTAssertEqual(never, "[]")
            let one = String(receipts.dropFirst().dropLast())
            let new = try await till.importConsent(one, from: "//paper.example")
            let known = try await till.importConsent(one, from: "//paper.example")
            XCTAssertEqual([new.recorded, new.known, known.recorded, known.known], [1, 0, 0, 1])
            await refused(.malformedConsent) { try await till.importConsent("{}", from: "//paper.example") }
            let segment = try await till.segmentConsent(Shop.contact)
            XCTAssertTrue(segment.contains("SUBSCRIBED"), segment)
            try await till.suppress(Shop.contact, .carrier, code: "21610")
            let blocked = try await till.permits(.marketing, contact: Shop.contact)
            XCTAssertEqual(blocked.suppressedBy, ["carrier"])
            let state = try await till.contactState(Shop.contact)
            XCTAssertTrue(state.contains(#""status":"blocked""#), state)
            try await till.setClock(Shop.noon.addingTimeInterval(1))
            try await till.liftSuppression(Shop.contact, .carrier)
            let lifted = try await till.permits(.marketing, contact: Shop.contact)
            XCTAssertTrue(lifted.allowed)
            await refused(.malformedIdentifier) { try await till.consentReceipts("ada") }
        }
    }

    func testMessagesPassTheGate() async throws {
        try await Shop.within { till in
            try await till.recordOptIn(consent)
            // Noon in UTC is seven in the morning in New Jersey.
            let early = try await till.send(advert("a-1"))
            XCTAssertNil(early.receipt)
            XCTAssertEqual(early.verdict?.reasons, ["quiet_hours"])
            XCTAssertEqual(early.verdict?.nextAllowed, Shop.noon.addingTimeInterval(3600))
            XCTAssertTrue(early.verdict?.rules.contains("us_federal") ?? false)
            let lawful = Shop.noon.addingTimeInterval(7200)
            try await till.setClock(lawful)
            let sent = try await till.send(advert("a-1"))
            XCTAssertTrue(sent.receipt?.isNew ?? false)
            XCTAssertGreaterThan(try XCTUnwrap(sent.verdict?.expiresAt), lawful)
            let due = try await till.due()
            XCTAssertEqual(due.map(\.id), ["a-1"])
            let twice = try await till.send(advert("a-1"))
            XCTAssertNil(twice.verdict, "asking twice is asking once")
            let poor = try await till.judge(advert("a-2", text: "Boots at bit.ly/3xY"))
            XCTAssertEqual(poor.findings.map(\.fault), ["short_link"])
            await refused(.misuse) { try await till.send(advert("a-3", to: "loyalty:L-7")) }
            await refused(.invalidArgument) { try await till.send(advert("a-3", expiresAt: .distantPast)) }

            let hello = try await till.recordMessage(Shop.text("m-1", "hello"))
            let nothing = try await till.followed(hello.event)
            XCTAssertEqual(nothing, "[]")
            let (first, second) = (
                try await till.openTopic(Shop.contact, "fit"), try await till.openTopic(Shop.contact, "fit")
            )
            XCTAssertTrue(first.said && !second.said)
            let asked = try await till.contactState(Shop.contact)
            XCTAssertTrue(asked.contains(#""question":"size""#), asked)
            let silence = try await till.followUp(Shop.contact)
            XCTAssertEqual(silence, Opened(said: false, verdict: nil))
            let inTime = try await till.followUps()
            XCTAssertEqual(inTime, [])
            let unread = Shop.text("m-2", "the same as my sister")
            let answer = try await till.hear(unread, .answer(value: "39"))
            let again = try await till.hear(unread, .handOver)
            XCTAssertFalse(again.isNew, "a text counts once")
            let answered = try await till.followed(answer.event)
            XCTAssertTrue(answered.contains("com.phygital.attribute_stated"), answered)
            await refused(.misuse) { try await till.openTopic(Shop.contact, "never") }

            let stop = try await till.recordMessage(Shop.text("m-3", "STOP"))
            let left = try await till.followed(stop.event)
            XCTAssertTrue(left.contains("com.phygital.opted_out"), left)
            let gone = try await till.send(advert("a-4"))
            XCTAssertEqual(gone.verdict?.reasons, ["withdrawn"])
            XCTAssertNil(gone.verdict?.nextAllowed)
            let state = try await till.contactState(Shop.contact)
            XCTAssertTrue(state.contains(#""status":"opted_out""#), state)
            await refused(.invalidArgument) { try await till.followed("m-3") }
        }
    }

    func testSilenceIsFollowedUp() async throws {
        try await Shop.within { till in
            try await till.recordOptIn(consent)
            let lawful = Shop.noon.addingTimeInterval(7200)
            try await till.setClock(lawful)
            try await till.recordMessage(Shop.text("m-1", "hello"))
            try await till.openTopic(Shop.contact, "fit")
            let late = lawful.addingTimeInterval(3 * 86_400)
            try await till.setClock(late)
            let listed = try await till.followUps()
            XCTAssertEqual(listed.map(\.contact), [Shop.contact])
            XCTAssertEqual(listed.map(\.topic), ["fit"])
            XCTAssertEqual(listed.map(\.due), [late])
            let behind = try await till.followUps(behind: listed.first?.place)
            let none = try await till.followUps(most: 0)
            XCTAssertEqual(behind + none, [])
            let printed = "\(listed) \(Proposal.answer(value: "39"))"
            XCTAssertFalse(printed.contains(Shop.number) || printed.contains("39"), printed)
            await refused(.misuse) { try await till.followUps(most: 1001) }
            await refused(.invalidArgument) { try await till.followUps(most: -1) }
            await refused(.invalidArgument) { try await till.followUps(behind: "the last") }
            let never = MessageReceived(id: "m-2", from: Shop.number, body: "hm", at: .distantPast)
            await refused(.invalidArgument) { try await till.hear(never, .handOver) }
            try await till.followUp(Shop.contact)
            let left = try await till.followUps()
            XCTAssertEqual(left, [])

            try await till.recordMessage(Shop.text("m-3", "hello again"))
            try await till.openTopic(Shop.contact, "fit")
            let heard = try await till.hear(Shop.text("m-4", "ask my sister"), .handOver)
            let followed = try await till.followed(heard.event)
            XCTAssertTrue(followed.contains("com.phygital.conversation_handed_over"), followed)
        }
    }

    func testRightsAreAskedForAndGiven() async throws {
        try await Shop.within { till in
            try await till.recordOptIn(consent)
            let access = RightsRequested(identifier: Shop.contact, right: .access, jurisdiction: "US-CA", id: "r-1")
            let (once, twice) = (try await till.requestRight(access), try await till.requestRight(access))
            XCTAssertTrue(once.isNew && !twice.isNew)
            let open = try await till.openRequests()
            XCTAssertTrue(open.contains(#""right":"access""#), open)
            let found = try await till.find(Shop.contact)
            let customer = try XCTUnwrap(found)
            try await till.correct(customer, "first_name", "Ada")
            let export = try await till.exportPerson(customer)
            XCTAssertTrue(export.contains(#""value":"Ada""#), export)
            try await till.requestRight(RightsRequested(identifier: Shop.contact, right: .optOut))
            let sold = try await till.permits(.advertising, customer: customer)
            XCTAssertFalse(sold.allowed)
            try await till.requestRight(RightsRequested(identifier: Shop.contact, right: .objection))
            let marketed = try await till.permits(.marketing, contact: Shop.contact)
            XCTAssertEqual(marketed.reasons, ["withdrawn"])
            let erased = try await till.eraseCustomer(customer)
            XCTAssertEqual(erased.notices, 0)
            await refused(.unknownCustomer) { try await till.exportPerson(customer) }
            await refused(.invalidArgument) {
                try await till.requestRight(
                    RightsRequested(identifier: Shop.contact, right: .access, at: .distantPast))
            }
        }
    }

    func testTextsAndRulesNeedNoStore() async throws {
        let linted = try lintText("New boots \u{2019} bit.ly/3xY", style: TextStyle(brand: "Wren & Co", isFirst: true))
        XCTAssertEqual(linted.encoding, "UCS-2")
        XCTAssertEqual([linted.units, linted.segments], [22, 1])
        XCTAssertEqual(linted.findings.map(\.fault), ["brand_missing", "opt_out_missing", "short_link"])
        XCTAssertTrue(try classifyText("stop").isOptOut)
        XCTAssertEqual(try classifyText("yes", context: TextContext(pending: "yes_no")).intent, "answer_yes")
        await refused(.invalidArgument) { try classifyText("yes", context: TextContext(pending: "maybe")) }
        XCTAssertTrue(try rules(place: "US-FL", messageClass: .marketing).contains(#""us_fl""#))
        await refused(.malformedRules) { try rules(book: "{") }
        let told = try checkRules(
            phone: "+13055550123", messageClass: .marketing, at: Shop.noon, sent: [Shop.noon.addingTimeInterval(-60)])
        XCTAssertTrue(told.contains(#""next_allowed":"2026-11-21T13:00:00Z""#), told)
        let many = [Date](repeating: Shop.noon, count: 1001)
        await refused(.tooLarge) { try checkRules(phone: "+13055550123", messageClass: .marketing, sent: many) }
        await refused(.invalidArgument) {
            try checkRules(phone: "+13055550123", messageClass: .marketing, sent: [.distantPast])
        }
    }
}
