// What the model takes, from what a person wrote: the rules of tables/schema.py, in JavaScript.

const DAY = 86_400_000; // milliseconds
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
const DATE = "(?<Y>\\d{4})-(?<m>\\d{2})-(?<d>\\d{2})";
const TIME = "(?<H>\\d{2}):(?<M>\\d{2})(?::(?<S>\\d{2}(?:\\.\\d+)?))?";
const ISO = new RegExp(`^${DATE}(?:[T ]${TIME}(?<zone>Z|[+-]\\d{2}:?\\d{2})?)?$`);

/**
 * Return a number, the days since 1970-01-01, or a category: NaN or "" where `text` is missing,
 * that is empty or in the Set `missing`. An Error says what was expected instead.
 */
export function convert(text, input, missing) {
  if (text !== "" && !missing.has(text)) return READERS[input.type](text, input);
  if (!input.missing) throw new Error("is missing, which it never was in training");
  return input.type === "category" ? "" : NaN;
}

const READERS = { number, date, category };

function number(text) {
  if (!NUMBER.test(text)) throw new Error(`${JSON.stringify(text)} is not a number`);
  return Number(text);
}

function category(text, { categories }) {
  const isTruth = categories?.join() === "False,True"; // files also say true and TRUE
  return isTruth ? text[0].toUpperCase() + text.slice(1).toLowerCase() : text;
}

function date(text, { format }) {
  const parts = pattern(format).exec(text.trim())?.groups;
  const day = parts && Date.UTC(parts.Y, parts.m - 1, parts.d);
  if (!parts || new Date(day).getUTCDate() !== Number(parts.d)) {
    throw new Error(`${JSON.stringify(text)} is not a date such as ${example(format)}`);
  }
  const { H = 0, M = 0, S = 0, zone } = parts;
  const minutes = Number(H) * 60 + Number(M) + Number(S) / 60 - offset(zone);
  return day / DAY + minutes / 1440;
}

/** Return the minutes that a zone such as +02:00 is ahead of UTC. */
function offset(zone = "Z") {
  if (zone === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone[0] === "-" ? -minutes : minutes;
}

const FIELDS = { Y: "\\d{4}", m: "\\d{1,2}", d: "\\d{1,2}", H: "\\d{1,2}", M: "\\d{1,2}" };
FIELDS.S = FIELDS.M;

/** Return the regular expression of a format as Python's strptime has them. */
function pattern(format) {
  if (format === "ISO8601") return ISO;
  const source = format.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
  return new RegExp(`^${source.replace(/%(\w)/g, (_, key) => `(?<${key}>${FIELDS[key]})`)}$`);
}

function example(format) {
  const values = { Y: "2026", m: "01", d: "31", H: "12", M: "00", S: "00" };
  return format === "ISO8601" ? "2026-01-31" : format.replace(/%(\w)/g, (_, key) => values[key]);
}
