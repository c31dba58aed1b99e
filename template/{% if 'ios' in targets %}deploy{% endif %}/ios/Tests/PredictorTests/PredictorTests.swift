import Foundation
import XCTest

@testable import Predictor

/// Rows that `export` stored, with what the network takes of them and what the model answered.
struct Examples: Decodable {
    let rows: [[String: Value]]
    let matrix: [[Float?]]
    let predictions: [Answer]
    let labels: [String]?
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

/// Run with the folder of an export in EXPORT, as the README says.
final class PredictorTests: XCTestCase {
    private func folder() throws -> URL {
        let path = ProcessInfo.processInfo.environment["EXPORT"]
        return URL(fileURLWithPath: try XCTUnwrap(path, "set EXPORT to runs/.../export/coreml"))
    }

    private func examples() throws -> Examples {
        let data = try Data(contentsOf: folder().appendingPathComponent("examples.json"))
        return try JSONDecoder().decode(Examples.self, from: data)
    }

    func testRowsAreEncodedAsInTraining() throws {
        let contract = try Contract(folder: folder())
        let stored = try examples()
        for (row, expected) in zip(stored.rows, stored.matrix) {
            let found = try contract.encode(row)
            XCTAssertEqual(found.count, expected.count)
            for (number, other) in zip(found, expected) {
                XCTAssertEqual(number.isNaN ? nil : number, other)
            }
        }
    }

    func testARowWithoutAColumnIsRefused() throws {
        let contract = try Contract(folder: folder())
        let first = try XCTUnwrap(contract.matrix.columns.first?.from)
        XCTAssertThrowsError(try contract.encode([:])) { error in
            XCTAssertEqual(error as? PredictorError, .noColumn(first))
        }
    }

    #if canImport(CoreML)
    func testCoreMLAnswersAsTheModelDid() async throws {
        let predictor = try await Predictor(folder: folder())
        let stored = try examples()
        for (place, row) in stored.rows.enumerated() {
            let found = try predictor.predict(row)
            let expected = stored.predictions[place].values
            XCTAssertEqual(found.values.count, expected.count)
            for (value, other) in zip(found.values, expected) {
                XCTAssertEqual(value, other, accuracy: 1e-3 * max(1, abs(other)))
            }
            XCTAssertEqual(found.label, stored.labels?[place])
        }
    }
    #endif
}
