// No result mixes two runs, and no writer ends well when what it stored is gone.
#include <gtest/gtest.h>

#include "harness/io/files/atomic_file.h"
#include "harness/store/folder_lock.h"
#include "harness/store/merge.h"
#include "harness/store/outputs.h"
#include "harness/store/result_reader.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::ExampleHeader;
using testing::ExampleId;
using testing::ExampleWave;
using testing::ReadFile;
using testing::TempDir;
using testing::WriteFile;
using Existing = ResultWriter::Existing;

RunHeader HeaderWithInputs(int64_t samples = 6) {
  RunHeader header = ExampleHeader(samples);
  header.inputs = {{"model.unet/config.json", {"unet/config.json", std::string(64, '1')}},
                   {"noise.path", {"noise.safetensors", std::string(64, '2')}}};
  header.path_keys = {"/pipeline", "/noise/path", "/methods/1/from", "/settings/1/parameters/from"};
  header.expanded_config["pipeline"] = "/a/model";
  header.expanded_config["noise"] = {{"source", "file"}, {"path", "/a/noise.safetensors"}};
  header.settings[1].parameters["from"] = "/a/paths";
  return header;
}

void MakeRun(const fs::path& folder, const RunHeader& header, int64_t n = 6) {
  ResultWriter writer(folder, header, false);
  writer.Commit(ExampleWave(header, 0, n));
  writer.Finish();
}

TEST(Integrity, AnotherInputIsNamedWithBothHashes) {
  const RunHeader there = HeaderWithInputs();
  const auto difference = [&](auto change) {
    RunHeader here = there;
    change(here);
    EXPECT_EQ(FirstDifference(here, there, true).empty(), FirstDifference(there, here, true).empty());
    return FirstDifference(there, here, false);
  };
  EXPECT_EQ(difference([](RunHeader&) {}), "");
  EXPECT_EQ(difference([](RunHeader& h) { h.inputs["noise.path"].sha256 = std::string(64, '3'); }),
            fmt::format("noise.path (noise.safetensors): SHA-256 {} there, {} here", std::string(64, '2'),
                        std::string(64, '3')));
  EXPECT_EQ(difference([](RunHeader& h) { h.inputs.erase("noise.path"); }),
            fmt::format("noise.path (noise.safetensors): SHA-256 {} there, absent here", std::string(64, '2')));
  EXPECT_EQ(difference([](RunHeader& h) {
              h.inputs["data.captions"] = {"captions.json", std::string(64, '4')};
            }),
            fmt::format("data.captions (captions.json): SHA-256 absent there, {} here", std::string(64, '4')));
}

TEST(Integrity, TheSameFilesMayLieElsewhere) {
  const RunHeader there = HeaderWithInputs();
  RunHeader here = there;
  here.expanded_config["pipeline"] = "/b/stable-diffusion";
  here.expanded_config["noise"]["path"] = "n.safetensors";
  here.settings[1].parameters["from"] = "/b/paths";
  here.model = "stable-diffusion";
  here.inputs["noise.path"].file = "n.safetensors";
  here.model_files = {{"other.safetensors", std::string(64, 'a')}};  // model_hash is the same
  EXPECT_EQ(FirstDifference(there, here, false), "");
  here.expanded_config["noise"]["source"] = "counter";
  EXPECT_EQ(FirstDifference(there, here, false),
            "config: noise.source: \"file\" (a string) there, \"counter\" (a string) here");
  // Where nobody recorded what was read, paths are all there is.
  RunHeader old = there, old_elsewhere = there;
  old.inputs.clear();
  old_elsewhere.inputs.clear();
  EXPECT_EQ(FirstDifference(old, old_elsewhere, true), "");
  old_elsewhere.expanded_config["pipeline"] = "/b/model";
  EXPECT_NE(FirstDifference(old, old_elsewhere, true).find("config: pipeline"), std::string::npos);
  EXPECT_NE(FirstDifference(old, there, true).find("not recorded there, where an earlier skipbench was at work"),
            std::string::npos);
}

TEST(Integrity, InputsAreStored) {
  const TempDir dir;
  const RunHeader header = HeaderWithInputs();
  MakeRun(dir / "run", header);
  const ResultReader reader = ResultReader::Open(dir / "run");
  EXPECT_EQ(reader.header().inputs.at("noise.path").file, "noise.safetensors");
  EXPECT_EQ(reader.header().path_keys, header.path_keys);
  EXPECT_EQ(FirstDifference(reader.header(), header, false), "");
}

TEST(Integrity, ARunningRunIsNotOverwritten) {
  const TempDir dir;
  const RunHeader header = ExampleHeader();
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(ExampleWave(header, 0, 2));
  EXPECT_ERROR(ResultWriter(dir / "run", header, Existing::kReplace), "another run or merge is writing");
  EXPECT_TRUE(fs::exists(dir / "run/segments/00000000.h5"));
  writer.Commit(ExampleWave(header, 2, 4));
  writer.Finish();
  EXPECT_TRUE(ResultReader::Open(dir / "run").complete());
}

TEST(Integrity, OverwritingRemovesWhatIsAResultsAndNothingElse) {
  const TempDir dir;
  const RunHeader header = ExampleHeader();
  MakeRun(dir / "run", header);
  const std::string setting = FolderName(header.settings[1].label);
  const std::vector<std::string> own = {"contact_sheet.png",
                                        "png/full_step/001000.png",
                                        "png/full_step/000993/0001.png",
                                        "apng/" + setting + "/001000.png",
                                        "mp4/" + setting + "/001000.mp4",
                                        "search/search_0_00000000-00000002.jsonl"};
  const std::vector<std::string> foreign = {"notes.txt",
                                            "png/mine/001000.png",
                                            "png/full_step/notes.txt",
                                            "png/full_step/mine.png",
                                            "search/list.jsonl",
                                            "segments/readme.txt",
                                            "mp4/film.mp4",
                                            "own.h5.1.tmp"};
  for (const auto* files : {&own, &foreign})
    for (const auto& file : *files) WriteFile(dir / ("run/" + file), "x");
  RunHeader other = header;  // another experiment: the settings' folders are those of the result that goes
  other.seed = 5;
  other.settings[1].label = "another";
  {
    ResultWriter writer(dir / "run", other, Existing::kReplace);
    EXPECT_TRUE(writer.CommittedSamples().empty());
    for (const auto& file : own) EXPECT_FALSE(fs::exists(dir / ("run/" + file))) << file;
    for (const auto& file : foreign) EXPECT_TRUE(fs::exists(dir / ("run/" + file))) << file;
    EXPECT_FALSE(fs::exists(dir / "run/apng"));
    writer.Commit(ExampleWave(other, 0, 6));
    writer.Finish();
  }
  EXPECT_EQ(ResultReader::Open(dir / "run").header().seed, 5u);
  // Not ours, by its content: refused by name, and nothing is touched.
  WriteFile(dir / "run/segments/other.h5", "\x89HDF\r\n\x1a\nsomebody else's");
  EXPECT_ERROR(ResultWriter(dir / "run", header, Existing::kReplace), "segments/other.h5: is no result of skipbench");
  EXPECT_TRUE(fs::exists(dir / "run/results.h5"));
  fs::remove(dir / "run/segments/other.h5");
  WriteFile(dir / "run/results.h5", "a letter");
  EXPECT_ERROR(ResultWriter(dir / "run", header, Existing::kReplace), "results.h5: is no result of skipbench");
}

TEST(Integrity, ADamagedResultCanBeOverwritten) {
  const TempDir dir;
  const RunHeader header = ExampleHeader();
  MakeRun(dir / "run", header);
  WriteFile(dir / "run/png/full_step/001000.png", "x");
  std::string bytes = ReadFile(dir / "run/results.h5");
  bytes.resize(bytes.size() / 2);
  WriteFile(dir / "run/results.h5", bytes);
  ResultWriter writer(dir / "run", header, Existing::kReplace);
  EXPECT_FALSE(fs::exists(dir / "run/results.h5"));
  EXPECT_FALSE(fs::exists(dir / "run/png"));
}

TEST(Integrity, AFolderThatIsMovedOrRemovedEndsTheRun) {
  const TempDir dir;
  const RunHeader header = ExampleHeader();
  const auto interrupted = [&](auto disturb, const std::string& message) {
    fs::remove_all(dir / "run");
    fs::remove_all(dir / "elsewhere");
    ResultWriter writer(dir / "run", header, false);
    writer.Commit(ExampleWave(header, 0, 2));
    disturb();
    EXPECT_ERROR(
        {
          writer.Commit(ExampleWave(header, 2, 4));
          writer.Finish();
        },
        message);
    EXPECT_FALSE(fs::exists(dir / "run/results.h5"));
  };
  interrupted([&] { fs::remove_all(dir / "run"); }, "the folder was removed, moved or replaced");
  interrupted([&] { fs::rename(dir / "run", dir / "elsewhere"); }, "the folder was removed, moved or replaced");
  EXPECT_EQ(ResultReader::Open(dir / "elsewhere").samples().size(), 2u);
  interrupted(
      [&] {
        fs::rename(dir / "run", dir / "elsewhere");
        ResultWriter(dir / "run", header, false);
      },
      "the folder was removed, moved or replaced");
  interrupted([&] { fs::remove_all(dir / "run/segments"); },
              "2 of the 6 samples that were stored here are gone, the sample with id 1000");
  // What another experiment left there meanwhile is not joined either.
  RunHeader other = header;
  other.seed = 1;
  MakeRun(dir / "other", other, 2);
  interrupted([&] { fs::rename(dir / "other/results.h5", dir / "run/segments/00000000.h5"); },
              "are not of one run: seed");
}

TEST(Integrity, APartThatIsGoneIsMissed) {
  const TempDir dir;
  const RunHeader header = ExampleHeader();
  {
    ResultWriter writer(dir / "run", header, false);
    writer.CommitExtra("study", [](hdf5::Group&) {});
    writer.Commit(ExampleWave(header, 0, 6));
    fs::remove(dir / "run/segments/study.h5");
    EXPECT_ERROR(writer.Finish(), "the part study that was stored here is gone");
  }
  ResultWriter writer(dir / "run", header, true);  // and made again
  EXPECT_FALSE(writer.ReadExtra("study", [](const hdf5::Group&) {}));
  writer.CommitExtra("study", [](hdf5::Group&) {});
  writer.Finish();
  EXPECT_TRUE(ResultReader::Open(dir / "run").complete());
}

TEST(Integrity, OneMergeAtATime) {
  const TempDir dir;
  const RunHeader header = ExampleHeader();
  MakeRun(dir / "a", header);
  {
    const FolderLock lock(dir / "out");
    EXPECT_ERROR(MergeResults({dir / "a"}, dir / "out"), "another run or merge is writing into this folder");
    EXPECT_FALSE(fs::exists(dir / "out/results.h5"));
  }
  {
    const MergeSummary first = MergeResults({dir / "a"}, dir / "out");  // its contact sheet is still to come
    EXPECT_ERROR(MergeResults({dir / "a"}, dir / "out"), "another run or merge is writing into this folder");
  }
  MergeResults({dir / "a"}, dir / "out");
  EXPECT_TRUE(ResultReader::Open(dir / "out").complete());
}

TEST(Integrity, WhatAKilledWriterLeftGoesWithTheNextRunOrMerge) {
  const TempDir dir;
  const RunHeader header = ExampleHeader();
  MakeRun(dir / "a", header);
  const std::vector<std::string> left = {".results.h5.aB3xY9.tmp", "segments/.00000000.h5.aB3xY9.tmp",
                                         ".contact_sheet.png.aB3xY9.tmp", "png/full_step/.000000.png.aB3xY9.tmp",
                                         "apng/full_step/.000000.png.aB3xY9.tmp"};
  const std::vector<std::string> others = {"notes.tmp", "their.h5.old.tmp", "png/full_step/.notes.tmp"};
  const auto expect = [&](const char* out, const std::function<void()>& write) {
    SCOPED_TRACE(out);
    for (const auto* names : {&left, &others})
      for (const auto& name : *names) WriteFile(dir / out / name, "half");
    write();
    for (const auto& name : left) EXPECT_FALSE(fs::exists(dir / out / name)) << name;
    for (const auto& name : others) EXPECT_TRUE(fs::exists(dir / out / name)) << name;
  };
  expect("merged", [&] { MergeResults({dir / "a"}, dir / "merged"); });
  expect("merged", [&] { MergeResults({dir / "a"}, dir / "merged"); });  // made before: nothing is written
  expect("run", [&] { MakeRun(dir / "run", header); });
  EXPECT_TRUE(ResultReader::Open(dir / "merged").complete());
}

// On a file system without locks two writers may be at work: each has a file of its own until it is complete.
TEST(Integrity, TwoWritersOfOneNameMakeOneWholeFile) {
  const TempDir dir;
  hdf5::FileWriter first(dir / "file.h5"), second(dir / "file.h5");
  for (const auto& entry : fs::directory_iterator(dir.path()))
    EXPECT_TRUE(IsTemporaryName(entry.path().filename().string())) << entry.path();
  first.root().SetAttribute("by", std::string("first"));
  second.root().SetAttribute("by", std::string("second"));
  second.Commit();
  EXPECT_EQ(hdf5::OpenFile(dir / "file.h5").Attribute<std::string>("by"), "second");
  first.Commit();
  EXPECT_EQ(hdf5::OpenFile(dir / "file.h5").Attribute<std::string>("by"), "first");
  EXPECT_FALSE(IsTemporaryName("file.h5"));
  EXPECT_FALSE(IsTemporaryName("file.tmp"));
}

TEST(Integrity, AMergeTakesPicturesOfEveryKind) {
  const TempDir dir;
  for (int shard = 0; shard < 2; ++shard) {
    RunHeader header = ExampleHeader();
    header.shard = {shard, 2};
    const fs::path folder = dir / std::to_string(shard);
    ResultWriter writer(folder, header, false);
    writer.Commit(ExampleWave(header, shard * 3, 3));
    if (shard == 0) writer.Finish();
    for (int64_t k = shard * 3; k < shard * 3 + 3; ++k) {
      WriteFile(PicturePath(folder, "png", "full_step", ExampleId(k), true) / "0000.png", fmt::format("frame {}", k));
      WriteFile(PicturePath(folder, "apng", "full_step", ExampleId(k), true), fmt::format("apng {}", k));
      WriteFile(PicturePath(folder, "mp4", "full_step", ExampleId(k), true), fmt::format("mp4 {}", k));
    }
    WriteFile(folder / "png/full_step/notes.txt", "x");
    WriteFile(folder / "png/full_step/000001.png", "of no sample of this run");
  }
  MergeResults({dir / "0/results.h5", dir / "1"}, dir / "out");  // a file's pictures stand beside it
  for (int64_t k = 0; k < 6; ++k) {
    EXPECT_EQ(ReadFile(PicturePath(dir / "out", "png", "full_step", ExampleId(k), true) / "0000.png"),
              fmt::format("frame {}", k));
    EXPECT_EQ(ReadFile(PicturePath(dir / "out", "apng", "full_step", ExampleId(k), true)), fmt::format("apng {}", k));
    EXPECT_EQ(ReadFile(PicturePath(dir / "out", "mp4", "full_step", ExampleId(k), true)), fmt::format("mp4 {}", k));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(dir / "out/png/full_step"), fs::directory_iterator()), 6);
}

TEST(Outputs, FolderNames) {
  EXPECT_EQ(FolderName("adaptive_diffusion(delta=0.01,max_skips=4) [euler, 25 steps]"),
            "adaptive_diffusion_delta=0.01_max_skips=4_euler_25_steps");
  EXPECT_EQ(FolderName("../../etc"), "_.._.._etc");
  EXPECT_EQ(FolderName(".."), "_..");
  const auto names = FolderNames({"a b", "a,b", "A_b", "a_b_v2", "c"});
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 5u);
  EXPECT_EQ(names[0], "a_b");
  EXPECT_EQ(names[4], "c");
}

}  // namespace
}  // namespace skipbench
