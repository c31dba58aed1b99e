package predictor

import org.json.JSONObject

/** What the model is asked: a picture. */
typealias Input = Picture

/** What the network takes of a picture: the matrix of contract.json. */
internal class Encoder(matrix: JSONObject) {
    private val size = matrix.getJSONArray("shape").getInt(1)

    fun encode(picture: Input): FloatArray {
        val square = picture.resized(size).rgb
        return FloatArray(square.size) { (square[it].toInt() and 255).toFloat() }
    }
}
