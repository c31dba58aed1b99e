// The form, example rows, and whole files.

import { explain } from "./answer.js";
import { offer } from "./examples.js";
import { accept } from "./file.js";
import { build } from "./form.js";

/** Let a visitor enter rows; `show(answer, truth)` gets each prediction. */
export function start(model, page, show) {
  const place = document.getElementById("fields");
  const form = build(place, model.inputs);
  let turn = 0;

  async function answer(truth) {
    const mine = ++turn;
    try {
      const [found] = await model.predict(form.read());
      if (mine === turn) show(found, truth); // else a later change is being predicted
    } catch (error) {
      explain(error.message);
    }
  }

  const release = offer(
    page.examples,
    (values, number) => String(number),
    (values, truth) => {
      form.fill(values);
      answer(truth);
    },
  );
  place.addEventListener("submit", (event) => event.preventDefault());
  place.addEventListener("input", () => {
    release();
    answer();
  });
  accept(model);
}
