// What tests of data sets share: a folder for their files, and data sets from a config's text.
#pragma once

#include <gtest/gtest.h>

#include "datasets/catalog.h"
#include "harness/io/pictures/png.h"
#include "tests/support/fixtures.h"

namespace skipbench::testing {

class DatasetFolderTest : public ::testing::Test {
 protected:
  // A PNG file of a few pixels.
  void WritePicture(const std::string& name) {
    WriteFile(temp_ / name, EncodePng(Image{.width = 4, .height = 3, .pixels = std::vector<uint8_t>(36, 9)}, name));
  }
  Dataset Make(const std::string& config) {
    json_ = ParseJson(config, "test.json");
    return *MakeDataset(JsonReader(json_, "test.json", "data"), temp_.path());
  }
  TempDir temp_;
  Json json_;
};

}  // namespace skipbench::testing
