// Score a whole table.

import { convert } from "./columns.js";

const CHUNK = 500; // rows; between chunks the page can draw

/**
 * Return { header, rows, added, answers }: the table { header, rows } with its predictions in the
 * last `added` columns, and the answers themselves. `progress` is told the share that is done. An
 * Error names the column and row of what the model can't take.
 */
export async function score({ header, rows }, model, missing, progress = () => {}) {
  const added = columnsOf(model.outputs);
  checkNames(header, model.inputs, added);
  const answers = [];
  for (let start = 0; start < rows.length; start += CHUNK) {
    const chunk = rows.slice(start, start + CHUNK);
    answers.push(...(await model.predict(columns(chunk, start, header, model.inputs, missing))));
    progress(answers.length / rows.length);
    await new Promise((resolve) => setTimeout(resolve));
  }
  const scored = rows.map((row, number) => [...row, ...added.map(([, of]) => of(answers[number]))]);
  const names = [...header, ...added.map(([name]) => name)];
  return { header: names, rows: scored, added: added.length, answers };
}

function columns(rows, start, header, inputs, missing) {
  const read = (input) => {
    const place = header.indexOf(input.name);
    return rows.map((row, number) => {
      try {
        return convert(row[place], input, missing);
      } catch (error) {
        throw new Error(`column “${input.name}”, row ${start + number + 1}: ${error.message}.`);
      }
    });
  };
  return Object.fromEntries(inputs.map((input) => [input.name, read(input)]));
}

function checkNames(header, inputs, added) {
  const absent = inputs.map(({ name }) => name).filter((name) => !header.includes(name));
  if (absent.length) throw new Error(`has no column “${absent.join("”, “")}”.`);
  const hidden = added.map(([name]) => name).find((name) => header.includes(name));
  if (hidden) throw new Error(`column “${hidden}” would be hidden; rename it.`);
}

const digits = (value) => Number(value.toPrecision(9)); // all that a float32 has

/** Return the added columns as [name, function of an answer], named as `predict` names them. */
function columnsOf({ labels }) {
  if (!labels) return [["value", ({ value }) => digits(value)]];
  const share = (code) => (answer) => digits(answer.probabilities[code]);
  const shares = labels.map((name, code) => [`probability_${name}`, share(code)]);
  const two = [["probability", share(1)]];
  return [["label", ({ label }) => label], ...(labels.length === 2 ? two : shares)];
}
