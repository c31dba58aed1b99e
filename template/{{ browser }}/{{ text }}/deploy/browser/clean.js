// Clean texts for the model: `cleaned` of texts/words.py, in JavaScript.

const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]/gu; // lone surrogates too

/** Return a text without control characters other than tabs and line ends. */
export const cleaned = (text) => text.replaceAll("\r\n", "\n").replace(CONTROLS, " ");
