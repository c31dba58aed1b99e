/// A decoded image: RGB bytes, row by row.
public struct Picture: Equatable, Sendable {
    public let width: Int
    public let height: Int
    public let rgb: [UInt8]

    public init(width: Int, height: Int, rgb: [UInt8]) {
        precondition(rgb.count == 3 * width * height, "three bytes per pixel")
        self.width = width
        self.height = height
        self.rgb = rgb
    }

    /// Return it upright; `orientation` is EXIF's, 1 ... 8.
    func turned(_ orientation: Int) -> Picture {
        if orientation == 1 { return self }
        let lies = orientation >= 5
        let mirrored = [2, 3, 7, 8].contains(orientation)
        let flipped = [3, 4, 6, 7].contains(orientation)
        let (across, down) = lies ? (height, width) : (width, height)
        var turned: [UInt8] = []
        turned.reserveCapacity(rgb.count)
        for row in 0..<down {
            for place in 0..<across {
                let (x, y) = lies ? (row, place) : (place, row)
                let column = mirrored ? width - 1 - x : x
                let line = flipped ? height - 1 - y : y
                let start = 3 * (line * width + column)
                turned += rgb[start..<start + 3]
            }
        }
        return Picture(width: across, height: down, rgb: turned)
    }
}
