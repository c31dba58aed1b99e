// Pillow's bilinear resize of 8-bit RGB, to the bit: a triangle filter, as wide as the scale where
// it shrinks, with fixed-point weights; across, rounded to 8 bits, then down.

const UNIT = 1 << 22; // a weight of 1, as Pillow has it

/** Squash { width, height, data: RGB bytes, row after row } to `size` x `size`; return its data. */
export function resize({ width, height, data }, size) {
  const across = pass(data, height, [3 * width, 3], [3 * size, 3], width, size);
  return pass(across, size, [3, 3 * size], [3, 3 * size], height, size);
}

/** Resize `lines` lines; steps lead to the next [line, pixel of a line], in `data` and after. */
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

/** Return for each pixel of the result the first pixel that it is made of, and their weights. */
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
