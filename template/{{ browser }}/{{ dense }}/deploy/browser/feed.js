// Columns as the model's inputs.

const ARRAYS = { float32: Float32Array, uint8: Uint8Array, string: Array };

/** Return feed(columns), which maps the name of each input to [type, values, shape]. */
export async function feeder({ inputs }) {
  const named = (columns) => inputs.map((input) => [input.name, tensor(input, columns)]);
  return (columns) => Object.fromEntries(named(columns));
}

function tensor({ name, dtype, shape }, columns) {
  const size = shape.slice(1).reduce((product, side) => product * side, 1);
  const values = ARRAYS[dtype].from(columns[name]);
  return [dtype, values, [values.length / size, ...shape.slice(1)]];
}
