// A picture, as the numbers that the network takes.

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

  // Return what the network takes of a picture, bit for bit as in training.
  std::vector<float> encode(const Input& picture) const {
    const auto square = resize(picture, size_);
    return {square.rgb.begin(), square.rgb.end()};
  }

 private:
  int size_;
};

// Return a picture of examples.json, whose bytes are there in base64.
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
