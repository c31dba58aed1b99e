package predictor

import java.io.File
import org.json.JSONObject

/** Return a text of the export folder that `-Pexport` names. */
internal fun exported(name: String): String =
    File(requireNotNull(System.getProperty("export")) { "give -Pexport=FOLDER" }, name).readText()

/** Inputs that `export` stored, with what the network takes of them and what the model answered. */
internal fun examples() = JSONObject(exported("examples.json"))
