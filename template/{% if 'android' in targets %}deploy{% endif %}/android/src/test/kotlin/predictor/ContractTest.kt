package predictor

import java.io.File
import org.json.JSONArray
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test

/** On any machine, without Android: rows are encoded and decided upon as they were in training. */
class ContractTest {
    private val folder = File(requireNotNull(System.getProperty("export")) { "give -Pexport=FOLDER" })
    private val contract = Contract(folder.resolve("contract.json").readText())
    private val examples = JSONObject(folder.resolve("examples.json").readText())
    private val rows = examples.getJSONArray("rows")

    @Test
    fun rowsAreEncodedAsInTraining() {
        for (place in 0 until rows.length()) {
            val expected = examples.getJSONArray("matrix").getJSONArray(place).floats()
            val found = contract.encode(rows.getJSONObject(place).values())
            assertEquals(expected.toList(), found.toList())
        }
    }

    @Test
    fun probabilitiesAreCalledAsInTraining() {
        if (contract.labels == null) return
        for (place in 0 until rows.length()) {
            val values = examples.getJSONArray("predictions").getJSONArray(place).floats()
            assertEquals(examples.getJSONArray("labels").getString(place), contract.label(values))
        }
    }

    @Test
    fun aRowWithoutAColumnIsRefused() {
        assertThrows(IllegalArgumentException::class.java) { contract.encode(emptyMap()) }
    }
}

private fun JSONObject.values(): Map<String, Any?> =
    keys().asSequence().associateWith { name -> if (isNull(name)) null else get(name) }

private fun JSONArray.floats(): FloatArray =
    FloatArray(length()) { if (isNull(it)) Float.NaN else getDouble(it).toFloat() }
