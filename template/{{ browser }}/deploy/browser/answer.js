// The prediction: a label with a bar for each probability, or a value.

import { make, percent, readable } from "./dom.js";

const BARS = 5; // if there are more classes, the most probable ones

/** Return show(answer, truth), which draws a prediction, and the true label if known. */
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

/** Show a problem instead of a prediction. */
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
  const limit = `“${labels?.[1]}” is predicted from ${percent(threshold ?? 0)} on.`;
  const value = typeof truth === "number" ? readable(truth) : `“${truth}”`;
  return [
    ...(threshold === null ? [] : [limit]),
    ...(truth === null ? [] : [`The true value is ${value}.`]),
  ];
}
