// Pillow's bilinear resize of 8-bit RGB, bit-identical: a triangle filter, widened by the scale if
// it shrinks, with fixed-point weights; horizontally, rounded to 8 bits, then vertically.

private let unit = 1 << 22  // a weight of 1 in Pillow

/// Byte offsets of the next line, and of the next pixel in a line.
private struct Steps {
    let line: Int
    let pixel: Int
}

extension Picture {
    /// Resize to `size` x `size`.
    func resized(to size: Int) -> Picture {
        let (wide, narrow) = (3 * width, 3 * size)
        let rows = Steps(line: narrow, pixel: 3)
        let columns = Steps(line: 3, pixel: narrow)
        let across = pass(rgb, height, Steps(line: wide, pixel: 3), rows, width, size)
        let square = pass(across, size, columns, columns, height, size)
        return Picture(width: size, height: size, rgb: square)
    }
}

/// Make each of `lines` lines `size` pixels long.
private func pass(
    _ data: [UInt8], _ lines: Int, _ from: Steps, _ to: Steps, _ length: Int, _ size: Int
) -> [UInt8] {
    if length == size { return data }
    var scaled = [UInt8](repeating: 0, count: 3 * lines * size)
    for place in 0..<size {
        let (start, parts) = weights(of: place, length, size)
        for line in 0..<lines {
            for color in 0..<3 {
                var sum = unit / 2  // to round
                var at = line * from.line + start * from.pixel + color
                for part in parts {
                    sum += part * Int(data[at])
                    at += from.pixel
                }
                scaled[line * to.line + place * to.pixel + color] = UInt8(sum / unit)
            }
        }
    }
    return scaled
}

/// Return the first input pixel of an output pixel, and the weights of that and the next ones.
private func weights(of place: Int, _ length: Int, _ size: Int) -> (start: Int, parts: [Int]) {
    let scale = Double(length) / Double(size)
    let reach = max(scale, 1)
    let center = (Double(place) + 0.5) * scale
    let start = max(Int(center - reach + 0.5), 0)
    let end = min(Int(center + reach + 0.5), length)
    let shares = (start..<end).map { max(1 - abs((Double($0) + 0.5 - center) / reach), 0) }
    let sum = shares.reduce(0, +)
    return (start, shares.map { Int(0.5 + $0 / sum * Double(unit)) })
}
