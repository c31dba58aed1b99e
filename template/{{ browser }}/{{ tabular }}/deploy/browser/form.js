// A form with a control for each column of the contract.

import { convert } from "./columns.js";
import { make } from "./dom.js";

const ANOTHER = "(another value)"; // a category that training never saw
// In a form, only an empty control is a missing value, and numbers are in plain digits.
const PLAIN = { format: "ISO8601", missing_values: [], decimal: ".", thousands: "", sign: "" };

/** Build the form; returns { fill, read }. */
export function build(place, inputs) {
  const fields = inputs.map(field);
  place.replaceChildren(...fields.map(({ control, hint, input }) => row(control, hint, input)));
  return {
    /** Write texts, by name of the column. */
    fill: (texts) => fields.forEach(({ control, input }) => set(control, texts[input.name])),
    /** Return the row as columns for model.predict; an Error names the column to mend. */
    read: () => Object.fromEntries(fields.map((one) => [one.input.name, [read(one)]])),
  };
}

function field(input, number) {
  const control = CONTROLS[input.type](input);
  Object.assign(control, { id: `field${number}`, name: input.name, required: !input.missing });
  const hint = make("small", { id: `hint${number}` }, advice(input));
  control.setAttribute("aria-describedby", hint.id);
  return { control, hint, input: { ...input, ...PLAIN } };
}

const row = (control, hint, input) =>
  make("div", {}, make("label", { htmlFor: control.id }, input.name), control, hint);

const CONTROLS = {
  number: () => make("input", { type: "number", step: "any" }),
  // Where all days are whole, so were the dates.
  date: ({ low, high }) =>
    make("input", { type: Number.isInteger(low + high) ? "date" : "datetime-local", step: "any" }),
  category: ({ categories, missing }) => {
    if (!categories) return make("input", { type: "text" });
    const values = [...(missing ? [""] : []), ...categories, ANOTHER];
    return make("select", {}, ...values.map((value) => new Option(value || "(missing)", value)));
  },
};

function set(control, text) {
  control.value = text;
  if (control.tagName === "SELECT" && control.value !== text) control.value = ANOTHER;
}

function read({ control, hint, input }) {
  try {
    if (control.validity.badInput) throw new Error("is not complete");
    const value = convert(control.value, input);
    const whole = value + (input.offset ?? 0);
    const outside = whole < input.low || whole > input.high;
    hint.textContent = outside ? `training saw ${range(input)}` : advice(input);
    hint.className = outside ? "warn" : "";
    control.removeAttribute("aria-invalid");
    return value;
  } catch (error) {
    control.setAttribute("aria-invalid", "true");
    throw new Error(`${input.name} ${error.message}.`);
  }
}

/** Say what a value may be; a list of categories says it itself. */
function advice(input) {
  const gap = input.missing && !input.categories ? ["may be empty"] : [];
  return [range(input), ...gap].filter(Boolean).join(", ");
}

/** Return the lowest and the highest value that training saw, if it is a matter of more or less. */
function range({ type, low, high, offset }) {
  const moment = (days) => new Date(days * 86_400_000).toISOString().replace("T", " ");
  const day = (days) => moment(days).slice(0, offset ? 19 : 10);
  const write = type === "date" ? day : (value) => String(Number(value.toPrecision(6)));
  return low == null || high == null ? "" : `${write(low)} to ${write(high)}`;
}
