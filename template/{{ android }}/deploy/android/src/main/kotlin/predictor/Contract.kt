package predictor

import org.json.JSONArray
import org.json.JSONObject

/** Inputs and outputs of an exported model: the parts of contract.json that an app needs. */
class Contract(json: String) {
    private val whole = JSONObject(json)
    private val outputs = whole.getJSONObject("outputs")

    /** Name of the model's file, beside contract.json. */
    val model: String = whole.getString("model")

    /** All labels, in the order of the probabilities; null for regression. */
    val labels: List<String>? = outputs.optJSONArray("labels")?.strings()

    private val threshold = if (outputs.isNull("threshold")) null else outputs.getDouble("threshold").toFloat()
    private val encoder = Encoder(whole.getJSONObject("matrix"))

    /** Return the network's input, bit-identical to training. */
    fun encode(input: Input): FloatArray = encoder.encode(input)

    /** Return the predicted label; null for regression. */
    fun label(values: FloatArray): String? = when {
        labels == null -> null
        threshold != null -> labels[if (values[1] >= threshold) 1 else 0]
        else -> labels[values.indices.maxBy { values[it] }]
    }
}

internal fun JSONArray.strings(): List<String> = List(length()) { getString(it) }
