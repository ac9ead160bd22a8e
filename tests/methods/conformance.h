// How a method takes part in conformance_test.cpp: by examples of its options in a file of its own,
//
//   // tests/methods/my_method_test.cpp
//   METHOD_EXAMPLES(MyMethod, {"my_method", {{"delta", 0.3}}}, {"my_method", {{"delta", 0.3}, {"norm", "l2"}}});
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

struct Example {
  std::string type;
  Json options;
};

class MethodConformance : public ::testing::TestWithParam<Example> {};

inline std::string NameOfExample(const ::testing::TestParamInfo<Example>& info) {
  return info.param.type + "_" + std::to_string(info.index);
}

#define METHOD_EXAMPLES(name, ...)                                                                          \
  INSTANTIATE_TEST_SUITE_P(name, MethodConformance, ::testing::ValuesIn(std::vector<Example>{__VA_ARGS__}), \
                           NameOfExample)

}  // namespace skipbench
