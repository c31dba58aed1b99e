// swift-tools-version: 5.9

import PackageDescription

let package = Package(
    name: "Predictor",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "Predictor", targets: ["Predictor"])],
    dependencies: [
        .package(url: "https://github.com/huggingface/swift-transformers", .upToNextMinor(from: "1.1.0"))
    ],
    targets: [
        .target(
            name: "Predictor",
            dependencies: [.product(name: "Tokenizers", package: "swift-transformers")]),
        .testTarget(name: "PredictorTests", dependencies: ["Predictor"]),
    ]
)
