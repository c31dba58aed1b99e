// Delimited text, as tables/delimited.py reads it.

import { strip } from "./columns.js";

const SAMPLE = 1 << 16; // characters to detect the delimiter from
const ROWS = 500; // of the sample
const LEADING = 20; // maximum number of lines before the header
const FITTING = 0.05; // fraction of rows that may not match a header below other lines
const NOTHING = "\x1f"; // the delimiter of a single column

/** Decode a file's bytes: UTF-16 or UTF-8, or else Windows-1252. */
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

/** Return the header, the rows, arrays of strings, and the `leading` lines before the header. */
export function parse(text) {
  const { delimiter, leading } = layout(text);
  const start = leading.join("").length;
  const [header, ...rows] = cells(text.slice(start), delimiter);
  if (!header || !rows.length) throw new Error("holds no rows.");
  const odd = rows.findIndex((row) => row.length !== header.length);
  if (odd >= 0) {
    throw new Error(`row ${odd + 1} has ${rows[odd].length} cells, the header ${header.length}.`);
  }
  const names = header.map((name) => strip(name));
  const repeated = names.find((name, place) => names.indexOf(name) < place);
  if (repeated !== undefined) throw new Error(`column “${repeated}” occurs twice; rename one.`);
  return { header: names, rows, leading: leading.map((line) => strip(line)) };
}

/** Return the delimiter that gives most rows the same width, and the lines before the first one. */
function layout(text) {
  const { lines, whole } = sample(text);
  const fixed = /^sep=(.)/i.exec(strip(lines[0]))?.[1];
  const below = fixed ? lines.slice(1) : lines;
  const marks = fixed ? [fixed] : ["\t", ",", ";", "|"];
  const tried = marks
    .filter((mark) => fixed || below.some((line) => line.includes(mark)))
    .map((mark) => ({ ...fit(below, mark, whole), delimiter: mark }))
    .sort((a, b) => a.misfits - b.misfits || a.leading - b.leading || b.width - a.width);
  let [{ delimiter, leading, misfits, width } = { width: 0 }] = tried;
  if (width < 2 || (leading && misfits > FITTING)) {
    [delimiter, leading] = [NOTHING, comments(below)];
  }
  return { delimiter, leading: lines.slice(0, leading + lines.length - below.length) };
}

/** Return the first lines with their line ends, and whether they are the whole file. */
function sample(text) {
  let length = SAMPLE;
  while (length < text.length && text.slice(0, length).split(/\r\n|[\r\n]/).length < 3) length *= 2;
  const lines = text.slice(0, length).match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [""];
  const whole = text.length <= length;
  return { lines: whole || lines.length < 2 ? lines : lines.slice(0, -1), whole }; // truncated
}

/** Return the fraction of rows with another width than most, lines before, and that width. */
function fit(lines, delimiter, whole) {
  const nothing = { misfits: 1, leading: 0, width: 1 };
  const all = split(lines.join(""), delimiter, true).slice(0, ROWS);
  const rows = whole || all.length < 2 ? all : all.slice(0, -1);
  const widths = rows.map((row) => row.length);
  const counts = new Map();
  for (const width of widths.filter(Boolean)) counts.set(width, (counts.get(width) ?? 0) + 1);
  if (!counts.size) return nothing;
  const [width] = [...counts].reduce((most, each) => (each[1] > most[1] ? each : most));
  let leading = widths.indexOf(width);
  if (leading <= comments(lines) && widths[comments(lines)] === width) leading = comments(lines);
  leading += headed(rows.slice(leading, leading + LEADING + 1));
  const below = widths.slice(leading + 1);
  if (leading > LEADING || (below.length && width > 1 && Math.max(...below) < 2)) return nothing;
  const after = widths.slice(leading).filter(Boolean);
  return { misfits: after.filter((each) => each !== width).length / after.length, leading, width };
}

/** Return the index of the header row, below single-cell titles and what follows them. */
function headed(rows) {
  const named = rows.map((row) => row.filter((cell) => strip(cell)).length);
  if (rows[0].length < 3 || named[0] !== 1) return 0;
  return Math.max(0, rows.findIndex((row, place) => row.length && named[place] > row.length - 2));
}

/** Return the number of comment lines at the top; # directly before a word is part of a name. */
function comments(lines) {
  return Math.max(0, lines.findIndex((line) => strip(line) && line.slice(0, 2) !== "# "));
}

function cells(text, delimiter) {
  return split(text, delimiter, false).filter((row) => row.length);
}

/** Return rows of cells, skipping empty lines; if `lenient`, quotes may occur anywhere. */
function split(text, delimiter, lenient) {
  const mark = delimiter === "|" ? "\\|" : delimiter;
  const plain = `[^${mark}\\r\\n]*`;
  const odd = lenient ? `"[^"]*(?:""[^"]*)*$|${plain}` : `[^"${mark}\\r\\n]${plain}|`;
  const cell = new RegExp(`(?:"([^"]*(?:""[^"]*)*)"|(${odd}))(${mark}|\\r\\n|\\n|\\r|$)`, "y");
  const rows = [];
  let row = [];
  while (cell.lastIndex < text.length || row.length) {
    const found = cell.exec(text);
    if (!found) throw new Error(`row ${rows.length} has an unbalanced quotation mark.`);
    const [, quoted, other, end] = found;
    row.push(quoted?.replaceAll('""', '"') ?? other);
    if (end === delimiter) continue;
    rows.push(row.length > 1 || row[0] || quoted === "" ? row : []);
    row = [];
  }
  return rows;
}

/** Return the rows as comma-separated text. */
export function write(rows) {
  const quote = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return rows.map((row) => `${row.map((cell) => quote(String(cell))).join(",")}\n`).join("");
}
