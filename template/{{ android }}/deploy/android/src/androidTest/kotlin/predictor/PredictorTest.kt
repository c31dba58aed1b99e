package predictor

import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import kotlin.math.abs
import kotlin.math.max
import org.json.JSONArray
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith

/** On a phone or emulator: the model predicts as it did at export. */
@RunWith(AndroidJUnit4::class)
class PredictorTest {
    private val assets = InstrumentationRegistry.getInstrumentation().context.assets
    private val examples = JSONObject(assets.open("examples.json").reader().use { it.readText() })

    @Test
    fun theModelAnswersAsItDid() {
        val rows = examples.getJSONArray("rows")
        Predictor(assets).use { predictor ->
            for (place in 0 until rows.length()) {
                val found = predictor.predict(input(rows.getJSONObject(place)))
                found.values.zip(expected(place)).forEach { (value, other) ->
                    assertEquals(other, value, 1e-3f * max(1f, abs(other)))
                }
                if (!examples.isNull("labels")) {
                    assertEquals(examples.getJSONArray("labels").getString(place), found.label)
                }
            }
        }
    }

    private fun expected(place: Int): List<Float> = when (val answer = examples.getJSONArray("predictions").get(place)) {
        is JSONArray -> List(answer.length()) { answer.getDouble(it).toFloat() }
        else -> listOf((answer as Number).toFloat())
    }
}
