package predictor

import org.json.JSONArray
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test

/** On any machine, without Android: rows are encoded as in training. */
class EncoderTest {
    private val contract = Contract(exported("contract.json"))

    @Test
    fun rowsAreEncodedAsInTraining() {
        val stored = examples()
        val rows = stored.getJSONArray("rows")
        for (place in 0 until rows.length()) {
            val found = contract.encode(input(rows.getJSONObject(place)))
            assertEquals(numbers(stored.getJSONArray("matrix").getJSONArray(place)), found.toList())
        }
    }

    @Test
    fun aRowWithoutAColumnIsRefused() {
        assertThrows(IllegalArgumentException::class.java) { contract.encode(emptyMap()) }
    }

    private fun numbers(row: JSONArray): List<Float> =
        List(row.length()) { if (row.isNull(it)) Float.NaN else row.getDouble(it).toFloat() }
}
