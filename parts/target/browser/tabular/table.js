// Delimited text, as tables/files.py reads it.

import { strip } from "./columns.js";

const SAMPLE = 1 << 16; // characters from which the delimiter is told
const NOTHING = "\x1f"; // the delimiter of a single column

/** Return the text of a file's bytes: UTF-16 or UTF-8, or else Windows' western code page. */
export function decode(bytes) {
  const start = String(bytes.slice(0, 2));
  if (start === "255,254") return new TextDecoder("utf-16le").decode(bytes);
  if (start === "254,255") return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Return the header and the rows, arrays of strings. */
export function parse(text) {
  const { delimiter, start } = layout(text);
  const [header, ...rows] = cells(text.slice(start), delimiter);
  if (!header || !rows.length) throw new Error("holds no rows.");
  const odd = rows.findIndex((row) => row.length !== header.length);
  if (odd >= 0) {
    throw new Error(`row ${odd + 1} has ${rows[odd].length} cells, the header ${header.length}.`);
  }
  const names = header.map((name) => strip(name));
  const repeated = names.find((name, place) => names.indexOf(name) < place);
  if (repeated !== undefined) throw new Error(`column “${repeated}” stands twice; rename one.`);
  return { header: names, rows };
}

/** Return the delimiter under which the first rows are as wide as the header, and its place. */
function layout(text) {
  const before = /^(?:sep=(.)\r?\n|(?:#[^\r\n]*(?:\r\n|\n|\r))+)?/i.exec(text);
  const start = before[0].length;
  if (before[1]) return { delimiter: before[1], start };
  const sample = text.slice(start, start + SAMPLE);
  const whole = text.length <= start + SAMPLE;
  const tried = [...",;\t|"].map((mark) => ({ ...fit(sample, mark, whole), delimiter: mark }));
  const [best] = tried.sort((one, other) => one.misfits - other.misfits || other.width - one.width);
  return { delimiter: best.misfits === Infinity ? NOTHING : best.delimiter, start };
}

/** Return the header's width and how many rows have another; Infinity if nothing is separated. */
function fit(sample, delimiter, whole) {
  let rows;
  try {
    rows = cells(sample, delimiter);
  } catch {
    return { misfits: sample.length, width: 0 };
  }
  const [header = [], ...others] = whole || rows.length < 2 ? rows : rows.slice(0, -1); // cut off
  const width = header.length;
  if (width < 2 || (others.length && others.every((row) => row.length < 2))) {
    return { misfits: Infinity, width };
  }
  return { misfits: others.filter((row) => row.length !== width).length, width };
}

function cells(text, delimiter) {
  const cell = new RegExp(
    `(?:"([^"]*(?:""[^"]*)*)"|([^"${delimiter}\\r\\n][^${delimiter}\\r\\n]*|))` +
      `(${delimiter === "|" ? "\\|" : delimiter}|\\r\\n|\\n|\\r|$)`,
    "y",
  );
  const rows = [];
  let row = [];
  while (cell.lastIndex < text.length || row.length) {
    const found = cell.exec(text);
    if (!found) throw new Error(`row ${rows.length} has a quotation mark too many or too few.`);
    const [, quoted, plain, end] = found;
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === delimiter) continue;
    if (row.length > 1 || row[0] || quoted === "") rows.push(row); // all but an empty line
    row = [];
  }
  return rows;
}

/** Return the rows as comma-separated text. */
export function write(rows) {
  const quote = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return rows.map((row) => `${row.map((cell) => quote(String(cell))).join(",")}\n`).join("");
}
