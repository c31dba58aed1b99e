package predictor

import kotlin.math.floor
import org.json.JSONArray
import org.json.JSONObject

/**
 * The model's input: a row that maps each raw column to a number (of a date, the days since
 * 1970-01-01), a text, or null for a missing value.
 */
typealias Input = Map<String, Any?>

/** The network's input: a row as the matrix of contract.json. */
internal class Encoder(matrix: JSONObject) {
    private val columns = matrix.getJSONArray("columns").objects().map(::Column)

    fun encode(row: Input): FloatArray = FloatArray(columns.size) { columns[it].encode(row) }
}

/** A column of the matrix, and the raw column that it is computed from. */
private class Column(json: JSONObject) {
    private val from = json.getString("from")
    private val part = json.getString("as")
    private val codes = json.optJSONArray("levels")?.strings().orEmpty().withIndex().associate { it.value to it.index + 1 }

    fun encode(row: Input): Float {
        require(from in row) { "The row has no column '$from'." }
        val value = row[from]
        if (part == "code") {
            require(value is String?) { "Column '$from' needs a string." }
            return codes.getOrDefault(value.orEmpty(), 0).toFloat()
        }
        require(value is Number?) { "Column '$from' needs a number." }
        val number = value?.toFloat() ?: Float.NaN
        return when (part) {
            "value" -> number
            "missing" -> if (number.isNaN()) 1f else 0f
            "yearday" -> number - floor(number / YEAR) * YEAR
            "weekday" -> (floor(number) + 3f).mod(7f) // 1970-01-01 was a Thursday
            else -> error("This contract is from a later version: '$part' is unknown.")
        }
    }
}

private const val YEAR = 365.2425f // mean Gregorian year, days

private fun JSONArray.objects(): List<JSONObject> = List(length()) { getJSONObject(it) }
