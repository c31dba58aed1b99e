// Pillow's bilinear resize of 8-bit RGB, bit-identical: a triangle filter, widened by the scale if
// it shrinks, with fixed-point weights; horizontally, rounded to 8 bits, then vertically.

const UNIT = 1 << 22; // a weight of 1 in Pillow

/** Resize { width, height, data: RGB bytes, row by row } to `size` x `size`; return its data. */
export function resize({ width, height, data }, size) {
  const across = pass(data, height, [3 * width, 3], [3 * size, 3], width, size);
  return pass(across, size, [3, 3 * size], [3, 3 * size], height, size);
}

/** Resize `lines` lines; steps are offsets of the next [line, pixel], in `data` and the result. */
function pass(data, lines, [line, step], [nextLine, nextStep], length, size) {
  if (size === length) return data;
  const scaled = new Uint8Array(lines * size * 3);
  weights(length, size).forEach(({ start, parts }, place) => {
    for (let number = 0; number < lines; number++) {
      for (let color = 0; color < 3; color++) {
        let sum = UNIT / 2; // to round
        let from = number * line + start * step + color;
        for (const part of parts) {
          sum += part * data[from];
          from += step;
        }
        scaled[number * nextLine + place * nextStep + color] = sum / UNIT;
      }
    }
  });
  return scaled;
}

/** Return the first input pixel of each output pixel, and the weights from there on. */
function weights(length, size) {
  const scale = length / size;
  const reach = Math.max(scale, 1);
  return Array.from({ length: size }, (_, place) => {
    const center = (place + 0.5) * scale;
    const start = Math.max(Math.trunc(center - reach + 0.5), 0);
    const end = Math.min(Math.trunc(center + reach + 0.5), length);
    const triangle = (_, number) => 1 - Math.abs((start + number + 0.5 - center) / reach);
    const parts = Array.from({ length: end - start }, triangle).map((part) => Math.max(part, 0));
    const sum = parts.reduce((total, part) => total + part, 0);
    return { start, parts: parts.map((part) => Math.trunc(0.5 + (part / sum) * UNIT)) };
  });
}
