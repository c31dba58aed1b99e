package predictor

import kotlin.math.floor
import org.json.JSONArray
import org.json.JSONObject

/**
 * What the model is asked: a row that maps each raw column to a number (of a date, the days since
 * 1970-01-01), a text, or null for a missing value.
 */
typealias Input = Map<String, Any?>

/** What the network takes of a row: the matrix of contract.json. */
internal class Encoder(matrix: JSONObject) {
    private val columns = matrix.getJSONArray("columns").objects().map(::Column)

    fun encode(row: Input): FloatArray = FloatArray(columns.size) { columns[it].encode(row) }
}

/** A column of the matrix: what is made of which raw one. */
private class Column(json: JSONObject) {
    private val from = json.getString("from")
    private val part = json.getString("as")
    private val codes = json.optJSONArray("levels")?.strings().orEmpty().withIndex().associate { it.value to it.index + 1 }

    fun encode(row: Input): Float {
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

private fun JSONArray.objects(): List<JSONObject> = List(length()) { getJSONObject(it) }
