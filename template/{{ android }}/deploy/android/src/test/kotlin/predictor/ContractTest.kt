package predictor

import org.junit.Assert.assertEquals
import org.junit.Test

/** On any machine, without Android: probabilities give the same labels as in training. */
class ContractTest {
    @Test
    fun probabilitiesAreCalledAsInTraining() {
        val contract = Contract(exported("contract.json"))
        val stored = examples()
        if (contract.labels == null) return
        for (place in 0 until stored.getJSONArray("rows").length()) {
            val answer = stored.getJSONArray("predictions").getJSONArray(place)
            val values = FloatArray(answer.length()) { answer.getDouble(it).toFloat() }
            assertEquals(stored.getJSONArray("labels").getString(place), contract.label(values))
        }
    }
}
