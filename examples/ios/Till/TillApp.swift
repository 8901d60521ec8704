import Phygital
import SwiftUI
import UIKit

/// The keys of a tag to try it with. Yours come from the Keychain.
private let keys = """
    {"file_read_key": "5ace7e50ab65d5d51fd5bf5a16b8205b", "meta_read_key": "5ace7e50ab65d5d51fd5bf5a16b8205b"}
    """
private let settings = """
    {"brand": "Wren & Co", "notice": {"id": "tap-sms-1", "sender": "+12015550101",
    "text": "Text us the code to be known here. Reply STOP to leave.",
    "purposes": ["recognition", "personalization"]}}
    """

@MainActor
final class TillModel: ObservableObject {
    @Published var shown: Shown?
    private var till: Till?
    private let reader = TagReader()

    func start() async {
        guard till == nil else { return }
        do {
            let folder = try FileManager.default.url(
                for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
            var file = folder.appendingPathComponent("till.db")
            let opened = try await Till(path: file.path, settings: settings, keys: keys)
            try await opened.enroll("04a1b2c3d4e5f6", place: "paris-1")
            // A restored backup would count taps twice.
            var alone = URLResourceValues()
            alone.isExcludedFromBackup = true
            try? file.setResourceValues(alone)
            till = opened
        } catch {
            shown = .trouble((error as? PhygitalError)?.code ?? 0)
        }
    }

    func read() async {
        guard let till, let message = await reader.message() else { return }
        shown = await till.tapped(.ndefMessage(message: message))
    }

    /// The tag's link opened the app.
    func opened(_ url: URL) async {
        guard let till else { return }
        shown = await till.tapped(.url(url: url.absoluteString))
    }

    /// iOS gives an app that leaves the screen a few seconds when it asks for them.
    func pause() {
        guard let till else { return }
        let time = UIApplication.shared.beginBackgroundTask()
        Task {
            try? await till.pause()
            UIApplication.shared.endBackgroundTask(time)
        }
    }

    func resume() async {
        try? await till?.resume()
    }
}

@main
struct TillApp: App {
    @StateObject private var model = TillModel()
    @Environment(\.scenePhase) private var phase

    var body: some Scene {
        WindowGroup {
            VStack(spacing: 24) {
                switch model.shown {
                case nil: Text("Ready")
                case .card(let json): ScrollView { Text(json).font(.body.monospaced()) }
                case .offer(let notice, let link):
                    Text(notice)
                    if let url = URL(string: link) { Link("Text us", destination: url) }
                case .nobody: Text("Nobody we know, and no notice to show")
                case .again: Text("Please tap again")
                case .trouble(let code): Text("Please call somebody: \(code)")
                }
                Button("Read a tag") { Task { await model.read() } }
            }
            .padding()
            .task { await model.start() }
            .onOpenURL { url in Task { await model.opened(url) } }
        }
        .onChange(of: phase) { phase in
            switch phase {
            case .background: model.pause()
            case .active: Task { await model.resume() }
            default: break
            }
        }
    }
}
