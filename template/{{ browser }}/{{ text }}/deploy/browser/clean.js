// Texts as models are given them: `cleaned` of texts/words.py, in JavaScript.

const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]/gu; // halves of pairs too, if alone

/** Return a text without control characters but tabs and line ends. */
export const cleaned = (text) => text.replaceAll("\r\n", "\n").replace(CONTROLS, " ");
