import Foundation
import Phygital

/// What the screen shows after a tap.
enum Shown: Equatable, Sendable {
    /// Somebody who agreed to be known: her card, as JSON.
    case card(String)
    /// Somebody unknown: the notice, to be read whole, and the link that opens her phone's messages.
    case offer(notice: String, link: String)
    /// Somebody unknown, and the shop has no notice.
    case nobody
    /// A copied link, a tag of another shop, or one that was lost.
    case again
    /// The store cannot go on without somebody.
    case trouble(Int)
}

/// A till: knows the shop and nothing of the screen, so that it is tested without a phone.
struct Till: Sendable {
    private let shop: Phygital

    /// `keys` come from where the app keeps secrets: the Keychain, never the source.
    init(path: String, settings: String, keys: String) async throws {
        shop = try await Phygital.open(Options(path: path, settings: settings, keys: keys))
    }

    /// A tag was held to the phone, and this was read from it or opened by it.
    func tapped(_ presented: Presented) async -> Shown {
        do {
            let tap = try await shop.verifyTap(TapRequest(presented: presented, shownTo: .associate))
            if case .known = tap.recognition, let card = tap.card { return .card(card) }
            if let offer = tap.optIn { return .offer(notice: offer.notice, link: offer.link) }
            return .nobody
        } catch PhygitalError.tap {
            return .again
        } catch {
            return .trouble((error as? PhygitalError)?.code ?? 0)
        }
    }

    /// Puts a tag into service.
    func enroll(_ uid: String, place: String) async throws {
        try await shop.enroll(TagEnrolled(uid: uid, place: place))
    }

    /// Carries out what waits, and gives how much. What could not be sent waits on: to send it twice is for the gateway to
    /// tell by its id.
    func outbox(_ send: @Sendable (Action) async -> Bool) async throws -> Int {
        var sent = 0
        for action in try await shop.due() where await send(action) {
            try await shop.acknowledge(action.id, .delivered)
            sent += 1
        }
        return sent
    }

    /// Before iOS suspends the app: it ends one that holds a file's lock then.
    func pause() async throws {
        try await shop.suspend()
    }

    func resume() async throws {
        try await shop.resume()
    }
}
