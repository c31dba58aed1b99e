// node generated.mjs FOLDER < cases.json: what the page's modules in FOLDER read otherwise.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const own = (name) => import(pathToFileURL(`${process.argv[2]}/${name}`));
const [{ convert }, { decode, parse }] = await Promise.all(["columns.js", "table.js"].map(own));
const { cases } = JSON.parse(readFileSync(0, "utf8"));
const strange = [];

function cells({ input, cells, values }) {
  cells.forEach((cell, place) => {
    let value;
    try {
      value = convert(cell, input);
    } catch (error) {
      value = error.message;
    }
    const same = Number.isNaN(value) ? values[place] === null : value === values[place];
    if (!same) {
      const { low, high, categories, ...column } = input;
      strange.push(JSON.stringify({ column, cell, value, expected: values[place] }));
    }
  });
}

function file({ file, header, rows }) {
  let found;
  try {
    const { leading, ...table } = parse(decode(new Uint8Array(Buffer.from(file, "hex"))));
    found = leading.length ? `left out: ${leading}` : table;
  } catch (error) {
    found = error.message;
  }
  const expected = JSON.stringify({ header, rows });
  if (JSON.stringify(found) !== expected) {
    const text = Buffer.from(file, "hex").toString();
    strange.push(JSON.stringify({ text, found, expected }));
  }
}

for (const each of cases) (each.input ? cells : file)(each);
process.stdout.write(JSON.stringify(strange));
