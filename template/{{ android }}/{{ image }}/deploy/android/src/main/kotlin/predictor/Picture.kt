package predictor

/** A decoded image: RGB bytes, row by row. */
class Picture(val width: Int, val height: Int, val rgb: ByteArray) {
    init {
        require(rgb.size == 3 * width * height) { "An image needs three bytes per pixel." }
    }

    /** Return it upright; [orientation] is EXIF's, 1 ... 8. */
    fun turned(orientation: Int): Picture {
        if (orientation !in 2..8) return this
        val lies = orientation >= 5
        val mirrored = orientation in setOf(2, 3, 7, 8)
        val flipped = orientation in setOf(3, 4, 6, 7)
        val (across, down) = if (lies) height to width else width to height
        val turned = ByteArray(rgb.size)
        for (row in 0 until down) {
            for (place in 0 until across) {
                val x = if (lies) row else place
                val y = if (lies) place else row
                val column = if (mirrored) width - 1 - x else x
                val line = if (flipped) height - 1 - y else y
                rgb.copyInto(turned, 3 * (row * across + place), 3 * (line * width + column), 3 * (line * width + column + 1))
            }
        }
        return Picture(across, down, turned)
    }
}
