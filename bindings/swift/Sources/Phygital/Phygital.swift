import Dispatch
import Foundation
import PhygitalUniFFI

/// An open store: taps, people, consents and what waits to be carried out. Safe to use from any task.
///
/// ```swift
/// let shop = try await Phygital.open(Options(path: path, keys: keys))
/// let tap = try await shop.verifyTap(TapRequest(presented: .url(url: url), shownTo: .associate))
/// switch tap.recognition {
/// case .known: show(tap.card)
/// case .anonymous: offer(tap.optIn)
/// }
/// ```
///
/// Calls touch the disk on a queue of their own, one at a time and in their order, so that they hold up neither the main
/// thread nor Swift's pool; other processes may have the same file open. One that was asked for is carried out though its
/// task is cancelled. The store closes when nobody refers to it any more.
///
/// Every call throws ``PhygitalError`` and nothing else: also ``Status/suspended`` while it is suspended, and ``Status/panic``, after which
/// it has to be resumed.
public final class Phygital: Sendable {
    private let inner: PhygitalUniFFI.Phygital
    private let queue: DispatchQueue

    private init(_ inner: PhygitalUniFFI.Phygital, _ queue: DispatchQueue) {
        self.inner = inner
        self.queue = queue
    }

    /// Opens a store; makes it where there is none.
    public static func open(_ options: Options) async throws -> Phygital {
        try check(options.clock)
        let queue = DispatchQueue(label: "com.phygital.store")
        let inner = try await Self.on(queue) { try PhygitalUniFFI.Phygital.open(options: options) }
        return Phygital(inner, queue)
    }

    private static func on<T: Sendable>(
        _ queue: DispatchQueue, _ act: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try checked(act) }) }
        }
    }

    func on<T: Sendable>(
        _ act: @escaping @Sendable (PhygitalUniFFI.Phygital) throws -> T
    ) async throws -> T {
        let inner = inner
        return try await Self.on(queue) { try act(inner) }
    }

    /// Whose store it is.
    public func identity() async throws -> StoreIdentity {
        try await on { try $0.identity() }
    }

    /// Closes the file until ``resume()``: before a phone suspends the app, since whoever holds a file then is ended. All
    /// that was answered is on the disk. To suspend again changes nothing.
    public func suspend() async throws {
        try await on { try $0.suspend() }
    }

    /// Opens the file again. To resume what is open changes nothing.
    public func resume() async throws {
        try await on { try $0.resume() }
    }

    /// For tests: puts this time in the place of the system's, or gives it back its place.
    public func setClock(_ clock: Date?) async throws {
        try check(clock)
        try await on { try $0.setClock(clock: clock) }
    }
}

// MARK: - Taps and tags

extension Phygital {
    /// Verifies a tap, records it, and says who it is. When this returns, the tap is used up, durably.
    ///
    /// - Throws: ``PhygitalError/tap(_:)`` where it does not count: ``Status/tapReplayed`` where it was used before.
    public func verifyTap(_ request: TapRequest) async throws -> TapOutcome {
        try check(request.presented)
        return try await on { try $0.verifyTap(request: request) }
    }

    /// Enrols a tag, or enrols it again with another place, touchpoint or key epoch. It is active from then on.
    @discardableResult
    public func enroll(_ tag: TagEnrolled) async throws -> Receipt {
        try await on { try $0.enroll(tag: tag) }
    }

    /// Changes where a tag is in its life.
    @discardableResult
    public func setTagStatus(_ uid: String, to status: TagStatus) async throws -> Receipt {
        try await on { try $0.setTagStatus(uid: uid, status: status) }
    }

    /// A tag by its UID, 14 digits; nil where it is not in the registry.
    public func tag(_ uid: String) async throws -> Tag? {
        try await on { try $0.tag(uid: uid) }
    }

    /// At most `most` tags whose UID comes after `after`, in order of UID.
    public func tags(after: String? = nil, most: Int = 1000) async throws -> [Tag] {
        let most = try count("most", most)
        return try await on { try $0.tags(after: after, most: most) }
    }
}

// MARK: - People

extension Phygital {
    /// The customer that an identifier, `kind:value`, belongs to; nil where no event names it. Customers are known by 32
    /// digits.
    public func find(_ identifier: String) async throws -> String? {
        try await on { try $0.find(identifier: identifier) }
    }

    /// A customer and her identifiers, by her id now or by one that she had before a merge.
    public func person(_ customer: String) async throws -> Person {
        try await on { try $0.person(customer: customer) }
    }

    /// What may be shown of a customer to somebody in a role, as JSON. Where consent does not permit it the card says why in
    /// `withheld` and holds nothing else.
    public func card(_ customer: String, for role: Role) async throws -> String {
        try await on { try $0.card(customer: customer, role: role) }
    }

    /// The whole profile of a customer, for a purpose that she permits, as JSON.
    ///
    /// - Throws: ``PhygitalError/consent(_:)`` where she does not.
    public func profile(_ customer: String, for purpose: Purpose) async throws -> String {
        try await on { try $0.profile(customer: customer, purpose: purpose) }
    }
}

// MARK: - Who is who

extension Phygital {
    /// Why two identifiers, `kind:value` each, are one customer, or are not, as JSON: see docs/bindings.md.
    public func explain(_ one: String, _ other: String) async throws -> String {
        try await on { try $0.explain(one: one, other: other) }
    }

    /// What a person should look at, at most `most` questions, the worst first, as JSON: see docs/bindings.md. Reads
    /// everything that ties identifiers: not a call for while somebody waits at a till.
    public func review(most: Int = 50) async throws -> String {
        let most = try count("most", most)
        return try await on { try $0.review(most: most) }
    }

    /// Who lives together, as JSON: see docs/bindings.md. Reads every identifier, as ``review(most:)`` does.
    public func households() async throws -> String {
        try await on { try $0.households() }
    }
}

// MARK: - Facts

extension Phygital {
    /// Records an event, a CloudEvent or a Segment message in JSON, and decides what follows from it. To send it again gives
    /// the first receipt again.
    @discardableResult
    public func record(_ event: String) async throws -> Receipt {
        try await on { try $0.record(event: event) }
    }

    /// Records at most 10,000 events in one transaction, and answers for each, in their order. Much faster than one by one.
    public func recordAll(_ events: [String]) async throws -> [Recorded] {
        try await on { try $0.recordAll(events: events) }
    }

    /// Takes in a text message: a wish to be left alone, a code that joins, an answer to what was asked, or anything else. What
    /// is to be answered waits in ``due(most:)``; what was done says ``followed(_:)``.
    @discardableResult
    public func recordMessage(_ message: MessageReceived) async throws -> Receipt {
        try check(message.at)
        return try await on { try $0.recordMessage(message: message) }
    }

    /// What was decided because of an event, by the key of its receipt: a JSON list of events in the form of CloudEvents. The
    /// same whenever it is asked.
    public func followed(_ event: String) async throws -> String {
        try await on { try $0.followed(event: event) }
    }

    /// Forgets an identifier, `kind:value`, now and whenever it comes again. What it had opted out of stays, under a key.
    @discardableResult
    public func eraseIdentifier(_ identifier: String) async throws -> Erased {
        try await on { try $0.eraseIdentifier(identifier: identifier) }
    }

    /// Forgets a customer: the identifiers that are hers alone, and all that her events say.
    @discardableResult
    public func eraseCustomer(_ customer: String) async throws -> Erased {
        try await on { try $0.eraseCustomer(customer: customer) }
    }
}

// MARK: - Consent

extension Phygital {
    /// Whether a contact point, `phone:…` or `email:…`, may be used for a purpose now.
    public func permits(_ purpose: Purpose, contact: String) async throws -> Decision {
        try await on { try $0.permits(purpose: purpose, contact: contact) }
    }

    /// Whether something may be done with a customer now: to recognise, show, measure or share her, which is no matter of one
    /// number.
    public func permits(_ purpose: Purpose, customer: String) async throws -> Decision {
        try await on { try $0.permitsCustomer(purpose: purpose, customer: customer) }
    }

    /// Records that consent was given.
    @discardableResult
    public func recordOptIn(_ consent: OptedIn) async throws -> Receipt {
        try check(consent.at, consent.expiresAt)
        return try await on { try $0.recordOptIn(consent: consent) }
    }

    /// Records that consent was withdrawn.
    @discardableResult
    public func recordOptOut(_ consent: OptedOut) async throws -> Receipt {
        try check(consent.at)
        return try await on { try $0.recordOptOut(consent: consent) }
    }
}

// MARK: - Consent as others have it

extension Phygital {
    /// Receipts of the consent of a contact point, for its owner: a JSON list, of each purpose of which anything was said one
    /// receipt after ISO/IEC TS 27560, with its whole record.
    public func consentReceipts(_ contact: String, for purpose: Purpose? = nil) async throws -> String {
        try await on { try $0.consentReceipts(contact: contact, purpose: purpose) }
    }

    /// What is permitted of a contact point as Segment has it, as JSON: what goes into the `context` of a message.
    public func segmentConsent(_ contact: String) async throws -> String {
        try await on { try $0.segmentConsent(contact: contact) }
    }

    /// Records consent that another system kept: a record or a receipt of ISO/IEC TS 27560, or a message of Segment with its
    /// consent object, in JSON. The same text again is known. The signal of a browser needs no call of its own: an event with
    /// `gpc` in its context brings it.
    ///
    /// - Parameter source: that system, as `//consent.example`.
    @discardableResult
    public func importConsent(_ text: String, from source: String) async throws -> Imported {
        try await on { try $0.importConsent(text: text, source: source) }
    }

    /// Takes note that somebody else than its owner keeps messages from a contact point: the network, the gateway, a register,
    /// staff. The code is what the gateway calls it, such as `21610`.
    @discardableResult
    public func suppress(_ contact: String, _ cause: SuppressionCause, code: String? = nil) async throws -> Receipt {
        try await on { try $0.suppress(contact: contact, cause: cause, code: code) }
    }

    /// Takes note that a cause keeps messages no longer from a contact point. What its owner said stands.
    @discardableResult
    public func liftSuppression(_ contact: String, _ cause: SuppressionCause) async throws -> Receipt {
        try await on { try $0.liftSuppression(contact: contact, cause: cause) }
    }

    /// Where a contact point stands in consent and conversation, as JSON: see docs/bindings.md.
    public func contactState(_ contact: String) async throws -> String {
        try await on { try $0.contactState(contact: contact) }
    }
}

// MARK: - Rights

extension Phygital {
    /// Records that a person asked for one of her rights. An objection and an opt-out of sale and sharing hold at once; the others
    /// wait to be carried out: ``exportPerson(_:)``, ``eraseCustomer(_:)``, ``correct(_:_:_:)``. An action `answer_request` waits
    /// until it is acknowledged that she was answered.
    @discardableResult
    public func requestRight(_ request: RightsRequested) async throws -> Receipt {
        try check(request.at)
        return try await on { try $0.requestRight(request: request) }
    }

    /// The requests of people that were not answered yet, the most urgent first, as a JSON list: see docs/bindings.md.
    public func openRequests() async throws -> String {
        try await on { try $0.openRequests() }
    }

    /// All that is kept of a customer, as JSON for her. Make sure that it is she who asks. Reads every event of hers.
    public func exportPerson(_ customer: String) async throws -> String {
        try await on { try $0.exportPerson(customer: customer) }
    }

    /// Puts right what is held of a customer, as her own word, which outweighs every other source; an empty value takes back what
    /// she said herself.
    @discardableResult
    public func correct(_ customer: String, _ attribute: String, _ value: String) async throws -> Receipt {
        try await on { try $0.correct(customer: customer, attribute: attribute, value: value) }
    }
}

// MARK: - Conversation

extension Phygital {
    /// What the gate says of a message now. Writes nothing.
    public func judge(_ message: Outgoing) async throws -> Verdict {
        try check(message.expiresAt)
        return try await on { try $0.judge(message: message) }
    }

    /// Asks for a message to be sent. Where the gate lets it out, an action `send_message` of its id waits in the outbox, with the
    /// time at which it expires. That it does not go out is an answer: nothing is thrown.
    @discardableResult
    public func send(_ message: Outgoing) async throws -> Sending {
        try check(message.expiresAt)
        return try await on { try $0.send(message: message) }
    }

    /// Opens a topic of the options with a customer, in the language that suits `language` best; where none is said, in that of
    /// her profile.
    @discardableResult
    public func openTopic(_ contact: String, _ topic: String, language: String? = nil) async throws -> Opened {
        try await on { try $0.openTopic(contact: contact, topic: topic, language: language) }
    }

    /// Takes in a text message as ``recordMessage(_:)`` does, with what somebody else makes of it. That counts only where the
    /// rules find nothing in the text that answers the question that waits, or more than one thing, and only if the type of that
    /// question reads it, as a whole and without doubt; it opts nobody in or out. What does not count is dropped: nothing is
    /// thrown.
    ///
    /// A text counts once: ask the model first, by the topic and the question of ``contactState(_:)``, and say when the message
    /// was sent. Another question may wait by now, which it was sent too early to answer.
    @discardableResult
    public func hear(_ message: MessageReceived, _ proposal: Proposal) async throws -> Receipt {
        try check(message.at)
        return try await on { try $0.hear(message: message, proposal: proposal) }
    }

    /// At most `most` topics, up to 1,000, that are to be followed up now; the one whose question waits longest comes first. What
    /// the gate does not let out stays in the list: to get by it ask again `behind` the place of the last, until none comes.
    public func followUps(behind: String? = nil, most: Int = 100) async throws -> [FollowUp] {
        let most = try count("most", most)
        return try await on { try $0.followUps(behind: behind, most: most) }
    }

    /// Takes note of silence in the open topic of a contact point: asks again, or ends it, where it is time to.
    /// ``followUps(behind:most:)`` lists where that is, and ``contactState(_:)`` tells when.
    @discardableResult
    public func followUp(_ contact: String) async throws -> Opened {
        try await on { try $0.followUp(contact: contact) }
    }
}

// MARK: - What waits, and what it was worth

extension Phygital {
    /// At most `most` actions to carry out now, oldest cause first: not those that expired, nor messages that the gate does not
    /// let out now. They are due until they are acknowledged: nothing is ever called back.
    public func due(most: Int = 100) async throws -> [Action] {
        let most = try count("most", most)
        return try await on { try $0.due(most: most) }
    }

    /// Takes note of how an action went; it waits no longer. Saying it again changes nothing.
    @discardableResult
    public func acknowledge(_ id: String, _ outcome: Outcome) async throws -> Receipt {
        try await on { try $0.acknowledge(id: id, outcome: outcome) }
    }

    /// What the channels of this shop's orders earned by a model: `first`, `last`, `last-non-direct`, `linear`, `time-decay`,
    /// `position`, `shapley:sum`, `markov:1` to `markov:16`. Touches without consent to be measured do not count.
    public func attribute(model: String) async throws -> Attribution {
        try await on { try $0.attribute(model: model) }
    }

    /// How lately, how often and for how much customers bought, of those who permit measurement, in so many classes of each
    /// (2 to 10; the highest is the best), as JSON: see docs/bindings.md. The currency, ISO 4217, may be left out where all
    /// orders are of one. Reads the whole log.
    public func rfm(classes: Int = 5, currency: String? = nil) async throws -> String {
        let classes = try count("classes", classes)
        return try await on { try $0.rfm(classes: classes, currency: currency) }
    }
}
