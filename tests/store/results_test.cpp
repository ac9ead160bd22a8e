// Writer and reader: what goes in comes out, whole or not at all.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "harness/store/result_reader.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/store/python.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::ExampleHeader;
using testing::ExampleId;
using testing::ExampleWave;
using testing::TempDir;
using testing::WriteFile;

template <class T>
void ExpectSame(const std::vector<T>& values, const std::vector<T>& expected, const std::string& what) {
  ASSERT_EQ(values.size(), expected.size()) << what;
  EXPECT_EQ(std::memcmp(values.data(), expected.data(), values.size() * sizeof(T)), 0) << what;  // NaNs too
}

// A result holds exactly what a single wave with the samples [0, n) would.
void ExpectHolds(ResultReader& reader, const RunHeader& header, int64_t n, bool tensors = false) {
  const Wave all = ExampleWave(header, 0, n, tensors);
  ASSERT_EQ(reader.samples().size(), static_cast<size_t>(n));
  for (size_t i = 0; i < all.samples.size(); ++i) {
    const SampleInfo &found = reader.samples()[i], &expected = all.samples[i];
    EXPECT_EQ(found.ordinal, expected.ordinal);
    EXPECT_EQ(found.id, expected.id);
    EXPECT_EQ(found.caption, expected.caption);
    EXPECT_EQ(found.seed, expected.seed);
    EXPECT_EQ(found.label, expected.label);
  }
  for (size_t k = 0; k < header.settings.size(); ++k) {
    const SettingWave& s = all.settings[k];
    EXPECT_EQ(reader.Read<uint8_t>(k, "action").shape, s.action.shape);
    ExpectSame(reader.Read<uint8_t>(k, "action").values, s.action.values, "action");
    ExpectSame(reader.Read<int16_t>(k, "branch").values, s.branch.values, "branch");
    ExpectSame(reader.Read<int32_t>(k, "nfe").values, s.nfe, "nfe");
    ExpectSame(reader.Read<double>(k, "macs_modules").values, s.macs_modules, "macs_modules");
    ExpectSame(reader.Read<double>(k, "macs_matmuls").values, s.macs_matmuls, "macs_matmuls");
    ASSERT_EQ(reader.Metrics(k).size(), 2u);
    EXPECT_EQ(reader.Metrics(k)[1].title, "PSNR");
    ExpectSame(reader.Read<double>(k, "psnr").values, s.metrics.at("psnr"), "psnr");
    ExpectSame(reader.Read<double>(k, "latent_error").values, s.metrics.at("latent_error"), "latent_error");
    ExpectSame(reader.Read<double>(k, "traces/criterion").values, s.traces.at("criterion").values, "criterion");
    ExpectSame(reader.Read<float>(k, "features/fashion").values, s.features.at("fashion").values, "features");
    EXPECT_EQ(reader.Read<std::string>(k, "message").values, s.message);
    EXPECT_EQ(reader.FindColumn(k, "latents") != nullptr, tensors);
    if (!tensors) continue;
    ExpectSame(reader.Read<float>(k, "latents").values, s.latents.values, "latents");
    ExpectSame(reader.Read<float>(k, "noise_predictions").values, s.noise_predictions.values, "noise_predictions");
    ExpectSame(reader.Read<uint8_t>(k, "images").values, s.images.values, "images");
    EXPECT_EQ(reader.Read<uint8_t>(k, "images").shape, s.images.shape);
  }
}

void ExpectSameHeader(const RunHeader& found, const RunHeader& header) {
  EXPECT_EQ(FirstDifference(found, header, false), "");
  EXPECT_EQ(found.name, header.name);
  EXPECT_EQ(found.config, header.config);
  EXPECT_EQ(found.expanded_config, header.expanded_config);
  EXPECT_EQ(found.model_files, header.model_files);
  EXPECT_EQ(found.seed, header.seed);
  EXPECT_EQ(found.guidance, header.guidance);
  EXPECT_EQ(found.device, header.device);
  EXPECT_EQ(found.git_revision, header.git_revision);
  ASSERT_EQ(found.settings.size(), header.settings.size());
  EXPECT_EQ(found.settings[1].parameters, header.settings[1].parameters);
  EXPECT_EQ(found.settings[2].timesteps, header.settings[2].timesteps);
  EXPECT_TRUE(found.settings[0].reference);
  EXPECT_FALSE(found.settings[1].reference);
}

TEST(Results, RoundTripUnfinishedAndFinished) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  {
    ResultWriter writer(dir / "run", header, false);
    writer.Commit(ExampleWave(header, 4, 2, true));  // not in the order of the plan
    writer.Commit(ExampleWave(header, 0, 4, true));
    ResultReader reader = ResultReader::Open(dir / "run");
    EXPECT_TRUE(reader.complete());
    ExpectHolds(reader, header, 6, true);
    writer.Finish();
    writer.Finish();  // nothing left to do
  }
  EXPECT_TRUE(fs::exists(dir / "run/results.h5"));
  EXPECT_FALSE(fs::exists(dir / "run/segments"));
  for (const char* path : {"run", "run/results.h5"}) {
    ResultReader reader = ResultReader::Open(dir / path);
    ExpectHolds(reader, header, 6, true);
    ExpectSameHeader(reader.header(), header);
    ASSERT_EQ(reader.waves().size(), 2u);
    EXPECT_EQ(reader.waves()[1].first_ordinal, 4);
    EXPECT_EQ(reader.waves()[1].samples, 2);
    EXPECT_EQ(reader.waves()[1].cost.wall_s, 4.5);
    EXPECT_EQ(reader.TotalCost().stage_s.at("denoiser"), 0.5);
    EXPECT_GT(reader.TotalCost().separate_evaluations, reader.TotalCost().evaluations);
    EXPECT_EQ(reader.environments().size(), 1u);
  }
}

TEST(Results, ReadsWellFromH5py) {
  SKIP_WITHOUT_H5PY();
  TempDir dir;
  const RunHeader header = ExampleHeader();
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(ExampleWave(header, 0, 4, true));
  LatencyRecord record;
  record.setting = 1;
  record.stage_s = {{"total", {0.5, 0.25}}};
  record.peak_memory_kind = "process peak growth";
  writer.CommitLatency({&record, 1});
  const std::string script = R"(
f = h5py.File(path, 'r')
assert f.attrs['schema_version'] == 1 and f.attrs['format'] == 'skipbench results'
assert f.attrs['seed'] == 18446744073709551615, f.attrs['seed']
assert f.attrs['guidance'] == 4.5 and f.attrs['device'] == 'cpu' and f.attrs['model'] == 'tiny'
assert json.loads(f.attrs['config'])['methods'][0]['delta'] == [0.1]
assert json.loads(f.attrs['expanded_config'])['methods'][1]['delta'] == 0.1
assert json.loads(f.attrs['model_files'])['unet/model.safetensors'] == 'a' * 64
assert list(f['settings']) == ['0', '1', '2']
s = f['settings/1']
assert s.attrs['label'] == 'adaptive(delta=0.1)' and json.loads(s.attrs['parameters'])['delta'] == 0.1
assert f['settings/0'].attrs['reference'] == 1
assert s['timesteps'].shape == (4,) and s['timesteps'][1] == 731
assert s['action'].dtype == np.uint8 and s['action'].shape == (4, 4)
assert [d.label for d in s['action'].dims] == ['sample', 'call']
assert list(s['latents'].dims[i].label for i in range(5)) == ['sample', 'state', 'channel', 'height', 'width']
assert [d.label for d in s['noise_predictions'].dims] == ['sample', 'call', 'half', 'channel', 'height', 'width']
assert [d.label for d in s['images'].dims] == ['sample', 'height', 'width', 'channel']
assert s['latents'].shape == (4, 5, 2, 2, 2) and s['latents'].dtype == np.float32
assert s['psnr'].attrs['units'] == 'dB' and s['psnr'].attrs['kind'] == 'metric' and s['psnr'].dtype == np.float64
i, k = 2, 1
value = lambda place: np.sin(1.0 + i * 17.3 + k * 3.1 + place * 0.77) / 3.0
assert abs(s['psnr'][i] - (25 + value(50))) < 1e-12
assert np.isinf(f['settings/0/psnr'][:]).all()
assert np.isnan(s['traces/criterion'][:, 0]).all() and abs(s['traces/criterion'][i, 3] - value(3)) < 1e-12
captions = f['samples/caption'].asstr()[:]
assert captions[2] == 'a caption, \u21162 \u2013 \U0001f45f', captions[2]
assert list(f['samples/id'][:]) == [1000, 993, 986, 979]
assert f['samples/seed'].dtype == np.uint64
assert s['status'].attrs['codes'].startswith('0 done') and not s['status'][:].any()
assert f['waves/wall_s'].attrs['units'] == 's'
)";
  testing::ExpectPython(script, dir / "run/segments/00000000.h5");
  writer.Finish();
  testing::ExpectPython(script + R"(
assert f['latency/0'].attrs['label'] == 'adaptive(delta=0.1)' and list(f['latency/0/stages/total']) == [0.5, 0.25]
assert f['latency/0/stages/total'].attrs['units'] == 's'
)",
                        dir / "run/results.h5");
}

TEST(Results, AFolderWithAResultIsNotOverwritten) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  { ResultWriter(dir / "run", header, false).Commit(ExampleWave(header, 0, 2)); }
  EXPECT_ERROR(ResultWriter(dir / "run", header, false), "--resume");
  ResultWriter writer(dir / "run", header, true);
  EXPECT_EQ(writer.CommittedSamples(), (std::set<int64_t>{ExampleId(0), ExampleId(1)}));
  EXPECT_ERROR(writer.Commit(ExampleWave(header, 1, 2)), "is stored already");
  writer.Commit(ExampleWave(header, 2, 4));
  writer.Finish();
  EXPECT_ERROR(ResultWriter(dir / "run", header, true), "another run or merge is writing");
}

TEST(Results, ResumeAfterFinishingHasNothingLeft) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  {
    ResultWriter writer(dir / "run", header, true);  // an empty folder is a fresh start
    writer.Commit(ExampleWave(header, 0, 6));
    writer.Finish();
  }
  EXPECT_ERROR(ResultWriter(dir / "run", header, false), "--resume");
  ResultWriter writer(dir / "run", header, true);
  EXPECT_EQ(writer.CommittedSamples().size(), 6u);
  writer.Finish();
  ResultReader reader = ResultReader::Open(dir / "run");
  ExpectHolds(reader, header, 6);
}

TEST(Results, ResumeRefusesAnotherRunAndSaysWhatDiffers) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  { ResultWriter(dir / "run", header, false).Commit(ExampleWave(header, 0, 2)); }
  auto expect = [&](auto change, const std::string& message) {
    RunHeader other = header;
    change(other);
    EXPECT_ERROR(ResultWriter(dir / "run", other, true), message);
  };
  expect([](RunHeader& h) { h.expanded_config["methods"][1]["delta"] = 0.2; },
         "config: methods[1].delta: 0.1 (a number) there, 0.2");
  expect([](RunHeader& h) { h.expanded_config["eta"] = 1; }, "config: eta: absent there");
  expect([](RunHeader& h) { h.seed = 1; }, "seed: 18446744073709551615 there, 1 here");
  expect([](RunHeader& h) { h.model_files["unet/model.safetensors"][0] = 'f'; },
         "SHA-256 of the model's file unet/model.safetensors");
  expect([](RunHeader& h) { h.dtype = "bfloat16"; }, "dtype: float32 there, bfloat16 here");
  expect([](RunHeader& h) { h.settings[1].label = "x"; }, "setting 1: label");
  expect([](RunHeader& h) { h.shard = {1, 2}; }, "shard: 0/1 there, 1/2 here");
  expect([](RunHeader& h) { h.sample_count = 7; }, "number of samples");
  // How and where it is computed may change; that is noted.
  RunHeader elsewhere = header;
  elsewhere.expanded_config["batch_size"] = 64;
  elsewhere.device = "cuda";
  ResultWriter writer(dir / "run", elsewhere, true);
  writer.Commit(ExampleWave(header, 2, 4));
  writer.Finish();
  ResultReader reader = ResultReader::Open(dir / "run");
  ASSERT_EQ(reader.environments().size(), 2u);
  EXPECT_EQ(reader.environments()[1]["device"], "cuda");
  ExpectHolds(reader, header, 6);
}

TEST(Results, WavesThatDoNotFitAreRefusedAndNothingIsStored) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(ExampleWave(header, 0, 2));
  auto expect = [&](auto change, const std::string& message) {
    Wave wave = ExampleWave(header, 2, 2);
    change(wave);
    EXPECT_ERROR(writer.Commit(wave), message);
  };
  expect([](Wave& w) { w.samples.clear(); }, "without samples");
  expect([](Wave& w) { w.settings.pop_back(); }, "has 2 settings, the run has 3");
  expect([](Wave& w) { w.settings[1].action.shape[1] = 3; },
         "adaptive(delta=0.1): action has the shape [2, 3] and 8 values, expected [2, 4]");
  expect([](Wave& w) { w.settings[1].metrics["psnr"].pop_back(); }, "psnr has 1 values for 2 samples");
  expect([](Wave& w) { w.settings[1].metrics.erase("psnr"); }, "unlike the waves before it lacks the column psnr");
  expect([](Wave& w) { w.settings[2].metrics["lpips"] = {1, 2}; }, "the metric lpips is not described");
  expect([](Wave& w) { w.settings[1].metrics["status"] = {1, 2}; }, "cannot be called status");
  expect([](Wave& w) { w.settings[0].traces["criterion"].values.pop_back(); }, "traces/criterion");
  expect(
      [](Wave& w) {
        w.settings[0].latents = {{2, 4, 1, 1, 1}, std::vector<float>(8)};
      },
      "latents has the shape [2, 4, 1, 1, 1]");
  expect([](Wave& w) { w.samples[1].id = w.samples[0].id; }, "is stored already");
  expect([](Wave& w) { w.samples[1].caption = "\xff"; }, "the caption of sample");
  EXPECT_EQ(writer.CommittedSamples().size(), 2u);
  writer.Commit(ExampleWave(header, 2, 2));
  ResultReader reader = ResultReader::Open(dir / "run");
  EXPECT_FALSE(reader.complete());
  ExpectHolds(reader, header, 4);
}

TEST(Results, ShardsAreReadAsOne) {
  TempDir dir;
  RunHeader header = ExampleHeader(9);
  for (int shard = 0; shard < 3; ++shard) {
    RunHeader mine = header;
    mine.shard = {shard, 3};
    ResultWriter writer(dir / std::to_string(shard), mine, false);
    writer.Commit(ExampleWave(mine, shard * 3, 1));
    writer.Commit(ExampleWave(mine, shard * 3 + 1, 2));
    if (shard != 1) writer.Finish();
  }
  ResultReader reader = ResultReader::Open({dir / "2", dir / "0/results.h5", dir / "1"});
  EXPECT_TRUE(reader.complete());
  ExpectHolds(reader, header, 9);
  EXPECT_EQ(reader.waves().size(), 6u);
  EXPECT_ERROR(ResultReader::Open({dir / "0", dir / "0"}), "is in both");
  RunHeader other = header;
  other.seed = 5;
  { ResultWriter(dir / "other", other, false).Commit(ExampleWave(other, 3, 1)); }
  EXPECT_ERROR(ResultReader::Open({dir / "0", dir / "other"}), "are not of one run: seed");
}

TEST(Results, ManySegmentsNeedFewOpenFiles) {
  TempDir dir;
  const RunHeader header = ExampleHeader(80);
  ResultWriter writer(dir / "run", header, false);
  for (int64_t i = 0; i < 80; ++i) writer.Commit(ExampleWave(header, i, 1));
  ResultReader reader = ResultReader::Open(dir / "run");
  ExpectHolds(reader, header, 80);
  const auto open = std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  EXPECT_LT(open, 40);
}

TEST(Results, LeftoversOfAKilledFinishAreRecognised) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  {
    ResultWriter writer(dir / "run", header, false);
    writer.Commit(ExampleWave(header, 0, 2));
    writer.Commit(ExampleWave(header, 2, 4));
    fs::copy(dir / "run/segments/00000002.h5", dir / "kept.h5");
    writer.Finish();
  }
  // Killed between the renaming of results.h5 and the removal of the segments; and before that, while writing.
  fs::create_directory(dir / "run/segments");
  fs::copy(dir / "kept.h5", dir / "run/segments/00000002.h5");
  WriteFile(dir / "run/segments/.00000004.h5.aB3xY9.tmp", "half a file");
  WriteFile(dir / "run/.results.h5.aB3xY9.tmp", "half a file");
  {
    ResultReader reader = ResultReader::Open(dir / "run");
    ExpectHolds(reader, header, 6);
  }
  ResultWriter writer(dir / "run", header, true);
  EXPECT_EQ(writer.CommittedSamples().size(), 6u);
  EXPECT_TRUE(fs::is_empty(dir / "run/segments"));
  EXPECT_FALSE(fs::exists(dir / "run/.results.h5.aB3xY9.tmp"));
}

TEST(Results, LatencyIsReplacedAndJoined) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  auto record = [](int setting, double seconds) {
    LatencyRecord r;
    r.setting = setting;
    r.batch = 4;
    r.threads = 2;
    r.stage_s = {{"text_encoder", {0.125, 0.25}}, {"total", {seconds, seconds * 2}}};
    r.peak_memory_bytes = 1e9;
    r.peak_memory_kind = "process peak growth";
    return r;
  };
  ResultWriter writer(dir / "run", header, false);
  EXPECT_TRUE(writer.CommittedLatency().empty());
  const std::vector<LatencyRecord> records = {record(0, 1.0), record(1, 0.5)};
  writer.CommitLatency(std::span(records).first(1));
  EXPECT_EQ(writer.CommittedLatency().size(), 1u);
  writer.CommitLatency(records);
  EXPECT_EQ(writer.CommittedLatency().size(), 2u);
  EXPECT_EQ(ResultReader::Open(dir / "run").latency().size(), 2u);  // latency alone is a result too
  writer.Commit(ExampleWave(header, 0, 6));
  writer.Finish();
  EXPECT_EQ(writer.CommittedLatency().size(), 2u);
  const auto read = ResultReader::Open(dir / "run").latency();
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[1].stage_s.at("total"), (std::vector<double>{0.5, 1.0}));
  EXPECT_EQ(read[1].batch, 4);
  EXPECT_EQ(read[1].peak_memory_kind, "process peak growth");
  // Measured again later: the new numbers count.
  const std::vector<LatencyRecord> again = {record(0, 9.0)};
  writer.CommitLatency(again);
  EXPECT_EQ(ResultReader::Open(dir / "run").latency().at(0).stage_s.at("total")[0], 9.0);
  writer.Finish();
  EXPECT_EQ(ResultReader::Open(dir / "run").latency().size(), 1u);
  const std::vector<LatencyRecord> wrong = {record(7, 1.0)};
  EXPECT_ERROR(writer.CommitLatency(wrong), "latency record of setting 7");
}

TEST(Results, ExtrasAreKeptBesideTheSamples) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  ResultWriter writer(dir / "run", header, false);
  for (int64_t done : {1, 2})
    writer.CommitExtra("search", [&](hdf5::Group& group) {
      group.Write("errors", std::vector<double>(static_cast<size_t>(done), 0.5), {done}, {"path"});
    });
  EXPECT_ERROR(writer.CommitExtra("samples", [](hdf5::Group&) {}), "cannot be the name");
  EXPECT_ERROR(writer.CommitExtra("../x", [](hdf5::Group&) {}), "cannot be the name");
  writer.Commit(ExampleWave(header, 0, 6));
  writer.Finish();
  ResultReader reader = ResultReader::Open(dir / "run");
  EXPECT_EQ(reader.Extras(), (std::set<std::string>{"search"}));
  EXPECT_EQ(reader.OpenExtra("search").at(0).Read<double>("errors").size(), 2u);
}

TEST(Results, FailuresKeepTheirMessage) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  Wave wave = ExampleWave(header, 0, 2);
  wave.settings[1].status[1] = Status::kFailed;
  wave.settings[1].message[1] = "a latent is not finite \xff";
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(wave);
  ResultReader reader = ResultReader::Open(dir / "run");
  EXPECT_EQ(reader.Read<double>(1, "status").values, (std::vector<double>{0, 1}));
  EXPECT_EQ(reader.Read<std::string>(1, "message").values[1], "a latent is not finite \xef\xbf\xbd");
}

TEST(Results, WhatIsNoResultIsNamed) {
  TempDir dir;
  EXPECT_ERROR(ResultReader::Open(dir / "nothing"), "nothing: no such result");
  EXPECT_ERROR(ResultReader::Open(dir.path()), "holds no results");
  WriteFile(dir / "run/results.h5", "garbage");
  EXPECT_ERROR(ResultReader::Open(dir / "run"), "run/results.h5: not an HDF5 file");
  {
    hdf5::FileWriter file(dir / "other.h5");
    file.Commit();
  }
  EXPECT_ERROR(ResultReader::Open(dir / "other.h5"), "other.h5: /: not a result of skipbench");
  {
    hdf5::FileWriter file(dir / "newer.h5");
    file.root().SetAttribute("format", std::string("skipbench results"));
    file.root().SetAttribute("schema_version", kSchemaVersion + 1);
    file.Commit();
  }
  EXPECT_ERROR(ResultReader::Open(dir / "newer.h5"),
               "newer.h5: /: its schema_version is 2; this program reads up to 1");
}

TEST(Results, MissingPartsOfAFileAreNamed) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  {
    hdf5::FileWriter file(dir / "a.h5");
    WriteHeader(file.root(), header, EnvironmentsOf(header));
    file.root().CreateGroup("samples").Write("ordinal", std::vector<int64_t>{0}, {1}, {"sample"});
    file.Commit();
  }
  EXPECT_ERROR(ResultReader::Open(dir / "a.h5"), "a.h5: /samples/id: missing");
  {
    hdf5::FileWriter file(dir / "b.h5");
    WriteHeader(file.root(), header, EnvironmentsOf(header));
    WriteSamples(file.root(), ExampleWave(header, 0, 2).samples);
    file.root().OpenGroup("settings").OpenGroup("1").Write("nfe", std::vector<int32_t>{1}, {1}, {"sample"});
    file.Commit();
  }
  EXPECT_ERROR(ResultReader::Open(dir / "b.h5"), "b.h5: /settings/1/nfe: has 1 rows, the file has 2 samples");
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(ExampleWave(header, 0, 2));
  ResultReader reader = ResultReader::Open(dir / "run");
  EXPECT_ERROR(reader.Read<double>(0, "lpips"), "the setting full_step has no column lpips");
  EXPECT_ERROR(reader.Read<float>(0, "psnr"), "/settings/0/psnr: holds float64, expected float32");
  EXPECT_ERROR(reader.Columns(3), "setting 3");
}

TEST(Results, ADamagedSegmentStopsResumeByName) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  {
    ResultWriter writer(dir / "run", header, false);
    writer.Commit(ExampleWave(header, 0, 2));
    writer.Commit(ExampleWave(header, 2, 2));
  }
  const fs::path segment = dir / "run/segments/00000002.h5";
  fs::resize_file(segment, fs::file_size(segment) - 100);
  EXPECT_ERROR(ResultWriter(dir / "run", header, true), "00000002.h5: truncated or damaged");
  EXPECT_ERROR(ResultReader::Open(dir / "run"), "00000002.h5: truncated or damaged");
}

}  // namespace
}  // namespace skipbench
