// The answer: a label with a bar for each probability, or a value.

import { make, percent, readable } from "./dom.js";

const BARS = 5; // of more classes, the most probable ones

/** Return show(answer, truth): it draws an answer of model.predict, and what was true if known. */
export function view({ outputs }) {
  const place = document.getElementById("answer");
  place.querySelector("h2").textContent = outputs.target;
  return (answer, truth = null) => {
    place.querySelector("output").replaceChildren(headline(answer));
    place.querySelector("ul").replaceChildren(...bars(answer, outputs));
    place.querySelector("p").textContent = notes(outputs, truth).join(" ");
    place.classList.remove("problem");
  };
}

/** Say instead of an answer what is in its way. */
export function explain(problem) {
  const place = document.getElementById("answer");
  place.querySelector("output").textContent = "–";
  place.querySelector("ul").replaceChildren();
  place.querySelector("p").textContent = problem;
  place.classList.add("problem");
}

function headline({ label, value }) {
  return label ?? make("data", { value, title: value }, readable(value));
}

function bars({ label, probabilities }, { labels, threshold }) {
  if (!labels) return [];
  const shares = labels.map((name, code) => ({ name, share: probabilities[code] }));
  if (labels.length > BARS) shares.sort((one, other) => other.share - one.share);
  return shares.slice(0, BARS).map(({ name, share }) => {
    const track = make("span", { className: "track" }, make("span", { className: "fill" }));
    track.firstChild.style.width = `${100 * share}%`;
    if (threshold !== null && name === labels[1]) {
      track.append(make("span", { className: "mark" }));
      track.lastChild.style.left = `${100 * threshold}%`;
    }
    const exact = make("data", { value: share, title: share }, percent(share));
    return make("li", { className: name === label ? "chosen" : "" }, name, exact, track);
  });
}

function notes({ labels, threshold }, truth) {
  const limit = `“${labels?.[1]}” is the answer from ${percent(threshold ?? 0)} on.`;
  const told = typeof truth === "number" ? readable(truth) : `“${truth}”`;
  return [
    ...(threshold === null ? [] : [limit]),
    ...(truth === null ? [] : [`In the data it was ${told}.`]),
  ];
}
