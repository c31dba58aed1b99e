// node check.mjs FOLDER < texts.json: the predictions of the page in FOLDER for each text, as JSON.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const CHUNK = 32; // texts at a time
const folder = resolve(process.argv[2]);
const own = (name) => import(pathToFileURL(`${folder}/${name}`));
const [{ load }, { cleaned }] = await Promise.all(["model.js", "clean.js"].map(own));
const read = (name) => new Uint8Array(readFileSync(`${folder}/model/${name}`));
const contract = JSON.parse(new TextDecoder().decode(read("contract.json")));
const model = await load(contract, read);
const [{ name }] = contract.inputs;
const texts = JSON.parse(readFileSync(0)).map(cleaned);
const answers = [];
for (let start = 0; start < texts.length; start += CHUNK) {
  answers.push(...(await model.predict({ [name]: texts.slice(start, start + CHUNK) })));
}
const predictions = answers.map(({ probabilities }) => [...probabilities]);
process.stdout.write(JSON.stringify({ predictions, labels: answers.map(({ label }) => label) }));
