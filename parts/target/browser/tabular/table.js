// Delimited text, as tables/table.py reads it.

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

/** Return the header and the rows, arrays of strings; the delimiter is the header's commonest. */
export function parse(text) {
  const first = text.slice(0, text.search(/[\r\n]|$/));
  const counts = [...",;\t|"].map((mark) => [first.split(mark).length, mark]);
  const delimiter = counts.reduce((best, other) => (other[0] > best[0] ? other : best))[1];
  const [header, ...rows] = cells(text, delimiter);
  if (!header || !rows.length) throw new Error("holds no rows.");
  const odd = rows.findIndex((row) => row.length !== header.length);
  if (odd >= 0) {
    throw new Error(`row ${odd + 1} has ${rows[odd].length} cells, the header ${header.length}.`);
  }
  const repeated = header.find((name, place) => header.indexOf(name) < place);
  if (repeated !== undefined) throw new Error(`column “${repeated}” stands twice; rename one.`);
  return { header, rows };
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
