import XCTest

@testable import Predictor

/// A row of examples.json.
struct Row: Decodable {
    let input: Input

    init(from decoder: Decoder) throws {
        let columns = try [String: String](from: decoder)
        input = try XCTUnwrap(columns.values.first)
    }
}

/// The token ids of a text.
typealias Encoded = [Float]

final class EncoderTests: XCTestCase {
    func testTextsAreCutIntoTokensAsInTraining() async throws {
        let encoder = try await Encoder(folder: exported())
        let stored = try Examples()
        for (row, expected) in zip(stored.rows, stored.matrix) {
            XCTAssertEqual(try encoder.encode(row.input), expected, row.input)
        }
    }

    func testALongTextKeepsItsEnd() async throws {
        let encoder = try await Encoder(folder: exported())
        let row = try XCTUnwrap(Examples().rows.first)
        let short = try encoder.encode(row.input)
        let long = try encoder.encode(String(repeating: row.input + " ", count: 999))
        XCTAssertEqual(long.count, short.count)
        XCTAssertTrue(short.contains(try XCTUnwrap(long.last)))
    }
}
