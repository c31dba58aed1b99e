package predictor

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
    private val encoder = Encoder(whole.getJSONObject("matrix"))

    /** Return what the network takes, bit for bit as in training. */
    fun encode(input: Input): FloatArray = encoder.encode(input)

    /** Return the label that probabilities call; null where the model gives a value. */
    fun label(values: FloatArray): String? = when {
        labels == null -> null
        threshold != null -> labels[if (values[1] >= threshold) 1 else 0]
        else -> labels[values.indices.maxBy { values[it] }]
    }
}

internal fun JSONArray.strings(): List<String> = List(length()) { getString(it) }
