// Parse cells into the model's inputs: the rules of tables/cells.py, in JavaScript.

const DAY = 86_400e6; // microseconds
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WHOLE = /^(-?(?:0|[1-9]\d*))\.0$/; // pandas writes 108 as 108.0 if others are missing
const BLANK = `[\\t-\\r\\x1c-\\x20\\x85\\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`;
const BLANKS = new RegExp(`^${BLANK}+|${BLANK}+$`, "g");
const FLOAT32 = 3.4028234663852886e38;
const TRUTHS = new Map([
  ...["true", "t", "yes", "y", "on", "1"].map((text) => [text, "True"]),
  ...["false", "f", "no", "n", "off", "0"].map((text) => [text, "False"]),
]);
const MONTHS =
  "january february march april may june july august september october november december";
const ISO = "(?<Y>\\d{4})-(?<m>\\d{2})-(?<d>\\d{2})";
const TIME =
  "(?:(?:T|,? +)(?<H>\\d{1,2}):(?<M>\\d{2})(?::(?<S>\\d{2}(?:[.,]\\d{1,9})?))?" +
  "(?: ?(?<p>[AaPp])[Mm])?(?: ?(?<z>Z|UTC|[+-]\\d{2}:?\\d{2}))?)?";
const FIELDS = { Y: "\\d{4}", y: "\\d{2}", b: "[A-Za-z]{3,9}\\.?", B: "[A-Za-z]{3,9}\\.?" };
for (const key of "mdHMS") FIELDS[key] = "\\d{1,2}";

/**
 * Return a number or the days since 1970-01-01, less the offset, or a category: NaN or "" for
 * a missing value. An Error says what was expected instead.
 */
export function convert(text, input) {
  const cell = strip(text);
  if (!isMissing(cell, input)) return READERS[input.type](cell, input);
  if (!input.missing) throw new Error("is missing, but never was in training");
  return input.type === "category" ? "" : NaN;
}

function isMissing(cell, input) {
  const texts = input.missing_values ?? [];
  if (cell === "" || texts.some((text) => level(text) === level(cell))) return true;
  if (input.type !== "number") return false;
  const value = digits(cell, input);
  return texts.some((text) => NUMBER.test(text) && Number(text) === value);
}

const READERS = { number, date, category };

function number(text, input) {
  const value = digits(text, input);
  if (Number.isNaN(value)) throw new Error(`${JSON.stringify(text)} is not a number`);
  if (Math.abs(value) > FLOAT32) throw new Error(`${JSON.stringify(text)} is not a finite number`);
  return value - (input.offset ?? 0);
}

/** Parse a number; NaN if the text is none. */
function digits(text, { decimal = ".", thousands = "", sign = "" }) {
  let plain = text;
  if (sign) {
    const head = /^[+-]/.exec(plain)?.[0] ?? "";
    plain = head + strip(plain.slice(head.length).replace(sign, ""));
  }
  if (thousands) {
    const mark = thousands === " " ? "[ \u00a0\u202f]" : `\\${thousands}`;
    const place = plain.indexOf(decimal);
    const [whole, rest] =
      place < 0 ? [plain, ""] : [plain.slice(0, place), plain.slice(place)];
    if (!new RegExp(`^[+-]?(\\d*|[1-9]\\d{0,2}(${mark}\\d{3})+)$`).test(whole)) return NaN;
    plain = whole.replace(new RegExp(mark, "g"), "") + rest;
  }
  if (decimal !== ".") plain = plain.includes(".") ? "" : plain.replace(decimal, ".");
  return NUMBER.test(plain) ? Number(plain) : NaN;
}

/** Strip whitespace as Python defines it; trim() differs. */
export const strip = (text) => text.replace(BLANKS, "");

const level = (text) => strip(text).replace(WHOLE, "$1");

function category(text, { boolean }) {
  return (boolean && TRUTHS.get(text.toLowerCase())) || level(text);
}

function date(text, { format, offset = 0 }) {
  const days = daysOf(pattern(format).exec(text)?.groups);
  if (Number.isNaN(days)) {
    throw new Error(`${JSON.stringify(text)} is not a date such as ${example(format)}`);
  }
  return days - offset;
}

/** Return the days since 1970 of a match, NaN for a day or time that does not exist. */
function daysOf(parts) {
  if (!parts) return NaN;
  const year = Number(parts.Y ?? (parts.y < 69 ? `20${parts.y}` : `19${parts.y}`));
  const month = Number(parts.m ?? monthOf(parts.b ?? parts.B));
  const day = new Date(0);
  day.setUTCFullYear(year, month - 1, parts.d); // Date.UTC maps the years 0 to 99 to 1900 to 1999
  if (day.getUTCDate() !== Number(parts.d) || day.getUTCMonth() !== month - 1) return NaN;
  let hour = Number(parts.H ?? 0);
  const [whole, rest = ""] = (parts.S ?? "0").split(/[.,]/);
  const [minute, second] = [Number(parts.M ?? 0), Number(whole)];
  if (parts.p) {
    if (hour < 1 || hour > 12) return NaN;
    hour = (hour % 12) + (/p/i.test(parts.p) ? 12 : 0);
  }
  if (hour > 23 || minute > 59 || second >= 60) return NaN;
  const seconds = hour * 3600 + minute * 60 + second - zone(parts.z);
  const micro = Number(rest.slice(0, 6).padEnd(6, "0")); // nanoseconds are truncated
  return Number(BigInt(day.getTime() / 1000 + seconds) * 1_000_000n + BigInt(micro)) / DAY;
}

const monthOf = (name) => {
  const short = name.toLowerCase().replace(/\.$/, "");
  return 1 + MONTHS.split(" ").findIndex((month) => month.startsWith(short));
};

/** Return the offset from UTC of a zone such as +02:00, in seconds. */
function zone(text = "Z") {
  if (text === "Z" || text === "UTC") return 0;
  const seconds = Number(text.slice(1, 3)) * 3600 + Number(text.slice(-2)) * 60;
  return text[0] === "-" ? -seconds : seconds;
}

/** Return the regular expression of a format of Python's strptime. */
function pattern(format) {
  if (format === "ISO8601") return new RegExp(`^${ISO}${TIME}$`);
  const source = format.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
  const found = source.replace(/%(\w)/g, (_, key) => `(?<${key}>${FIELDS[key]})`);
  return new RegExp(`^${found}${format.includes("%H") ? "" : TIME}$`);
}

function example(format) {
  const values = { Y: "2026", y: "26", m: "01", d: "31", b: "Jan", B: "January" };
  if (format === "ISO8601") return "2026-01-31";
  return format.replace(/%(\w)/g, (_, key) => values[key] ?? "00");
}
