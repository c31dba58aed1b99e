// Delimited text, as tables/files.py reads it.

const SAMPLE = 1 << 16; // characters from which the delimiter is told

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
  const names = header.map((name) => name.trim());
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
  const fits = [...",;\t|"].map((mark) => [misfits(sample, mark), mark]);
  const best = fits.reduce((one, other) => (other[0] < one[0] ? other : one));
  return { delimiter: best[0] === Infinity ? "," : best[1], start };
}

/** Return how many of the first rows are not as wide as the header; Infinity for one column. */
function misfits(sample, delimiter) {
  let rows;
  try {
    rows = cells(sample, delimiter).slice(0, -1); // the last one may be cut off
  } catch {
    return sample.length;
  }
  const [header, ...others] = rows.length ? rows : cells(sample, delimiter);
  if (header === undefined || header.length < 2) return Infinity;
  return others.filter((row) => row.length !== header.length).length;
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
    if (row.length > 1 || row[0]) rows.push(row);
    row = [];
  }
  return rows;
}

/** Return the rows as comma-separated text. */
export function write(rows) {
  const quote = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return rows.map((row) => `${row.map((cell) => quote(String(cell))).join(",")}\n`).join("");
}
