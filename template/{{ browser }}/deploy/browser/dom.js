// Shared by the parts of the page.

/** Return a new element with these properties and children; strings are text, never HTML. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Call `take` with a file that is dropped on `zone`, or chosen in the file input inside it. */
export function onFile(zone, take) {
  const chooser = zone.querySelector("input[type=file]");
  chooser.addEventListener("change", () => {
    if (chooser.files.length) take(chooser.files[0]);
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragover");
    });
  }
  zone.addEventListener("drop", ({ dataTransfer }) => {
    if (dataTransfer.files.length) take(dataTransfer.files[0]);
  });
}

/** Return a number in readable form, with at most four digits after leading zeros. */
export const readable = (value) =>
  value.toLocaleString("en", Math.abs(value) < 1000 ? { maximumSignificantDigits: 4 } : WHOLE);
const WHOLE = { maximumFractionDigits: 0 };

/** Return a fraction as a percentage. */
export const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;
