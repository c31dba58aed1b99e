package predictor

import org.json.JSONObject

/** The model's input: an image. */
typealias Input = Picture

/** The network's input: an image as the matrix of contract.json. */
internal class Encoder(matrix: JSONObject) {
    private val size = matrix.getJSONArray("shape").getInt(1)

    fun encode(picture: Input): FloatArray {
        val square = picture.resized(size).rgb
        return FloatArray(square.size) { (square[it].toInt() and 255).toFloat() }
    }
}
