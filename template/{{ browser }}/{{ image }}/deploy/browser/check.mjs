// node check.mjs FOLDER < images: the predictions of the page in FOLDER for each image, as JSON.
// An image is its width and height, as little-endian 32-bit integers, and RGB bytes.

import { readFileSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);
const own = (name) => import(pathToFileURL(`${folder}/${name}`));
const [{ load }, { resize }] = await Promise.all(["model.js", "resize.js"].map(own));
const read = (name) => readFileSync(`${folder}/${name}`);
const contract = JSON.parse(read("model/contract.json"));
const model = await load(contract, (name) => new Uint8Array(read(`model/${name}`)));
const [{ name, shape }] = contract.inputs;
const answers = [];
for (let header = take(8); header.length; header = take(8)) {
  const [width, height] = [header.readUInt32LE(0), header.readUInt32LE(4)];
  const data = resize({ width, height, data: take(3 * width * height) }, shape[1]);
  answers.push(...(await model.predict({ [name]: data })));
}
const predictions = answers.map(({ value, probabilities }) => value ?? [...probabilities]);
const labels = contract.outputs.labels && answers.map(({ label }) => label);
process.stdout.write(JSON.stringify({ predictions, labels }));

/** Return the next bytes of the input, or fewer at its end. */
function take(count) {
  const bytes = Buffer.alloc(count);
  let filled = 0;
  while (filled < count) {
    const more = readSync(0, bytes, filled, count - filled);
    if (!more) break;
    filled += more;
  }
  return bytes.subarray(0, filled);
}
