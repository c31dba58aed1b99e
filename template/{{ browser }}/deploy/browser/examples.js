// Example rows to click.

import { make } from "./dom.js";

/**
 * Offer a button for each example; `label(values, number)` is its content, and
 * `choose(values, truth)` is called for the selected one, initially the first. Returns a function
 * that clears the selection.
 */
export function offer(examples, label, choose) {
  const buttons = examples.map(({ values, truth }, number) => {
    const button = make("button", { type: "button" }, label(values, number + 1));
    button.addEventListener("click", () => {
      press(button);
      choose(values, truth);
    });
    return button;
  });
  const press = (chosen) =>
    buttons.forEach((button) => button.setAttribute("aria-pressed", button === chosen));
  document.getElementById("examples").append(...buttons);
  buttons[0]?.click();
  return () => press(null);
}
