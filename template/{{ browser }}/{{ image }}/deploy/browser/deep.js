// PNG files of 16 bits per channel: a canvas has 8, and scales grey levels in its own way.

const CHANNELS = { 0: 1, 2: 3, 4: 2, 6: 4 }; // by the color type of a PNG

/** Return whether `bytes` are a PNG file of 16 bits per channel. */
export const isDeep = (bytes) => bytes[1] === 80 && bytes[12] === 73 && bytes[24] === 16;

/** Return { width, height, data: RGBA bytes } where grey levels have `bits`; an Error if not. */
export async function decodeDeep(bytes, bits) {
  const [width, height] = size(bytes);
  const { IDAT, tRNS, eXIf } = chunks(bytes);
  if (bytes[28] || eXIf)
    throw new Error("is an interlaced or turned image of 16 bits: save it plainly.");
  const channels = CHANNELS[bytes[25]];
  const lines = unfiltered(await inflate(IDAT), 2 * channels * width, height, 2 * channels);
  const hole = bytes[25] === 0 && tRNS ? 256 * tRNS[0][0] + tRNS[0][1] : null;
  const shown = channels === 1 ? grey(lines, bits, hole) : upper(lines, channels);
  return { width, height, data: shown };
}

/** Return [width, height] of a PNG file. */
export function size(bytes) {
  const header = new DataView(bytes.buffer, bytes.byteOffset);
  return [header.getUint32(16), header.getUint32(20)];
}

function chunks(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const found = { IDAT: [] };
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    (found[name] ??= []).push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  return found;
}

async function inflate(parts) {
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Undo the filters of PNG (RFC 2083, section 6); the first byte of a line is its filter. */
function unfiltered(data, length, height, step) {
  if (data.length < height * (length + 1)) throw new Error("can't be decoded; is it complete?");
  const lines = new Uint8Array(height * length);
  for (let line = 0; line < height; line++) {
    const filter = data[line * (length + 1)];
    for (let place = 0; place < length; place++) {
      const at = line * length + place;
      const left = place >= step ? lines[at - step] : 0;
      const up = line ? lines[at - length] : 0;
      const corner = line && place >= step ? lines[at - length - step] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      lines[at] = data[line * (length + 1) + 1 + place] + guess;
    }
  }
  return lines;
}

function paeth(left, up, corner) {
  const [a, b, c] = [up - corner, left - corner, left + up - 2 * corner].map(Math.abs);
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

function grey(lines, bits, hole) {
  const shown = new Uint8Array(2 * lines.length);
  for (let at = 0; at < lines.length; at += 2) {
    const level = 256 * lines[at] + lines[at + 1];
    if (level > Math.max(1, 2 ** bits - 1))
      throw new Error(`has levels above those of ${bits} bits.`);
    shown.fill(Math.min(Math.floor((256 * level) / 2 ** bits), 255), 2 * at, 2 * at + 3);
    shown[2 * at + 3] = level === hole ? 0 : 255;
  }
  return shown;
}

function upper(lines, channels) {
  const pixels = lines.length / (2 * channels);
  const shown = new Uint8Array(4 * pixels).fill(255);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = 2 * channels * pixel;
    for (let color = 0; color < 3; color++)
      shown[4 * pixel + color] = lines[from + (channels > 2 ? 2 * color : 0)];
    if (channels % 2 === 0) shown[4 * pixel + 3] = lines[from + 2 * channels - 2];
  }
  return shown;
}
