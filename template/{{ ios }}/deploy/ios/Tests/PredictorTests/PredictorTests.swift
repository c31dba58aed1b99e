#if canImport(CoreML)
import XCTest

@testable import Predictor

final class PredictorTests: XCTestCase {
    func testCoreMLAnswersAsTheModelDid() async throws {
        let predictor = try await Predictor(folder: exported())
        let stored = try Examples()
        for (place, row) in stored.rows.enumerated() {
            let found = try predictor.predict(row.input)
            let expected = stored.predictions[place].values
            XCTAssertEqual(found.values.count, expected.count)
            for (value, other) in zip(found.values, expected) {
                XCTAssertEqual(value, other, accuracy: 1e-3 * max(1, abs(other)))
            }
            XCTAssertEqual(found.label, stored.labels?[place])
        }
    }
}
#endif
