// An image as the network's input.

#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "picture.hpp"
#include "resize.hpp"

using Input = Picture;

class Encoder {
 public:
  explicit Encoder(const nlohmann::json& contract) : size_(contract.at("matrix").at("shape").at(1)) {}

  // Return the network's input for an image, bit-identical to training.
  std::vector<float> encode(const Input& picture) const {
    const auto square = resize(picture, size_);
    return {square.rgb.begin(), square.rgb.end()};
  }

 private:
  int size_;
};

// Return an image of examples.json, where its bytes are in base64.
inline Input stored(const nlohmann::json& row) {
  static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto& told = row.at("image");
  Picture picture{told.at("width"), told.at("height"), {}};
  unsigned bits = 0, count = 0;
  for (const char digit : told.at("rgb").get<std::string>()) {
    if (digit == '=') {
      break;
    }
    bits = bits << 6 | static_cast<unsigned>(digits.find(digit));
    count += 6;
    if (count >= 8) {
      count -= 8;
      picture.rgb.push_back(bits >> count & 255);
    }
  }
  return picture;
}
