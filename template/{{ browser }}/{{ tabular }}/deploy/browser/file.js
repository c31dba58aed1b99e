// A whole file: score it in the browser and return it with the predictions.

import { make, onFile, readable } from "./dom.js";
import { score } from "./score.js";
import { decode, parse, write } from "./table.js";

const PREVIEW = 8; // rows
const LARGEST = 200e6; // bytes; a browser keeps the whole file in memory

/** Score each file that the visitor provides. */
export function accept(model) {
  const zone = document.getElementById("file");
  const [bar, place] = [zone.querySelector("progress"), zone.querySelector("#scored")];
  onFile(zone, async (file) => {
    bar.hidden = false;
    try {
      if (file.size > LARGEST) throw new Error("is too large for this page.");
      const table = parse(decode(new Uint8Array(await file.arrayBuffer())));
      const scored = await score(table, model, (share) => (bar.value = share));
      place.replaceChildren(...result(file.name, scored, table.leading));
    } catch (error) {
      place.replaceChildren(make("p", { className: "bad" }, `${file.name}: ${error.message}`));
    }
    bar.hidden = true;
  });
}

function result(name, { header, rows, answers, added }, leading) {
  const file = new Blob([write([header, ...rows])], { type: "text/csv" });
  const link = make("a", { href: URL.createObjectURL(file), className: "button" }, "Download");
  link.download = `${name.replace(/\.\w+$/, "")}.scored.csv`;
  const before = `${leading.length} lines before the header are left out: ${leading.join(" · ")}`;
  return [
    ...(leading.length ? [make("p", { className: "soft" }, before)] : []),
    make("p", {}, `${name}: ${rows.length.toLocaleString("en")} rows: ${summary(answers)} `, link),
    make("div", { className: "scroll", tabIndex: 0 }, preview(header, rows, added)),
  ];
}

function summary(answers) {
  if ("value" in answers[0]) {
    const values = answers.map(({ value }) => value).sort((one, other) => one - other);
    const [low, middle, high] = [0, values.length >> 1, values.length - 1].map((n) => values[n]);
    return `median ${readable(middle)}, from ${readable(low)} to ${readable(high)}`;
  }
  const counts = new Map();
  for (const { label } of answers) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].map(([label, count]) => `${label} ${count.toLocaleString("en")}`).join(" · ");
}

/** Return a table of the first rows, with the last `added` columns first. */
function preview(header, rows, added) {
  const line = (tag, cells) => {
    const ordered = [...cells.slice(-added), ...cells.slice(0, -added)];
    return make("tr", {}, ...ordered.map((cell) => make(tag, {}, String(cell))));
  };
  const lines = rows.slice(0, PREVIEW).map((row) => line("td", row));
  return make("table", {}, line("th", header), ...lines);
}
