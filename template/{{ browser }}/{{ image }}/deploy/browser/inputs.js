// An image that is chosen, dropped or pasted, and example images to click.

import { explain } from "./answer.js";
import { make, onFile } from "./dom.js";
import { offer } from "./examples.js";
import { decode } from "./picture.js";
import { resize } from "./resize.js";

/** Let a visitor provide images; `show(answer, truth)` gets each prediction. */
export function start(model, page, show) {
  const [{ name, shape, bits }] = model.inputs;
  let turn = 0;

  async function take(file, truth) {
    const mine = ++turn;
    try {
      const data = resize(await decode(file, bits), shape[1]);
      const [answer] = await model.predict({ [name]: data });
      if (mine !== turn) return; // a later image is being predicted
      display(file, data, shape[1]);
      show(answer, truth);
    } catch (error) {
      explain(`${file.name ?? "The image"} ${error.message}`);
    }
  }

  const release = offer(
    page.examples,
    (path, number) => make("img", { src: path, alt: `Image ${number}` }),
    async (path, truth) => take(await (await fetch(path)).blob(), truth),
  );
  const given = (file) => {
    release();
    take(file);
  };
  onFile(document.getElementById("picture"), given);
  document.addEventListener("paste", ({ clipboardData }) => {
    if (clipboardData.files.length) given(clipboardData.files[0]);
  });
}

/** Show the file beside the pixels that the model gets. */
function display(file, data, size) {
  const place = document.getElementById("shown");
  const [image, canvas] = [place.querySelector("img"), place.querySelector("canvas")];
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(file);
  Object.assign(canvas, { width: size, height: size });
  const pixels = new ImageData(size, size);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    pixels.data.set([data[from], data[from + 1], data[from + 2], 255], to);
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  place.hidden = false;
}
