// The exported model: raw columns in, predictions out. The same in a page and in Node.

import * as ort from "./runtime/ort.wasm.min.mjs";
import { feeder } from "./feed.js";

ort.env.wasm.numThreads = 1; // more would need a server with COOP and COEP headers

/** Load an exported model by its contract (an object); read(name) returns a file's bytes. */
export async function load(contract, read) {
  const bytes = await read(contract.model);
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  const feed = await feeder(contract, read);
  return { ...contract, predict: (columns) => predict(session, feed(columns), contract.outputs) };
}

/**
 * Predict rows. `columns` maps the name of each input to an array of numbers (NaN is missing) or of
 * strings ("" is missing); feed.js turns them into tensors. Returns an array of
 * { label, probabilities }, with a Float32Array in the order of the labels, or of { value }.
 */
async function predict(session, fed, outputs) {
  const tensors = Object.entries(fed).map(([name, tensor]) => [name, new ort.Tensor(...tensor)]);
  const found = await session.run(Object.fromEntries(tensors));
  const [scores, labels] = session.outputNames.map((name) => found[name].data);
  const offset = outputs.offset ?? 0; // these values need more precision than float32
  if (!outputs.labels) return Array.from(scores, (value) => ({ value: value + offset }));
  const width = outputs.labels.length;
  return labels.map((label, row) => ({
    label,
    probabilities: scores.slice(row * width, (row + 1) * width),
  }));
}
