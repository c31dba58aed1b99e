package predictor

import java.io.File
import org.json.JSONObject

/** Return a text file of the export folder in `-Pexport`. */
internal fun exported(name: String): String =
    File(requireNotNull(System.getProperty("export")) { "give -Pexport=FOLDER" }, name).readText()

/** Inputs stored by `export`, with their encoding and the model's predictions. */
internal fun examples() = JSONObject(exported("examples.json"))
