// The exported model: raw columns in, answers out. Runs the same in a page and in Node.

import * as ort from "./runtime/ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1; // more need a server that sends COOP and COEP headers

/** Return the model of an export: its contract (an object) and the bytes of its ONNX file. */
export async function load(contract, bytes) {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  return { ...contract, predict: (columns) => predict(session, contract, columns) };
}

/**
 * Answer rows. `columns` maps the name of each input to an array of numbers (NaN is missing) or of
 * strings ("" is missing), row after row. Returns an array of { label, probabilities }, with a
 * Float32Array in the order of the labels, or of { value }.
 */
async function predict(session, { inputs, outputs }, columns) {
  const feeds = Object.fromEntries(inputs.map((input) => [input.name, tensor(input, columns)]));
  const found = await session.run(feeds);
  const [scores, labels] = session.outputNames.map((name) => found[name].data);
  if (!outputs.labels) return Array.from(scores, (value) => ({ value }));
  const width = outputs.labels.length;
  return labels.map((label, row) => ({
    label,
    probabilities: scores.slice(row * width, (row + 1) * width),
  }));
}

const ARRAYS = { float32: Float32Array, uint8: Uint8Array, string: Array };

function tensor({ name, dtype, shape }, columns) {
  const size = shape.slice(1).reduce((product, side) => product * side, 1);
  const values = ARRAYS[dtype].from(columns[name]);
  return new ort.Tensor(dtype, values, [values.length / size, ...shape.slice(1)]);
}
