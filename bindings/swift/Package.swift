// swift-tools-version: 6.0
import Foundation
import PackageDescription

/// The folder of a library that cargo built, for our tests. Apps have the XCFramework that `xcframework` beside this makes.
let built = ProcessInfo.processInfo.environment["PHYGITAL_LIB_DIR"]

let linked: [LinkerSetting] = built.map {
    [.unsafeFlags(["-L\($0)", "-lphygital_ffi", "-Xlinker", "-rpath", "-Xlinker", $0])]
} ?? []

var targets: [Target] = [
    built == nil
        ? .binaryTarget(name: "PhygitalFFI", path: "PhygitalFFI.xcframework")
        : .systemLibrary(name: "PhygitalFFI"),
    // Made by UniFFI, in the language mode that it is written for.
    .target(
        name: "PhygitalUniFFI", dependencies: ["PhygitalFFI"],
        swiftSettings: [.swiftLanguageMode(.v5)], linkerSettings: linked),
    .target(name: "Phygital", dependencies: ["PhygitalUniFFI"]),
]

if built != nil {
    targets += [
        .testTarget(name: "PhygitalTests", dependencies: ["Phygital", "PhygitalUniFFI", "Writer"]),
        .executableTarget(name: "Writer", dependencies: ["Phygital"], path: "Tests/Writer"),
        .executableTarget(name: "Overhead", dependencies: ["Phygital", "PhygitalUniFFI"], path: "Tests/Overhead"),
    ]
}

let package = Package(
    name: "Phygital",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "Phygital", targets: ["Phygital"])],
    targets: targets
)
