package predictor

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.media.ExifInterface

/** Decode a file, such as the camera's JPEG: upright, on white where it is transparent. */
fun decode(file: ByteArray): Picture {
    require(!isDeepGray(file)) { "A gray PNG of 16 bits: convert it to 8 by `bits` of contract.json." }
    val options = BitmapFactory.Options().apply { inPremultiplied = false }
    val bitmap = BitmapFactory.decodeByteArray(file, 0, file.size, options)
    requireNotNull(bitmap) { "This system can't decode the file as an image." }
    val orientation = ExifInterface(file.inputStream()).getAttributeInt(ExifInterface.TAG_ORIENTATION, 1)
    return picture(bitmap).turned(orientation)
}

/** Return whether a file is a gray PNG of 16 bits, whose levels the system would scale otherwise. */
private fun isDeepGray(file: ByteArray): Boolean =
    file.size > 25 && file[1] == 'P'.code.toByte() && file[12] == 'I'.code.toByte() &&
        file[24].toInt() == 16 && file[25].toInt() in setOf(0, 4)

/** Return an upright bitmap on white. */
fun picture(bitmap: Bitmap): Picture {
    val rgb = ByteArray(3 * bitmap.width * bitmap.height)
    val row = IntArray(bitmap.width)
    var to = 0
    for (line in 0 until bitmap.height) {
        bitmap.getPixels(row, 0, bitmap.width, 0, line, bitmap.width, 1)
        for (pixel in row) {
            val alpha = pixel ushr 24
            for (shift in 16 downTo 0 step 8) {
                rgb[to++] = overWhite(pixel ushr shift and 255, alpha)
            }
        }
    }
    return Picture(bitmap.width, bitmap.height, rgb)
}

/** Composite a color on white, rounded as in training. */
private fun overWhite(color: Int, alpha: Int): Byte {
    val sum = 128 * (color * alpha + 255 * (255 - alpha) + 128)
    return (((sum shr 8) + sum) shr 15).toByte()
}
