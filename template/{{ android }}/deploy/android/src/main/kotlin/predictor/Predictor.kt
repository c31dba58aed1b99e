package predictor

import android.content.res.AssetManager
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel

/** A prediction: the probabilities of all labels and the predicted label, or a single value. */
class Prediction(val values: FloatArray, val label: String?)

/** An exported model, read from the app's assets: contract.json and the file that it names. */
class Predictor(assets: AssetManager, folder: String = "") : AutoCloseable {
    val contract = Contract(assets.open(folder + "contract.json").reader().use { it.readText() })
    private val model =
        CompiledModel.create(assets, folder + contract.model, CompiledModel.Options(Accelerator.CPU))
    private val inputs = model.createInputBuffers()
    private val outputs = model.createOutputBuffers()

    /** Predict for one input of [Contract.encode]; one call at a time. */
    @Synchronized
    fun predict(input: Input): Prediction {
        inputs[0].writeFloat(contract.encode(input))
        model.run(inputs, outputs)
        val values = outputs[0].readFloat()
        return Prediction(values, contract.label(values))
    }

    override fun close() {
        (inputs + outputs).forEach { it.close() }
        model.close()
    }
}
