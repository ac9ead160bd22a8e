// Reference data for tests: files made with other implementations, under the folder named by SKIPBENCH_FIXTURES.
#pragma once

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "harness/base/json.h"

namespace skipbench::testing {

// $SKIPBENCH_FIXTURES, or tests/fixtures of the source tree.
std::filesystem::path FixtureRoot();
// The source tree; the shipped model and data stand there.
std::filesystem::path SourceDir();

// A manifest (or cases.json) with "cases"; `exists` is false when the folder that should hold it is missing: such a
// test is skipped. A folder without a readable manifest is a failure.
struct Manifest {
  bool exists = false;
  std::filesystem::path folder;  // what the manifest's paths are relative to
  Json json;
};
// `folder`: "diffusion", relative to FixtureRoot(); `file`: the manifest, relative to `folder` ("cfg/manifest.json").
Manifest LoadManifest(const std::string& folder, const std::string& file);

// All tensors of a safetensors file, by name, as stored.
std::map<std::string, at::Tensor> LoadTensors(const std::filesystem::path& file);

double MaxAbsDiff(const at::Tensor& a, const at::Tensor& b);  // in float64; infinity when the shapes differ
double RelativeDiff(const at::Tensor& value, const at::Tensor& expected);  // max|a-b| / max|b|

// A fresh folder, removed at the end of the test that made it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};
void WriteFile(const std::filesystem::path& path, std::string_view bytes);
std::string ReadFile(const std::filesystem::path& path);

// EXPECT_ERROR(statement, "text"): the statement throws skipbench::Error whose message contains the text.
#define EXPECT_ERROR(statement, text)                                                            \
  do {                                                                                           \
    try {                                                                                        \
      statement;                                                                                 \
      ADD_FAILURE() << "no error; expected one that says: " << (text);                           \
    } catch (const ::skipbench::Error& e) {                                                      \
      EXPECT_NE(std::string(e.what()).find(text), std::string::npos) << "message: " << e.what(); \
    }                                                                                            \
  } while (false)

}  // namespace skipbench::testing
