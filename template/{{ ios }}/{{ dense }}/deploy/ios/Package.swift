// swift-tools-version: 5.9

import PackageDescription

let package = Package(
    name: "Predictor",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "Predictor", targets: ["Predictor"])],
    targets: [
        .target(name: "Predictor"),
        .testTarget(name: "PredictorTests", dependencies: ["Predictor"]),
    ]
)
