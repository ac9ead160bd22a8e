// How a data set takes part in conformance_test.cpp: by examples in a file of its own,
//
//   // tests/datasets/mine_test.cpp
//   DATASET_EXAMPLES(Mine, {"Default", {{"type", "mine"}, {"file", "list.txt"}}, {{"list.txt", "a\nb\nc\n"}}});
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

// A data set of at least three samples.
struct DatasetExample {
  std::string name;
  Json config;
  std::map<std::string, std::string> files = {};  // what it reads: path from the config's folder -> contents
};

inline void PrintTo(const DatasetExample& example, std::ostream* out) { *out << example.config; }

class DatasetConformance : public ::testing::TestWithParam<DatasetExample> {};

// Types of which there is an example.
inline std::vector<std::string>& DatasetsWithExample() {
  static std::vector<std::string> types;
  return types;
}

inline std::vector<DatasetExample> Noted(std::vector<DatasetExample> examples) {
  for (const auto& example : examples) DatasetsWithExample().push_back(example.config.at("type"));
  return examples;
}

inline std::string NameOfExample(const ::testing::TestParamInfo<DatasetExample>& info) {
  return info.param.config.at("type").get<std::string>() + "_" + info.param.name;
}

#define DATASET_EXAMPLES(name, ...)                  \
  INSTANTIATE_TEST_SUITE_P(name, DatasetConformance, \
                           ::testing::ValuesIn(Noted(std::vector<DatasetExample>{__VA_ARGS__})), NameOfExample)

}  // namespace skipbench
