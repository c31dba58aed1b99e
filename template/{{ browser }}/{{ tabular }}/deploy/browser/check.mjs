// node check.mjs FOLDER < table.csv: the predictions of the page in FOLDER for each row, as JSON.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);
const own = (name) => import(pathToFileURL(`${folder}/${name}`));
const [{ load }, { score }, { decode, parse }] = await Promise.all(
  ["model.js", "score.js", "table.js"].map(own),
);
const read = (name) => readFileSync(`${folder}/${name}`);
const contract = JSON.parse(read("model/contract.json"));
const model = await load(contract, (name) => new Uint8Array(read(`model/${name}`)));
const table = parse(decode(new Uint8Array(readFileSync(0))));
const { answers } = await score(table, model);
const predictions = answers.map(({ value, probabilities }) =>
  probabilities ? [...probabilities] : value - (contract.outputs.offset ?? 0),
);
const labels = contract.outputs.labels && answers.map(({ label }) => label);
process.stdout.write(JSON.stringify({ predictions, labels }));
