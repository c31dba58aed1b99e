// Pillow's bilinear resize of 8-bit RGB, bit-identical: a triangle filter, widened by the scale if
// it shrinks, with fixed-point weights; horizontally, rounded to 8 bits, then vertically.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "picture.hpp"

namespace resizing {

constexpr int unit = 1 << 22;  // a weight of 1 in Pillow

using Bytes = std::vector<std::uint8_t>;

// For an output pixel: its first input pixel, and the weights of that and the next ones.
struct Weights {
  int start;
  std::vector<int> parts;
};

// Byte offsets of the next line, and of the next pixel in a line.
struct Steps {
  std::size_t line;
  std::size_t pixel;
};

inline Weights weights(int place, int length, int size) {
  const double scale = double(length) / size;
  const double reach = std::max(scale, 1.0);
  const double center = (place + 0.5) * scale;
  const int start = std::max(int(center - reach + 0.5), 0);
  const int end = std::min(int(center + reach + 0.5), length);
  std::vector<double> shares;
  for (int pixel = start; pixel < end; ++pixel) {
    shares.push_back(std::max(1 - std::abs((pixel + 0.5 - center) / reach), 0.0));
  }
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  std::vector<int> parts;
  for (const double share : shares) {
    parts.push_back(int(0.5 + share / sum * unit));
  }
  return {start, parts};
}

// Make each line of `data` `size` pixels long.
inline Bytes pass(const Bytes& data, int lines, Steps from, Steps to, int length, int size) {
  if (length == size) {
    return data;
  }
  Bytes scaled(std::size_t{3} * lines * size);
  for (int place = 0; place < size; ++place) {
    const auto [start, parts] = weights(place, length, size);
    for (int line = 0; line < lines; ++line) {
      for (int color = 0; color < 3; ++color) {
        int sum = unit / 2;  // to round
        std::size_t at = line * from.line + start * from.pixel + color;
        for (const int part : parts) {
          sum += part * data[at];
          at += from.pixel;
        }
        scaled[line * to.line + place * to.pixel + color] = sum / unit;
      }
    }
  }
  return scaled;
}

}  // namespace resizing

// Resize an image to `size` x `size`.
inline Picture resize(const Picture& picture, int size) {
  const std::size_t wide = 3 * std::size_t(picture.width), narrow = 3 * std::size_t(size);
  const auto across =
      resizing::pass(picture.rgb, picture.height, {wide, 3}, {narrow, 3}, picture.width, size);
  return {size, size, resizing::pass(across, size, {3, narrow}, {3, narrow}, picture.height, size)};
}
