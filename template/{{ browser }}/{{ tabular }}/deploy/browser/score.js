// Score a whole table.

import { convert } from "./columns.js";

const CHUNK = 500; // rows; the page can redraw between chunks

/**
 * Return { header, rows, added, answers }: the table { header, rows } with its predictions in the
 * last `added` columns, and the predictions. `progress` gets the fraction done. An Error names
 * the column and row of an invalid value.
 */
export async function score({ header, rows }, model, progress = () => {}) {
  const added = columnsOf(model.outputs, header);
  checkNames(header, model.inputs);
  const answers = [];
  for (let start = 0; start < rows.length; start += CHUNK) {
    const chunk = rows.slice(start, start + CHUNK);
    answers.push(...(await model.predict(columns(chunk, start, header, model.inputs))));
    progress(answers.length / rows.length);
    await new Promise((resolve) => setTimeout(resolve));
  }
  const scored = rows.map((row, number) => [...row, ...added.map(([, of]) => of(answers[number]))]);
  const names = [...header, ...added.map(([name]) => name)];
  return { header: names, rows: scored, added: added.length, answers };
}

function columns(rows, start, header, inputs) {
  const read = (input) => {
    const place = header.indexOf(input.name);
    return rows.map((row, number) => {
      try {
        return convert(row[place], input);
      } catch (error) {
        throw new Error(`column “${input.name}”, row ${start + number + 1}: ${error.message}.`);
      }
    });
  };
  return Object.fromEntries(inputs.map((input) => [input.name, read(input)]));
}

function checkNames(header, inputs) {
  const absent = inputs.map(({ name }) => name).filter((name) => !header.includes(name));
  if (absent.length) throw new Error(`has no column “${absent.join("”, “")}”.`);
}

const digits = (value) => Number(value.toPrecision(9)); // the precision of float32

/** Return the added columns as [name, function of a prediction], named as by `predict`. */
function columnsOf({ labels, offset = 0 }, header) {
  const free = (name) => (header.includes(name) ? free(`${name}_`) : name);
  if (!labels) return [[free("value"), ({ value }) => digits(value - offset) + offset]];
  const shown = labels.length === 2 ? labels.slice(1) : labels;
  const share = (name) => (answer) => digits(answer.probabilities[labels.indexOf(name)]);
  const shares = shown.map((name) => [free(`probability_${name}`), share(name)]);
  return [[free("label"), ({ label }) => label], ...shares];
}
