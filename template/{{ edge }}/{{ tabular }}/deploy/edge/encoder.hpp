// A row of a table as the network's input matrix.

#pragma once

#include <cmath>
#include <istream>
#include <limits>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

// Maps each raw column to a number (of a date, the days since 1970-01-01), a text, or null for a
// missing value.
using Input = nlohmann::json;

// Read the next row, a line of JSON; return whether there was one.
inline bool read(std::istream& stream, Input& row) {
  std::string line;
  if (!std::getline(stream, line)) {
    return false;
  }
  row = Input::parse(line);
  return true;
}

// Return a row of examples.json.
inline Input stored(const nlohmann::json& row) {
  return row;
}

// A column of the matrix, and the raw column that it is computed from.
class Column {
 public:
  explicit Column(const nlohmann::json& told) : from_(told.at("from")), part_(told.at("as")) {
    float code = 0;
    for (const auto& level : told.value("levels", nlohmann::json::array())) {
      codes_[level] = ++code;
    }
  }

  float encode(const Input& row) const {
    if (!row.contains(from_)) {
      throw std::runtime_error("the row has no column '" + from_ + "'; give null for a missing value.");
    }
    const auto& value = row.at(from_);
    return part_ == "code" ? code(value) : number(value);
  }

 private:
  float code(const nlohmann::json& value) const {
    if (!value.is_null() && !value.is_string()) {
      throw std::runtime_error("column '" + from_ + "' needs a string.");
    }
    const auto found = codes_.find(value.is_null() ? "" : value.get<std::string>());
    return found == codes_.end() ? 0 : found->second;
  }

  float number(const nlohmann::json& value) const {
    if (!value.is_null() && !value.is_number()) {
      throw std::runtime_error("column '" + from_ + "' needs a number.");
    }
    const float given = value.is_null() ? std::numeric_limits<float>::quiet_NaN() : value.get<float>();
    if (part_ == "value") {
      return given;
    }
    if (part_ == "missing") {
      return std::isnan(given) ? 1 : 0;
    }
    if (part_ == "yearday") {
      constexpr float year = 365.2425f;  // mean Gregorian year, days
      return given - std::floor(given / year) * year;
    }
    if (part_ == "weekday") {  // 1970-01-01 was a Thursday
      const float rest = std::fmod(std::floor(given) + 3, 7.0f);
      return rest < 0 ? rest + 7 : rest;
    }
    throw std::runtime_error("this contract is from a later version: '" + part_ + "' is unknown.");
  }

  std::string from_;
  std::string part_;
  std::unordered_map<std::string, float> codes_;
};

class Encoder {
 public:
  explicit Encoder(const nlohmann::json& contract) {
    for (const auto& column : contract.at("matrix").at("columns")) {
      columns_.emplace_back(column);
    }
  }

  // Return the network's input for a row, bit-identical to training.
  std::vector<float> encode(const Input& row) const {
    std::vector<float> matrix;
    for (const auto& column : columns_) {
      matrix.push_back(column.encode(row));
    }
    return matrix;
  }

 private:
  std::vector<Column> columns_;
};
