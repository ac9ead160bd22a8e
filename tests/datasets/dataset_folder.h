// What tests of data sets share: a folder for their files, and data sets from a config's text.
#pragma once

#include <gtest/gtest.h>

#include "datasets/catalog.h"
#include "tests/support/fixtures.h"

namespace skipbench::testing {

class DatasetFolderTest : public ::testing::Test {
 protected:
  Dataset Make(const std::string& config) {
    json_ = ParseJson(config, "test.json");
    return *MakeDataset(JsonReader(json_, "test.json", "data"), temp_.path());
  }
  TempDir temp_;
  Json json_;
};

}  // namespace skipbench::testing
