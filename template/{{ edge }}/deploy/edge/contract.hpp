// Inputs and outputs of an exported model: the parts of contract.json that a device needs.

#pragma once

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

inline nlohmann::json read_json(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    throw std::runtime_error(path + ": no such file.");
  }
  return nlohmann::json::parse(file);
}

class Contract {
 public:
  explicit Contract(const nlohmann::json& told)
      : model(told.at("model")), outputs_(told.at("outputs")) {
    for (const auto& length : told.at("matrix").at("shape")) {
      shape.push_back(length.is_null() ? 1 : length.get<int>());
    }
  }

  // Return the predicted label; null for regression.
  nlohmann::json label(const std::vector<float>& values) const {
    const auto& labels = outputs_.at("labels");
    if (labels.is_null()) {
      return nullptr;
    }
    const auto& threshold = outputs_.at("threshold");
    if (!threshold.is_null()) {
      return labels.at(values.at(1) >= threshold.get<float>() ? 1 : 0);
    }
    return labels.at(std::max_element(values.begin(), values.end()) - values.begin());
  }

  const std::string model;
  std::vector<int> shape;  // of the network's input, for one row

 private:
  nlohmann::json outputs_;
};
