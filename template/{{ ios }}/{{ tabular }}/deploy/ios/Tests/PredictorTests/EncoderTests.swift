import XCTest

@testable import Predictor

/// A row of examples.json.
struct Row: Decodable {
    let input: Input

    init(from decoder: Decoder) throws {
        input = try Input(from: decoder)
    }
}

/// A row of the matrix; nil is a missing number.
typealias Encoded = [Float?]

final class EncoderTests: XCTestCase {
    func testRowsAreEncodedAsInTraining() throws {
        let contract = try Contract(folder: exported())
        let stored = try Examples()
        for (row, expected) in zip(stored.rows, stored.matrix) {
            let found = try contract.encode(row.input)
            XCTAssertEqual(found.map { $0.isNaN ? nil : $0 }, expected)
        }
    }

    func testARowWithoutAColumnIsRefused() throws {
        let contract = try Contract(folder: exported())
        let first = try XCTUnwrap(contract.matrix.columns.first?.from)
        XCTAssertThrowsError(try contract.encode([:])) { error in
            XCTAssertEqual(error as? PredictorError, .noColumn(first))
        }
    }
}
