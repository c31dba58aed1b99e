package predictor

import kotlin.math.floor
import org.json.JSONArray
import org.json.JSONObject

/** What an exported model takes and gives: contract.json, as far as an app needs it. */
class Contract(json: String) {
    private val whole = JSONObject(json)
    private val outputs = whole.getJSONObject("outputs")

    /** Name of the model's file, beside contract.json. */
    val model: String = whole.getString("model")

    /** All labels in the order of the probabilities; null where the model gives a value. */
    val labels: List<String>? = outputs.optJSONArray("labels")?.strings()

    private val threshold = if (outputs.isNull("threshold")) null else outputs.getDouble("threshold").toFloat()
    private val columns = whole.getJSONObject("matrix").getJSONArray("columns").objects().map(::Column)

    /**
     * Return what the network takes of a row, bit for bit as in training. The row maps each raw column
     * to a number (of a date, the days since 1970-01-01), a text, or null for a missing value.
     */
    fun encode(row: Map<String, Any?>): FloatArray = FloatArray(columns.size) { columns[it].encode(row) }

    /** Return the label that probabilities call; null where the model gives a value. */
    fun label(values: FloatArray): String? = when {
        labels == null -> null
        threshold != null -> labels[if (values[1] >= threshold) 1 else 0]
        else -> labels[values.indices.maxBy { values[it] }]
    }
}

/** A column of the matrix: what is made of which raw one. */
private class Column(json: JSONObject) {
    private val from = json.getString("from")
    private val part = json.getString("as")
    private val codes = json.optJSONArray("levels")?.strings().orEmpty().withIndex().associate { it.value to it.index + 1 }

    fun encode(row: Map<String, Any?>): Float {
        require(from in row) { "The row has no column '$from'." }
        val value = row[from]
        if (part == "code") {
            require(value is String?) { "Column '$from' takes a text." }
            return codes.getOrDefault(value.orEmpty(), 0).toFloat()
        }
        require(value is Number?) { "Column '$from' takes a number." }
        val number = value?.toFloat() ?: Float.NaN
        return when (part) {
            "value" -> number
            "missing" -> if (number.isNaN()) 1f else 0f
            "yearday" -> number - floor(number / YEAR) * YEAR
            "weekday" -> (floor(number) + 3f).mod(7f) // 1970-01-01 was a Thursday
            else -> error("This contract is of a later version: '$part' is unknown.")
        }
    }
}

private const val YEAR = 365.2425f // mean Gregorian year, days

private fun JSONArray.strings(): List<String> = List(length()) { getString(it) }

private fun JSONArray.objects(): List<JSONObject> = List(length()) { getJSONObject(it) }
