package predictor

import java.util.Base64
import org.junit.Assert.assertEquals
import org.junit.Test

/** On any machine, without Android: images are resized as in training. */
class EncoderTest {
    @Test
    fun picturesAreResizedAsInTraining() {
        val contract = Contract(exported("contract.json"))
        val stored = examples()
        val rows = stored.getJSONArray("rows")
        for (place in 0 until rows.length()) {
            val found = contract.encode(input(rows.getJSONObject(place))).map { it.toInt().toByte() }
            val expected = Base64.getDecoder().decode(stored.getJSONArray("matrix").getString(place))
            assertEquals(expected.toList(), found)
        }
    }

    @Test
    fun picturesAreTurnedUpright() {
        val upright = listOf("abc def", "cba fed", "fed cba", "def abc", "ad be cf", "da eb fc", "fc eb da", "cf be ad")
        for ((place, lines) in upright.withIndex()) {
            assertEquals(lines, text(drawn("abc def").turned(place + 1)))
        }
    }

    private fun drawn(text: String): Picture {
        val lines = text.split(" ")
        val rgb = lines.joinToString("").flatMap { listOf(it.code.toByte(), 0.toByte(), it.code.toByte()) }
        return Picture(lines[0].length, lines.size, rgb.toByteArray())
    }

    private fun text(picture: Picture): String =
        picture.rgb.toList().chunked(3 * picture.width).joinToString(" ") { line ->
            line.chunked(3).joinToString("") { it[0].toInt().toChar().toString() }
        }
}
