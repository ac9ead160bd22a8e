// Inception, I3D, LPIPS and TorchScript files against the packages that people use, with weights by formula.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/io/pictures/image.h"
#include "harness/stats/frechet.h"
#include "metrics/backbones/i3d.h"
#include "metrics/backbones/inception_v3.h"
#include "metrics/backbones/torchscript.h"
#include "metrics/lpips.h"
#include "tests/support/fixtures.h"
#include "tests/support/formula_weights.h"

namespace skipbench {
namespace {

using Tensors = std::map<std::string, at::Tensor>;

struct Case {
  std::filesystem::path folder;
  Json tolerance;
  std::map<std::string, std::filesystem::path> files;  // by their last names

  Json ReadJson(const std::string& name) const { return ReadJsonFile(files.at(name)); }
  Tensors Read(const std::string& name) const { return testing::LoadTensors(files.at(name)); }
  double Tolerance(const char* name) const { return tolerance.at(name).get<double>(); }
};

// Every case of the kind; fails when there is none.
void ForEachCase(const char* kind, void (*check)(const Case&)) {
  const testing::Manifest manifest = testing::LoadManifest("metrics", "manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no fixtures in " << manifest.folder;
  int checked = 0;
  for (const auto& [id, entry] : manifest.json.at("cases").items()) {
    if (entry.at("kind") != kind) continue;
    SCOPED_TRACE(id);
    Case one{manifest.folder, entry.at("tolerance"), {}};
    for (const auto& file : entry.at("files").get<std::vector<std::string>>())
      one.files[std::filesystem::path(file).filename().string()] = manifest.folder / file;
    check(one);
    ++checked;
  }
  EXPECT_GT(checked, 0) << "the manifest lists no case of kind " << kind;
}

FeatureView View(const at::Tensor& t) {
  return {{t.const_data_ptr<float>(), static_cast<size_t>(t.numel())}, t.size(1)};
}

at::Tensor ToTensor(const Image& image) {
  return at::from_blob(const_cast<uint8_t*>(image.pixels.data()), {1, image.height, image.width, 3}, at::kByte)
      .permute({0, 3, 1, 2})
      .contiguous();
}

// ----------------------------------------------------------------------------------------------------------- Inception

void CheckResized(const at::Tensor& resized, const Json& image, const std::string& mode, const Json& file,
                  const Tensors& crops, const Tensors& channels, double tolerance) {
  const auto id = image.at("id").get<std::string>();
  const auto side = file.at("crop").get<int64_t>();
  for (const auto& [corner, origin] : file.at("crop_origin").items()) {
    const at::Tensor crop = resized.narrow(1, origin[0].get<int64_t>(), side).narrow(2, origin[1].get<int64_t>(), side);
    EXPECT_LE(testing::MaxAbsDiff(crop, crops.at(id + "." + mode + "." + corner)), tolerance) << corner;
  }
  if (const auto channel = channels.find(id + "." + mode + ".channel1_f16"); channel != channels.end()) {
    const double half_ulp = mode == "pytorch_fid" ? 0x1p-12 : 0x1p-4;  // of float16 below 1 and below 256
    EXPECT_LE(testing::MaxAbsDiff(resized[1], channel->second), tolerance + half_ulp);
  }
  const Json& expected = image.at("resized").at(mode);
  const at::Tensor values = resized.to(at::kDouble);
  const auto near = [&](const at::Tensor& value, const char* name, double relative) {
    const double e = expected.at(name).get<double>();
    EXPECT_NEAR(value.item<double>(), e, relative * (1 + std::abs(e))) << name;
  };
  near(values.sum(), "sum", 1e-6);
  near(values.square().sum(), "sumsq", 1e-6);
  near(values.min(), "min", tolerance);
  near(values.max(), "max", tolerance);
}

// A picture's features are the same to the bit, whatever else is in its batch: otherwise distances would depend on
// shards.
void CheckBatches(const FeatureNetwork& network) {
  const at::Tensor pictures =
      at::arange(3 * 3 * 40 * 50, at::kLong).mul(7919).remainder(251).to(at::kByte).view({3, 3, 40, 50});
  const at::Tensor all = network.Features(pictures);
  for (int64_t i = 0; i < pictures.size(0); ++i)
    EXPECT_TRUE(at::equal(network.Features(pictures.narrow(0, i, 1))[0], all[i]))
        << "picture " << i << ": off by " << testing::MaxAbsDiff(network.Features(pictures.narrow(0, i, 1))[0], all[i]);
}

void CheckInception(const Case& one) {
  const Json file = one.ReadJson("expected.json");
  const Tensors features = one.Read("features.safetensors"), crops = one.Read("crops.safetensors"),
                channels = one.Read("channel.safetensors");
  const testing::TempDir folder;
  testing::WriteFormulaWeights(one.ReadJson("inception_v3_fid.json"), folder / "inception_v3_fid.safetensors");
  // Opened as anybody opens it; for other preprocessings and layers the network itself is used.
  const auto opened = OpenFeatureNetwork("inception:clean", {.weights = {folder.path()}});
  const auto& network = dynamic_cast<const InceptionV3&>(*opened);

  std::map<std::string, std::vector<at::Tensor>> found;
  for (const Json& image : file.at("images")) {
    SCOPED_TRACE(image.at("id").get<std::string>());
    const at::Tensor picture = ToTensor(ReadImage(one.folder / image.at("file").get<std::string>()));
    EXPECT_EQ(picture.sum().item<int64_t>(), image.at("sum_u8").get<int64_t>());
    for (const auto preprocessing :
         {FidPreprocessing::kClean, FidPreprocessing::kLegacyTf, FidPreprocessing::kPytorchFid}) {
      const std::string mode = FidPreprocessingName(preprocessing);
      SCOPED_TRACE(mode);
      const at::Tensor resized = ResizeForFid(picture, preprocessing);
      CheckResized(resized[0], image, mode, file, crops, channels,
                   one.Tolerance(mode == "pytorch_fid" ? "resized_abs_0_1" : "resized_abs_0_255"));
      const at::Tensor input = ScaleForInception(resized.clone(), preprocessing);
      for (const char* layer : {"pool3", "64", "192", "768", "logits", "logits_unbiased"}) {
        if (!features.contains(mode + "." + layer)) continue;
        const bool whole =
            preprocessing == FidPreprocessing::kClean && layer == std::string("pool3");  // what `network` is
        found[mode + "." + layer].push_back(
            whole ? network.Features(picture)
                  : network.Forward(input, ParseInceptionLayer(layer, "test")).contiguous());
      }
    }
  }
  for (const auto& [name, expected] : features) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(found.contains(name)) << "nothing here computes it";
    EXPECT_LE(testing::RelativeDiff(at::cat(found.at(name)), expected), one.Tolerance("feature_rel_to_max"));
  }
  CheckBatches(network);
  for (const auto& [mode, expected] : file.at("frechet_img012_vs_img345").items()) {
    const at::Tensor all = at::cat(found.at(mode + ".pool3"));
    const double e = expected.get<double>();
    EXPECT_NEAR(FrechetDistance(View(all).Rows(0, 3), View(all).Rows(3, all.size(0))).distance, e,
                one.Tolerance("frechet_rel") * e);
  }
}

TEST(InceptionFixtures, EveryCase) { ForEachCase("inception", CheckInception); }

// ----------------------------------------------------------------------------------------------------------------- FVD

void CheckClipPreprocessing(const Json& file, const Tensors& tensors, double tolerance) {
  const auto side = file.at("preprocess_crop").get<int64_t>();
  for (const Json& row : file.at("preprocess")) {
    const auto id = row.at("id").get<std::string>();
    SCOPED_TRACE(id);
    const at::Tensor out = PreprocessForFvd(tensors.at(id + ".in").unsqueeze(0))[0];
    for (const auto& [corner, at_place] : {std::pair<const char*, int64_t>("tl", 0), {"mid", 108}, {"br", 216}})
      EXPECT_LE(
          testing::MaxAbsDiff(out.narrow(2, at_place, side).narrow(3, at_place, side), tensors.at(id + "." + corner)),
          tolerance)
          << corner;
    const at::Tensor values = out.to(at::kDouble);
    EXPECT_NEAR(values.sum().item<double>(), row.at("sum").get<double>(), 1e-6 * static_cast<double>(values.numel()));
    EXPECT_NEAR(values.square().sum().item<double>(), row.at("sumsq").get<double>(),
                1e-6 * static_cast<double>(values.numel()));
    EXPECT_NEAR(values.min().item<double>(), row.at("min").get<double>(), tolerance);
    EXPECT_NEAR(values.max().item<double>(), row.at("max").get<double>(), tolerance);
  }
}

// The same distance from features in 1, 2 and 7 shards, merged in another order.
void CheckShards(const at::Tensor& generated, const at::Tensor& real) {
  const double whole = FrechetDistance(StatisticsOf(View(generated)), StatisticsOf(View(real))).distance;
  const int64_t n = generated.size(0);
  for (int64_t parts : {1, 2, 7}) {
    FeatureStatistics merged;
    for (int64_t k = parts; k-- > 0;)
      merged.Merge(StatisticsOf(View(generated).Rows(n * k / parts, n * (k + 1) / parts)));
    EXPECT_NEAR(FrechetDistance(merged, StatisticsOf(View(real))).distance, whole, 1e-9 * whole) << parts << " shards";
  }
}

void CheckFvd(const Case& one) {
  const Json file = one.ReadJson("expected.json");
  CheckClipPreprocessing(file, one.Read("preprocess.safetensors"), one.Tolerance("preprocess_abs"));
  const testing::TempDir folder;
  testing::WriteFormulaWeights(one.ReadJson("i3d_k400.json"), folder / "i3d_k400.safetensors");
  const auto network = OpenFeatureNetwork("i3d", {.weights = {folder.path()}});
  const Tensors clips = one.Read("clips.safetensors"), expected = one.Read("features.safetensors");
  std::map<std::string, at::Tensor> features;
  for (const char* set : {"real", "gen"}) {
    std::vector<at::Tensor> rows;
    for (const at::Tensor& clip : clips.at(set).split(1)) rows.push_back(network->Features(clip));
    features[set] = at::cat(rows);
    EXPECT_LE(testing::RelativeDiff(features[set], expected.at(set)), one.Tolerance("feature_rel_to_max")) << set;
  }
  const FrechetResult fvd = FrechetDistance(View(features["gen"]), View(features["real"]));
  const double rel = one.Tolerance("fvd_rel");
  EXPECT_NEAR(fvd.distance, file.at("fvd").get<double>(), rel * file.at("fvd").get<double>());
  EXPECT_NEAR(fvd.mean_term, file.at("mean_term").get<double>(), rel * file.at("mean_term").get<double>());
  EXPECT_NEAR(fvd.trace_a, file.at("trace_gen").get<double>(), rel * file.at("trace_gen").get<double>());
  EXPECT_NEAR(fvd.trace_b, file.at("trace_real").get<double>(), rel * file.at("trace_real").get<double>());
  // From the fixture's own features the distance is exact.
  EXPECT_NEAR(FrechetDistance(View(expected.at("gen")), View(expected.at("real"))).distance,
              file.at("fvd").get<double>(), 1e-8 * file.at("fvd").get<double>());
  CheckShards(features["gen"], features["real"]);
  const auto per_video = file.at("paper_compat").at("per_video").get<std::vector<double>>();
  double sum = 0;
  for (size_t i = 0; i < per_video.size(); ++i) {
    const double value = SquaredDistance(View(features["gen"]).row(static_cast<int64_t>(i)),
                                         View(features["real"]).row(static_cast<int64_t>(i)));
    EXPECT_NEAR(value, per_video[i], rel * per_video[i] + 1e-12);
    sum += value;
  }
  const double mean = file.at("paper_compat").at("mean").get<double>();
  EXPECT_NEAR(sum / static_cast<double>(per_video.size()), mean, rel * mean);
}

TEST(FvdFixtures, EveryCase) { ForEachCase("fvd", CheckFvd); }

// --------------------------------------------------------------------------------------------------------------- LPIPS

void CheckTaps(const std::vector<at::Tensor>& taps, const Json& expected) {
  ASSERT_EQ(taps.size(), expected.size());
  for (size_t i = 0; i < taps.size(); ++i) {
    SCOPED_TRACE(fmt::format("tap {}", i));
    const at::Tensor tap = taps[i].contiguous(), values = tap.to(at::kDouble);
    ASSERT_EQ(tap.sizes().vec(), expected[i].at("shape").get<std::vector<int64_t>>());
    const double max = expected[i].at("max").get<double>(), tolerance = 2e-5 * max;
    EXPECT_NEAR(values.mean().item<double>(), expected[i].at("mean").get<double>(), tolerance);
    EXPECT_NEAR(values.std(false).item<double>(), expected[i].at("std").get<double>(), tolerance);
    EXPECT_NEAR(values.max().item<double>(), max, tolerance);
    const auto first = expected[i].at("first").get<std::vector<double>>();
    for (size_t k = 0; k < first.size(); ++k)
      EXPECT_NEAR(values[0].flatten()[static_cast<int64_t>(k)].item<double>(), first[k], tolerance);
  }
}

void CheckLpips(const Case& one) {
  const Json file = one.ReadJson("expected.json");
  const Tensors pairs = one.Read("pairs.safetensors");
  const double rel = one.Tolerance("rel"), abs = one.Tolerance("abs");
  for (const auto& [net, expected] : file.at("nets").items()) {
    SCOPED_TRACE(net);
    const testing::TempDir folder;
    testing::WriteFormulaWeights(one.ReadJson(fmt::format("lpips_{}_features.json", net)),
                                 folder / fmt::format("lpips_{}_features.safetensors", net));
    const std::string heads = fmt::format("lpips_v0.1_{}.safetensors", net);
    std::filesystem::copy_file(one.files.at(heads), folder / heads);
    const auto lpips = Lpips::Open(net, {.weights = {folder.path()}});
    for (const Json& set : expected.at("sets")) {
      const auto id = set.at("id").get<std::string>();
      SCOPED_TRACE(id);
      const at::Tensor reference = pairs.at(id + ".ref"), picture = pairs.at(id + ".img");
      CheckTaps(lpips->Taps(reference), set.at("ref_features"));
      const at::Tensor layers = lpips->Layers(picture, reference), total = lpips->Distance(picture, reference);
      for (int64_t i = 0; i < total.size(0); ++i) {
        const double e = set.at("total_f64").at(i).get<double>();
        EXPECT_NEAR(total[i].item<double>(), e, rel * e + abs);
        for (int64_t k = 0; k < 5; ++k) {
          const double part = set.at("per_layer_f64").at(i).at(k).get<double>();
          EXPECT_NEAR(layers[i][k].item<double>(), part, rel * part + abs);
        }
      }
      const double mean = set.at("mean_total_f64").get<double>();
      EXPECT_NEAR(total.mean().item<double>(), mean, rel * mean + abs);
    }
  }
}

TEST(LpipsFixtures, EveryCase) { ForEachCase("lpips", CheckLpips); }

// --------------------------------------------------------------------------------------------------------- TorchScript

void CheckTorchScript(const Case& one) {
  const Tensors io = one.Read("io.safetensors");
  const auto expect = [&](const at::Tensor& value, const char* name) {
    const at::Tensor& e = io.at(name);
    ASSERT_EQ(value.sizes(), e.sizes()) << name;
    EXPECT_TRUE(((value - e).abs() <= one.Tolerance("rel") * e.abs() + one.Tolerance("abs")).all().item<bool>())
        << name;
  };
  const auto image = OpenFeatureNetwork("torchscript:" + one.files.at("tiny_image.pt").string());
  EXPECT_FALSE(image->info().clips);
  expect(image->Features(io.at("image.in")), "image.features");

  const auto video_file = one.files.at("tiny_video.pt");
  const auto video = OpenTorchScript(video_file);
  EXPECT_TRUE(video->info().clips);
  const auto clips = [&](const char* name) { return io.at(name).transpose(1, 2).contiguous(); };  // [n, T, 3, H, W]
  expect(video->Features(clips("video.in")), "video.features_rescale");
  expect(video->Features(clips("video48.in")), "video48.features_rescale_resize");
  expect(OpenTorchScript(video_file, TorchScriptInput::kMinusOneToOne)->Features(clips("video.in")), "video.features");
}

TEST(TorchScriptFixtures, EveryCase) { ForEachCase("torchscript", CheckTorchScript); }

}  // namespace
}  // namespace skipbench
