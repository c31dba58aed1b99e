// A text that is typed or pasted, and example texts to click.

import { explain } from "./answer.js";
import { cleaned } from "./clean.js";
import { offer } from "./examples.js";

const SHOWN = 60; // characters on a button

/** Let a visitor provide texts; `show(answer, truth)` gets each prediction. */
export function start(model, page, show) {
  const [{ name }] = model.inputs;
  const field = document.getElementById("text");
  let turn = 0;

  async function answer(truth) {
    const mine = ++turn;
    if (!field.value.trim()) return explain("There is no text yet.");
    try {
      const [found] = await model.predict({ [name]: [cleaned(field.value)] });
      if (mine === turn) show(found, truth); // else a later text is being predicted
    } catch (error) {
      explain(error.message);
    }
  }

  const label = (text) => (text.length > SHOWN ? `${text.slice(0, SHOWN)} …` : text);
  const release = offer(page.examples, label, (text, truth) => {
    field.value = text;
    answer(truth);
  });
  field.addEventListener("input", () => {
    release();
    answer();
  });
}
