// A form with a control for each column of the contract.

import { convert } from "./columns.js";
import { make } from "./dom.js";

const ANOTHER = "(another value)"; // a category unseen in training
// In a form, only an empty control means a missing value, and numbers have no separators.
const PLAIN = { format: "ISO8601", missing_values: [], decimal: ".", thousands: "", sign: "" };

/** Build the form; returns { fill, read }. */
export function build(place, inputs) {
  const fields = inputs.map(field);
  place.replaceChildren(...fields.map(({ control, hint, input }) => row(control, hint, input)));
  return {
    /** Set the texts by column name. */
    fill: (texts) => fields.forEach(({ control, input }) => set(control, texts[input.name])),
    /** Return the row as columns for model.predict; an Error names the invalid column. */
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
  // If both bounds are whole days, so were the dates.
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
    hint.textContent = outside ? `outside the training range, ${range(input)}` : advice(input);
    hint.className = outside ? "warn" : "";
    control.removeAttribute("aria-invalid");
    return value;
  } catch (error) {
    control.setAttribute("aria-invalid", "true");
    throw new Error(`${input.name} ${error.message}.`);
  }
}

/** Describe the valid values, except for a list of categories. */
function advice(input) {
  const gap = input.missing && !input.categories ? ["may be empty"] : [];
  return [range(input), ...gap].filter(Boolean).join(", ");
}

/** Return the range of values seen in training, for numbers and dates. */
function range({ type, low, high, offset }) {
  const moment = (days) => new Date(days * 86_400_000).toISOString().replace("T", " ");
  const day = (days) => moment(days).slice(0, offset ? 19 : 10);
  const write = type === "date" ? day : (value) => String(Number(value.toPrecision(6)));
  return low == null || high == null ? "" : `${write(low)} to ${write(high)}`;
}
