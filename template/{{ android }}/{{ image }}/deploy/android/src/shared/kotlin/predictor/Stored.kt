package predictor

import java.util.Base64
import org.json.JSONObject

/** Return an image of examples.json, where its bytes are in base64. */
internal fun input(row: JSONObject): Input = with(row.getJSONObject("image")) {
    Picture(getInt("width"), getInt("height"), Base64.getDecoder().decode(getString("rgb")))
}
