// Images in the format of cameras and converters: binary PPM, one after the other.

#pragma once

#include <cstdint>
#include <istream>
#include <stdexcept>
#include <string>
#include <vector>

// RGB bytes, row by row, upright.
struct Picture {
  int width;
  int height;
  std::vector<std::uint8_t> rgb;
};

// Read the next number of a header; what follows # in a line is a comment.
inline int header_number(std::istream& stream) {
  std::string remark;
  while ((stream >> std::ws).peek() == '#') {
    std::getline(stream, remark);
  }
  int number = 0;
  stream >> number;
  return number;
}

// Read the next image; return whether there was one.
inline bool read(std::istream& stream, Picture& picture) {
  constexpr int longest = 20000;  // pixels of a side; more must be an error
  std::string kind(2, ' ');
  if (!stream.read(kind.data(), 2)) {
    if (stream.gcount() == 0) {
      return false;
    }
    throw std::runtime_error("the input ends in the middle of an image.");
  }
  if (kind != "P6") {
    throw std::runtime_error("the input is not a binary PPM: it must begin with P6.");
  }
  picture.width = header_number(stream);
  picture.height = header_number(stream);
  const int brightest = header_number(stream);
  stream.get();  // the single space after the header
  if (picture.width < 1 || picture.height < 1 || picture.width > longest || picture.height > longest) {
    throw std::runtime_error("the image has an invalid width or height.");
  }
  if (brightest != 255) {
    throw std::runtime_error("the image needs 8 bits per channel: its maximum value must be 255.");
  }
  picture.rgb.resize(std::size_t{3} * picture.width * picture.height);
  if (!stream.read(reinterpret_cast<char*>(picture.rgb.data()), picture.rgb.size())) {
    throw std::runtime_error("the input ends in the middle of an image.");
  }
  return true;
}
