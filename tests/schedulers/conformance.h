// How a scheduler takes part in conformance_test.cpp: by examples of its options in a file of its own,
//
//   // tests/schedulers/my_scheduler_test.cpp
//   SCHEDULER_EXAMPLES(MyScheduler, {"Default", "my_scheduler", Json::object()}, {"Karras", "my_scheduler",
//   {{"use_karras_sigmas", true}}});
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

struct Setting {
  std::string name;
  std::string type;
  Json options;
};

class SchedulerConformance : public ::testing::TestWithParam<Setting> {};

inline std::string NameOfSetting(const ::testing::TestParamInfo<Setting>& info) {
  return info.param.type + "_At_" + info.param.name;
}

#define SCHEDULER_EXAMPLES(name, ...)                                                                          \
  INSTANTIATE_TEST_SUITE_P(name, SchedulerConformance, ::testing::ValuesIn(std::vector<Setting>{__VA_ARGS__}), \
                           NameOfSetting)

}  // namespace skipbench
