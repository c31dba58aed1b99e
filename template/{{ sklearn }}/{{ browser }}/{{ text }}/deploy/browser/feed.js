// Texts as the model's inputs: texts/words.py and texts/terms.py, in JavaScript.

const KEPT = /[\p{L}\p{M}\p{N}]/u;
const ALONE = /[\p{So}\p{Sc}]/u;

/** Return feed(columns), which maps the name of each input to [type, values, shape]. */
export async function feeder({ inputs: [{ name }], tokens }) {
  return (columns) => {
    const counts = columns[name].map((text) => terms(words(text), tokens));
    const all = counts.flatMap((count) => [...count]);
    const row = counts.flatMap((count, number) => Array(count.size).fill(BigInt(number)));
    return {
      term: ["string", all.map(([term]) => term), [all.length]],
      count: ["float32", Float32Array.from(all, ([, times]) => times), [all.length]],
      row: ["int64", BigInt64Array.from(row), [all.length]],
      rows: ["int64", BigInt64Array.of(BigInt(counts.length)), [1]],
    };
  };
}

/** Return the words of a text in order. */
export function words(text) {
  return Array.from(text, known).join("").split(" ").filter(Boolean);
}

const table = new Map(); // the normalized form of each character, computed on first use

function known(character) {
  if (!table.has(character)) {
    const parts = [...character.normalize("NFKD").toLowerCase()];
    table.set(character, parts.map(kept).join(""));
  }
  return table.get(character);
}

function kept(character) {
  if (ALONE.test(character)) return ` ${character} `;
  return KEPT.test(character) ? character : " ";
}

/** Return a Map from each term of a text to its count. */
function terms(found, { max_words, min_letters, max_letters }) {
  const count = new Map();
  const add = (term) => count.set(term, (count.get(term) ?? 0) + 1);
  for (let size = 1; size <= max_words; size++) {
    for (let start = 0; start + size <= found.length; start++) {
      add(found.slice(start, start + size).join(" "));
    }
  }
  for (const word of found) {
    const letters = ["<", ...word, ">"];
    for (let size = min_letters; size <= max_letters; size++) {
      for (let start = 0; start + size <= letters.length; start++) {
        add(`~${letters.slice(start, start + size).join("")}`);
      }
    }
  }
  return count;
}
