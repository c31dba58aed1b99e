// Texts as the model's inputs: texts/tokens.py, in JavaScript.

import { Tokenizer } from "./runtime/tokenizers.min.mjs";

/** Return feed(columns), which maps the name of each input to [type, values, shape]. */
export async function feeder({ inputs: [{ name }], tokens }, read) {
  const known = JSON.parse(new TextDecoder().decode(await read(tokens.file)));
  const tokenizer = new Tokenizer(known, {});
  return (columns) => {
    const ids = columns[name].map((text) => cut(tokenizer.encode(whole(text)).ids, tokens));
    const length = Math.max(1, ...ids.map((row) => row.length));
    const values = new BigInt64Array(ids.length * length).fill(BigInt(tokens.pad));
    ids.forEach((row, number) => values.set(row.map(BigInt), number * length));
    return { ids: ["int64", values, [ids.length, length]] };
  };
}

/** Return a text with a `?` for each half of a surrogate pair. */
const whole = (text) => text.replace(/\p{Cs}/gu, "?");

/** Return at most `max_tokens`, the last of which marks the end. */
function cut(ids, { max_tokens }) {
  return ids.length > max_tokens ? [...ids.slice(0, max_tokens - 1), ids.at(-1)] : ids;
}
