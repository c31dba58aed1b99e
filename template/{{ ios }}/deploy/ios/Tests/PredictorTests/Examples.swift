import Foundation
import XCTest

/// Inputs stored by `export`, with their encoding and the model's predictions.
struct Examples: Decodable {
    let rows: [Row]
    let matrix: [Encoded]
    let predictions: [Answer]
    let labels: [String]?

    init() throws {
        let data = try Data(contentsOf: exported().appendingPathComponent("examples.json"))
        self = try JSONDecoder().decode(Examples.self, from: data)
    }
}

/// Probabilities of all labels, or one value.
struct Answer: Decodable {
    let values: [Float]

    init(from decoder: Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let single = try? container.decode(Float.self) {
            values = [single]
        } else {
            values = try container.decode([Float].self)
        }
    }
}

/// Return the export folder in EXPORT, as described in the README.
func exported() throws -> URL {
    let path = ProcessInfo.processInfo.environment["EXPORT"]
    return URL(fileURLWithPath: try XCTUnwrap(path, "set EXPORT to runs/.../export/coreml"))
}
