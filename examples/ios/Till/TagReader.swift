import CoreNFC

/// Reads the NDEF message of one tag; each read of such a tag is a tap of its own.
final class TagReader: NSObject, NFCNDEFReaderSessionDelegate, @unchecked Sendable {
    private let lock = NSLock()
    private var waiting: CheckedContinuation<Data?, Never>?
    private var session: NFCNDEFReaderSession?

    /// The bytes of the message; nil where none was read, or somebody else waits for one.
    func message() async -> Data? {
        await withCheckedContinuation { continuation in
            lock.withLock {
                guard waiting == nil, NFCNDEFReaderSession.readingAvailable else { return continuation.resume(returning: nil) }
                waiting = continuation
                session = NFCNDEFReaderSession(delegate: self, queue: nil, invalidateAfterFirstRead: true)
                session?.alertMessage = "Hold the phone to the tag"
                session?.begin()
            }
        }
    }

    private func answer(_ message: Data?) {
        let continuation = lock.withLock {
            defer { waiting = nil }
            return waiting
        }
        continuation?.resume(returning: message)
    }

    func readerSession(_ session: NFCNDEFReaderSession, didDetectNDEFs messages: [NFCNDEFMessage]) {
        answer(messages.first.map(bytes))
    }

    func readerSession(_ session: NFCNDEFReaderSession, didInvalidateWithError error: Error) {
        answer(nil)
    }
}

/// A message as it stood on the tag, of which CoreNFC gives the parts: NFC Forum, NDEF 1.0, section 3.2.
private func bytes(_ message: NFCNDEFMessage) -> Data {
    var data = Data()
    for (at, record) in message.records.enumerated() {
        let short = record.payload.count < 256
        var header = record.typeNameFormat.rawValue
        if at == 0 { header |= 0x80 }
        if at == message.records.count - 1 { header |= 0x40 }
        if short { header |= 0x10 }
        if !record.identifier.isEmpty { header |= 0x08 }
        data.append(header)
        data.append(UInt8(truncatingIfNeeded: record.type.count))
        let length = UInt32(record.payload.count)
        data.append(contentsOf: short ? [UInt8(length)] : (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) })
        if !record.identifier.isEmpty { data.append(UInt8(truncatingIfNeeded: record.identifier.count)) }
        data.append(record.type)
        data.append(record.identifier)
        data.append(record.payload)
    }
    return data
}
