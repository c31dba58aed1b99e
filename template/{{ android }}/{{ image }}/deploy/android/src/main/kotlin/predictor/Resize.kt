package predictor

import kotlin.math.abs
import kotlin.math.max
import kotlin.math.min

// Pillow's bilinear resize of 8-bit RGB, bit-identical: a triangle filter, widened by the scale if
// it shrinks, with fixed-point weights; horizontally, rounded to 8 bits, then vertically.

private const val UNIT = 1 shl 22 // a weight of 1 in Pillow

/** Byte offsets of the next line, and of the next pixel in a line. */
private class Steps(val line: Int, val pixel: Int)

/** For an output pixel: its first input pixel, and the weights of that and the next ones. */
private class Weights(val start: Int, val parts: IntArray)

/** Resize to [size] x [size]. */
internal fun Picture.resized(size: Int): Picture {
    val rows = Steps(3 * size, 3)
    val columns = Steps(3, 3 * size)
    val across = pass(rgb, height, Steps(3 * width, 3), rows, width, size)
    return Picture(size, size, pass(across, size, columns, columns, height, size))
}

/** Make each of [lines] lines [size] pixels long. */
private fun pass(data: ByteArray, lines: Int, from: Steps, to: Steps, length: Int, size: Int): ByteArray {
    if (length == size) return data
    val scaled = ByteArray(3 * lines * size)
    for (place in 0 until size) {
        val weights = weights(place, length, size)
        for (line in 0 until lines) {
            for (color in 0 until 3) {
                var sum = UNIT / 2 // to round
                var at = line * from.line + weights.start * from.pixel + color
                for (part in weights.parts) {
                    sum += part * (data[at].toInt() and 255)
                    at += from.pixel
                }
                scaled[line * to.line + place * to.pixel + color] = (sum / UNIT).toByte()
            }
        }
    }
    return scaled
}

private fun weights(place: Int, length: Int, size: Int): Weights {
    val scale = length.toDouble() / size
    val reach = max(scale, 1.0)
    val center = (place + 0.5) * scale
    val start = max((center - reach + 0.5).toInt(), 0)
    val end = min((center + reach + 0.5).toInt(), length)
    val shares = DoubleArray(end - start) { max(1 - abs((start + it + 0.5 - center) / reach), 0.0) }
    val sum = shares.sum()
    return Weights(start, IntArray(shares.size) { (0.5 + shares[it] / sum * UNIT).toInt() })
}
