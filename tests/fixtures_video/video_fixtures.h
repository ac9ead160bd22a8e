// Reading the video fixtures: the manifest, a case's JSON and tensors, a model's folders, tolerances.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "harness/models/autoencoder_kl.h"
#include "harness/models/clip_text.h"
#include "harness/models/clip_vision.h"
#include "harness/models/load.h"
#include "tests/support/fixtures.h"

namespace skipbench::testing {

using Tensors = std::map<std::string, at::Tensor>;

inline Manifest VideoManifest() { return LoadManifest("video", "manifest.json"); }

// The folder of a model of the manifest.
inline std::filesystem::path ModelPath(const Manifest& manifest, const std::string& model) {
  for (const Json& row : manifest.json.at("cases"))
    if (row.at("kind") == "model" && row.at("id") == model)
      return manifest.folder / row.at("folder").get<std::string>();
  throw std::runtime_error("no model " + model + " in the manifest");
}

struct VideoCase {
  Json row, json;  // of the manifest, and of the case's own file
  Tensors tensors;
  std::string model, part;
  int64_t frames = 1;

  VideoCase(const Manifest& manifest, const Json& entry) : row(entry) {
    json = ReadJsonFile(manifest.folder / row.at("json").get<std::string>());
    tensors = LoadTensors(manifest.folder / row.at("safetensors").get<std::string>());
    model = row.at("model");
    part = row.value("part", "");
    frames = row.value("frames", 1);
  }
  // The manifest's tolerance where it has one, else the case's own.
  double Tolerance(const std::string& tensor) const {
    for (const Json* from : {&row, &json})
      if (from->contains("tolerance") && from->at("tolerance").contains(tensor))
        return from->at("tolerance").at(tensor).get<double>();
    throw std::runtime_error("no tolerance for " + tensor);
  }
  void Expect(const std::string& tensor, const at::Tensor& value) const {
    ASSERT_TRUE(tensors.contains(tensor)) << tensor;
    EXPECT_LE(MaxAbsDiff(value, tensors.at(tensor)), Tolerance(tensor)) << tensor;
  }
};

// Calls `check` for every case of this kind that `wanted` is true for; fails if there is none or one cannot be read.
template <typename Wanted, typename Check>
void ForEachVideoCase(const std::string& kind, Wanted&& wanted, Check&& check) {
  const Manifest manifest = VideoManifest();
  if (!manifest.exists) GTEST_SKIP() << "no video fixtures under " << FixtureRoot();
  int cases = 0;
  for (const Json& row : manifest.json.at("cases")) {
    if (row.at("kind") != kind || !wanted(row)) continue;
    SCOPED_TRACE(row.at("id").get<std::string>());
    ++cases;
    EXPECT_NO_THROW(check(manifest, VideoCase(manifest, row)));
  }
  EXPECT_GT(cases, 0);
}

}  // namespace skipbench::testing
