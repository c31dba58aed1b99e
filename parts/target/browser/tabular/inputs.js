// The form, rows to click, and whole files.

import { explain } from "./answer.js";
import { make } from "./dom.js";
import { accept } from "./file.js";
import { build } from "./form.js";

/** Let a visitor enter rows; `show(answer, truth)` gets each answer. */
export function start(model, page, show) {
  const place = document.getElementById("fields");
  const form = build(place, model.inputs);
  let turn = 0;

  async function answer(truth) {
    const mine = ++turn;
    try {
      const [found] = await model.predict(form.read());
      if (mine === turn) show(found, truth); // else a later change is being answered
    } catch (error) {
      explain(error.message);
    }
  }

  place.addEventListener("submit", (event) => event.preventDefault());
  place.addEventListener("input", () => {
    press(null);
    answer();
  });
  page.examples.forEach(({ values, truth }, number) => {
    const button = make("button", { type: "button" }, `${number + 1}`);
    button.addEventListener("click", () => {
      press(button);
      form.fill(values);
      answer(truth);
    });
    document.getElementById("examples").append(button);
  });
  accept(model, new Set(page.missing));
  document.querySelector("#examples button")?.click();
}

function press(chosen) {
  for (const button of document.querySelectorAll("#examples button")) {
    button.setAttribute("aria-pressed", button === chosen);
  }
}
