#if canImport(ImageIO)
import CoreGraphics
import Foundation
import ImageIO

extension Picture {
    /// Decode a file, such as the camera's JPEG: upright, on white where it is transparent.
    public init(file: Data) throws {
        guard let source = CGImageSourceCreateWithData(file as CFData, nil),
            let image = CGImageSourceCreateImageAtIndex(source, 0, nil)
        else { throw PredictorError.noPicture }
        if image.bitsPerComponent > 8 && image.colorSpace?.model == .monochrome {
            throw PredictorError.deepGray
        }
        let facts = CGImageSourceCopyPropertiesAtIndex(source, 0, nil) as? [CFString: Any]
        let orientation = facts?[kCGImagePropertyOrientation] as? Int ?? 1
        self = try Picture(upright: image).turned(orientation)
    }

    /// Take an upright image, on white; its colors stay as stored.
    public init(upright image: CGImage) throws {
        let (width, height) = (image.width, image.height)
        let own = image.colorSpace.flatMap { $0.model == .rgb && $0.supportsOutput ? $0 : nil }
        guard let space = own ?? CGColorSpace(name: CGColorSpace.sRGB) else {
            throw PredictorError.noPicture
        }
        var drawn = [UInt8](repeating: 255, count: 4 * width * height)  // white
        try drawn.withUnsafeMutableBytes { bytes in
            guard
                let context = CGContext(
                    data: bytes.baseAddress, width: width, height: height, bitsPerComponent: 8,
                    bytesPerRow: 4 * width, space: space,
                    bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue)
            else { throw PredictorError.noPicture }
            context.draw(image, in: CGRect(x: 0, y: 0, width: width, height: height))
        }
        var rgb: [UInt8] = []
        rgb.reserveCapacity(3 * width * height)
        for start in stride(from: 0, to: drawn.count, by: 4) {
            rgb += drawn[start..<start + 3]
        }
        self.init(width: width, height: height, rgb: rgb)
    }
}
#endif
