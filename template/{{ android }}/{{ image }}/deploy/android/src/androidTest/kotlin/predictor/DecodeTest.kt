package predictor

import android.graphics.Bitmap
import android.graphics.Color
import androidx.test.ext.junit.runners.AndroidJUnit4
import java.io.ByteArrayOutputStream
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test
import org.junit.runner.RunWith

/** On a phone or emulator: files are decoded as by Pillow. */
@RunWith(AndroidJUnit4::class)
class DecodeTest {
    @Test
    fun aFileKeepsItsColours() {
        val colors = intArrayOf(Color.RED, Color.GREEN, Color.rgb(1, 2, 3), Color.rgb(250, 130, 7))
        val bitmap = Bitmap.createBitmap(colors, 2, 2, Bitmap.Config.ARGB_8888)
        val file = ByteArrayOutputStream().also { bitmap.compress(Bitmap.CompressFormat.PNG, 100, it) }
        val expected = colors.flatMap { listOf(Color.red(it), Color.green(it), Color.blue(it)) }
        assertEquals(expected, levels(decode(file.toByteArray())))
    }

    @Test
    fun whatIsTransparentIsWhite() {
        val colors = intArrayOf(Color.argb(0, 9, 9, 9), Color.argb(128, 0, 100, 200))
        val bitmap = Bitmap.createBitmap(2, 1, Bitmap.Config.ARGB_8888).apply { isPremultiplied = false }
        bitmap.setPixels(colors, 0, 2, 0, 0, 2, 1)
        assertEquals(listOf(255, 255, 255, 127, 177, 227), levels(picture(bitmap)))
    }

    @Test
    fun aFileThatIsNoPictureIsRefused() {
        assertThrows(IllegalArgumentException::class.java) { decode("text".toByteArray()) }
    }

    @Test
    fun grayOfMoreThanEightBitsIsRefused() {
        val header = "\u0089PNG\r\n\u001a\n\u0000\u0000\u0000\rIHDR\u0000\u0000\u0000\u0008\u0000\u0000\u0000\u0008\u0010\u0000"
        assertThrows(IllegalArgumentException::class.java) { decode(header.toByteArray(Charsets.ISO_8859_1)) }
    }

    private fun levels(picture: Picture): List<Int> = picture.rgb.map { it.toInt() and 255 }
}
