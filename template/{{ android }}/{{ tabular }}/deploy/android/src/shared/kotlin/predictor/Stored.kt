package predictor

import org.json.JSONObject

/** Return a row of examples.json. */
internal fun input(row: JSONObject): Input =
    row.keys().asSequence().associateWith { name -> if (row.isNull(name)) null else row.get(name) }
