// From a file to pixels: the rules of images/pixels.py, with the browser's own decoder.

import { decodeDeep, isDeep, size } from "./deep.js";

const MAX_PIXELS = 80_000_000;
const MIN_SIDE = 4; // pixels
const EVERYWHERE = /^(\x89PNG|\xff\xd8\xff|RIFF.{4}WEBP|GIF8|BM|.{4}ftypavi[fs]|\0\0\x01\0)/s;
// The orientation in the EXIF of WebP, which not all browsers read.
const TURNED =
  /EXIF.{4,10}(II.*?\x12\x01\x03\0\x01\0\0\0|MM.*?\x01\x12\0\x03\0{3}\x01\0)[\x02-\x08]/s;
const ELSEWHERE = /^(II[*+]\0|MM\0[*+]|\0\0\0\x0cjP  |\xff\x4f\xff\x51|P[1-6fF][\s#])/s;

/**
 * Return { width, height, data: RGB bytes }, upright and on white; an Error gives the reason.
 * `bits` is that of contract.json.
 */
export async function decode(file, bits) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (!EVERYWHERE.test(start) && !ELSEWHERE.test(start))
    throw new Error("is not a PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF, JPEG 2000, PPM or ICO image.");
  if (start.startsWith("RIFF") && TURNED.test(new TextDecoder("latin1").decode(bytes)))
    throw new Error("is a WebP image to be turned: save it upright.");
  if (isDeep(bytes)) check(...size(bytes));
  const { width, height, data } = isDeep(bytes)
    ? await decodeDeep(bytes, bits ?? 16)
    : await drawn(file, ELSEWHERE.test(start));
  return { width, height, data: overWhite(data) };
}

/** Return { width, height, data: RGBA bytes } as the browser decodes the file. */
async function drawn(file, rare) {
  const bitmap = await createImageBitmap(file, {
    imageOrientation: "from-image",
    colorSpaceConversion: "none", // Pillow keeps colors as stored
  }).catch(() => {
    const reason = rare ? "this browser has no decoder for it; save it as PNG." : "is it complete?";
    throw new Error(`can't be decoded; ${reason}`);
  });
  const { width, height } = bitmap;
  check(width, height);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

function check(width, height) {
  if (width * height > MAX_PIXELS) throw new Error(`has ${width} × ${height} pixels, too many.`);
  if (Math.min(width, height) < MIN_SIDE) throw new Error("has too few pixels.");
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
