// Predict with an exported model, on one thread:
//
//   predict FOLDER < inputs    a line of JSON for each input, in the format of encoder.hpp
//   predict FOLDER --check     does it predict as it did at export?

#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include <executorch/extension/module/module.h>
#include <executorch/extension/tensor/tensor.h>
#include <executorch/extension/threadpool/threadpool_guard.h>

#include "contract.hpp"
#include "encoder.hpp"

using executorch::extension::Module;
using nlohmann::json;

namespace {

class Predictor {
 public:
  explicit Predictor(const std::string& folder) : Predictor(folder, read_json(folder + "/contract.json")) {}

  std::vector<float> predict(const Input& input) {
    const auto matrix = executorch::extension::make_tensor_ptr(contract.shape, encoder_.encode(input));
    const auto result = module_.forward(matrix);
    if (!result.ok()) {
      throw std::runtime_error("the program failed, error " + std::to_string(int(result.error())));
    }
    const auto output = result->at(0).toTensor();
    const auto* values = output.const_data_ptr<float>();
    return {values, values + output.numel()};
  }

  const Contract contract;

 private:
  Predictor(const std::string& folder, const json& told)
      : contract(told), encoder_(told), module_(folder + "/" + contract.model) {}

  Encoder encoder_;
  Module module_;
};

void answer(Predictor& predictor) {
  Input input;
  while (read(std::cin, input)) {
    const auto values = predictor.predict(input);
    json told;
    told["values"] = values;
    told["label"] = predictor.contract.label(values);
    std::cout << told << std::endl;
  }
}

bool close(const std::vector<float>& values, const json& expected) {
  const auto others = expected.is_array() ? expected : json::array({expected});
  for (std::size_t place = 0; place < values.size(); ++place) {
    const float other = others.at(place);
    if (!(std::abs(values[place] - other) <= 1e-4f * std::max(1.0f, std::abs(other)))) {
      return false;
    }
  }
  return values.size() == others.size();
}

int check(Predictor& predictor, const json& examples) {
  std::size_t place = 0, wrong = 0;
  for (const auto& row : examples.at("rows")) {
    const auto values = predictor.predict(stored(row));
    const auto& labels = examples.at("labels");
    const bool same = labels.is_null() || predictor.contract.label(values) == labels.at(place);
    wrong += !(same && close(values, examples.at("predictions").at(place)));
    ++place;
  }
  std::cout << place - wrong << " of " << place << " inputs answered as when exported" << std::endl;
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) {
    std::cerr << "usage: predict FOLDER [--check]" << std::endl;
    return 2;
  }
  const executorch::extension::threadpool::NoThreadPoolGuard one_thread;
  const std::string folder = words[1];
  try {
    Predictor predictor(folder);
    if (count > 2 && std::string(words[2]) == "--check") {
      return check(predictor, read_json(folder + "/examples.json"));
    }
    answer(predictor);
  } catch (const std::exception& error) {
    std::cerr << "predict: " << error.what() << std::endl;
    return 2;
  }
  return 0;
}
