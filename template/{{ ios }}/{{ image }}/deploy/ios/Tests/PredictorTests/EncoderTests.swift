import XCTest

@testable import Predictor

/// A row of examples.json: an image, its bytes in base64.
struct Row: Decodable {
    struct Told: Decodable {
        let width: Int
        let height: Int
        let rgb: Data
    }

    let image: Told

    var input: Input {
        Picture(width: image.width, height: image.height, rgb: [UInt8](image.rgb))
    }
}

/// The network's input bytes.
typealias Encoded = Data

final class EncoderTests: XCTestCase {
    func testPicturesAreResizedAsInTraining() throws {
        let contract = try Contract(folder: exported())
        let stored = try Examples()
        for (row, expected) in zip(stored.rows, stored.matrix) {
            let found = try contract.encode(row.input)
            XCTAssertEqual(found, expected.map(Float.init))
        }
    }

    func testPicturesAreTurnedUpright() {
        let upright = [
            1: "abc def", 2: "cba fed", 3: "fed cba", 4: "def abc",
            5: "ad be cf", 6: "da eb fc", 7: "fc eb da", 8: "cf be ad",
        ]
        for (orientation, lines) in upright {
            XCTAssertEqual(drawn("abc def").turned(orientation), drawn(lines), "\(orientation)")
        }
    }

    private func drawn(_ text: String) -> Picture {
        let lines = text.split(separator: " ")
        let rgb = text.utf8.filter { $0 != 32 }.flatMap { [$0, 0, $0] }
        return Picture(width: lines[0].count, height: lines.count, rgb: rgb)
    }

    #if canImport(ImageIO)
    func testAnImageKeepsItsColours() throws {
        for row in try Examples().rows {
            XCTAssertEqual(try Picture(upright: image(of: row.input)), row.input)
        }
    }

    func testAFileThatIsNoPictureIsRefused() {
        XCTAssertThrowsError(try Picture(file: Data("text".utf8))) { error in
            XCTAssertEqual(error as? PredictorError, .noPicture)
        }
    }

    private func image(of picture: Picture) throws -> CGImage {
        let space = try XCTUnwrap(CGColorSpace(name: CGColorSpace.sRGB))
        let bytes = try XCTUnwrap(CGDataProvider(data: Data(picture.rgb) as CFData))
        let image = CGImage(
            width: picture.width, height: picture.height, bitsPerComponent: 8, bitsPerPixel: 24,
            bytesPerRow: 3 * picture.width, space: space,
            bitmapInfo: CGBitmapInfo(rawValue: CGImageAlphaInfo.none.rawValue), provider: bytes,
            decode: nil, shouldInterpolate: false, intent: .defaultIntent)
        return try XCTUnwrap(image)
    }
    #endif
}
