// From a file to pixels: the rules of images/pixels.py, with the browser's own decoder.

const MAX_PIXELS = 80_000_000;
const MIN_SIDE = 4; // pixels

/** Return { width, height, data: RGB bytes }, upright and on white; an Error gives the reason. */
export async function decode(file) {
  if (!isPicture(await bytes(file, 12))) throw new Error("is not a PNG, JPEG or WebP image.");
  const bitmap = await createImageBitmap(file, {
    imageOrientation: "from-image",
    colorSpaceConversion: "none", // Pillow keeps colors as stored
  }).catch(() => {
    throw new Error("can't be decoded; is it complete?");
  });
  const { width, height } = bitmap;
  if (width * height > MAX_PIXELS) throw new Error(`has ${width} × ${height} pixels, too many.`);
  if (Math.min(width, height) < MIN_SIDE) throw new Error("has too few pixels.");
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return { width, height, data: overWhite(context.getImageData(0, 0, width, height).data) };
}

async function bytes(file, count) {
  return new Uint8Array(await file.slice(0, count).arrayBuffer());
}

function isPicture(start) {
  const text = String.fromCharCode(...start);
  return /^(\x89PNG|\xff\xd8\xff|RIFF.{4}WEBP)/s.test(text);
}

/** Composite RGBA on white, rounded as by Pillow's alpha_composite. */
function overWhite(data) {
  const opaque = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    const alpha = data[from + 3];
    for (let color = 0; color < 3; color++, to++) {
      const sum = 128 * (data[from + color] * alpha + 255 * (255 - alpha) + 128);
      opaque[to] = ((sum >> 8) + sum) >> 15;
    }
  }
  return opaque;
}
