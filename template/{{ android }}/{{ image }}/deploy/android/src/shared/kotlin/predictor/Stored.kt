package predictor

import java.util.Base64
import org.json.JSONObject

/** Return a picture of examples.json, whose bytes are there in base64. */
internal fun input(row: JSONObject): Input = with(row.getJSONObject("image")) {
    Picture(getInt("width"), getInt("height"), Base64.getDecoder().decode(getString("rgb")))
}
