#include "harness/io/hdf5/hdf5.h"
#include "harness/base/text.h"

#include <fmt/format.h>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <limits>
#include <random>

#include "harness/io/hdf5/hdf5_guarded.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using hdf5::FileWriter;
using hdf5::Group;
using testing::ReadFile;
using testing::TempDir;
using testing::WriteFile;

template <class T>
std::vector<T> Extremes() {
  using L = std::numeric_limits<T>;
  if constexpr (L::is_integer)
    return {L::min(), L::max(), T{0}, T{1}};
  else
    return {L::lowest(), L::max(),      L::denorm_min(), L::epsilon(),  T(0.1),
            T(-0.0),     L::infinity(), -L::infinity(),  L::quiet_NaN()};
}

template <class T>
void ExpectSurvives() {
  TempDir dir;
  const std::vector<T> values = Extremes<T>();
  {
    FileWriter file(dir / "a.h5");
    file.root().Write("x", values, {static_cast<int64_t>(values.size())}, {"sample"});
    file.Commit();
  }
  const Group root = hdf5::OpenFile(dir / "a.h5");
  const auto read = root.Read<T>("x");
  ASSERT_EQ(read.size(), values.size());
  EXPECT_EQ(std::memcmp(read.data(), values.data(), values.size() * sizeof(T)), 0);
}

TEST(Hdf5, EveryNumberSurvivesBitForBit) {
  ExpectSurvives<uint8_t>();
  ExpectSurvives<int16_t>();
  ExpectSurvives<int32_t>();
  ExpectSurvives<int64_t>();
  ExpectSurvives<uint64_t>();
  ExpectSurvives<float>();
  ExpectSurvives<double>();
}

TEST(Hdf5, TextAttributesAndGroupsSurvive) {
  TempDir dir;
  const std::vector<std::string> texts = {"", "a", "naïve – 靴 \xf0\x9f\x91\x9f", std::string(100000, 'x')};
  {
    FileWriter file(dir / "a.h5");
    Group& root = file.root();
    root.SetAttribute("long", std::string(200000, 'y'));  // beyond the 64 KiB of old attributes
    root.SetAttribute("list", texts);
    root.SetAttribute("none", std::vector<std::string>{});
    root.SetAttribute("seed", uint64_t{18446744073709551615ull});
    root.SetAttribute("numbers", std::vector<double>{0.1, -1e300});
    for (int i = 0; i < 12; ++i) root.CreateGroup(fmt::format("g{}", 11 - i)).SetAttribute("i", int64_t{i});
    root.Write("texts", texts, {2, 2}, {"row", "column"});
    root.Write("empty", std::vector<double>{}, {0, 3}, {"row", "column"}, "s");
    file.Commit();
  }
  const Group root = hdf5::OpenFile(dir / "a.h5");
  EXPECT_EQ(root.Attribute<std::string>("long").size(), 200000u);
  EXPECT_EQ(root.AttributeList<std::string>("list"), texts);
  EXPECT_TRUE(root.AttributeList<std::string>("none").empty());
  EXPECT_EQ(root.Attribute<uint64_t>("seed"), 18446744073709551615ull);
  EXPECT_EQ(root.AttributeList<double>("numbers"), (std::vector<double>{0.1, -1e300}));
  EXPECT_EQ(root.Read<std::string>("texts"), texts);
  EXPECT_EQ(root.OpenDataset("texts").AxisNames(), (std::vector<std::string>{"row", "column"}));
  EXPECT_TRUE(root.Read<double>("empty").empty());
  EXPECT_EQ(root.OpenDataset("empty").Units(), "s");
  const auto members = root.Members();
  ASSERT_EQ(members.size(), 14u);
  EXPECT_EQ(members[0], "g11");  // the order of creation
  EXPECT_EQ(members[11], "g0");
  EXPECT_TRUE(root.IsGroup("g3"));
  EXPECT_FALSE(root.IsGroup("texts"));
  EXPECT_FALSE(root.Has("nothing"));
}

TEST(Hdf5, RowsAreWrittenAndReadInPieces) {
  TempDir dir;
  {
    FileWriter file(dir / "a.h5");
    auto x = file.root().CreateDataset("x", hdf5::Type::kInt32, {4, 2}, {"row", "column"});
    x.WriteRows<int32_t>(2, std::vector<int32_t>{5, 6, 7, 8});
    x.WriteRows<int32_t>(0, std::vector<int32_t>{1, 2, 3, 4});
    EXPECT_ERROR(x.WriteRows<int32_t>(3, std::vector<int32_t>{1, 2, 3, 4}), "do not fit");
    EXPECT_ERROR(x.WriteRows<int32_t>(0, std::vector<int32_t>{1, 2, 3}), "do not fit");
    EXPECT_ERROR(x.WriteRows<float>(0, std::vector<float>{1, 2}), "holds int32, not float32");
    file.Commit();
  }
  const auto x = hdf5::OpenFile(dir / "a.h5").OpenDataset("x");
  EXPECT_EQ(x.ReadRows<int32_t>(1, 2), (std::vector<int32_t>{3, 4, 5, 6}));
  EXPECT_EQ(x.Read<double>(), (std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(x.Read<int64_t>().size(), 8u);
  EXPECT_ERROR(x.Read<int16_t>(), "holds int32, expected int16");
  EXPECT_ERROR(x.Read<float>(), "holds int32, expected float32");
  EXPECT_ERROR(x.ReadRows<int32_t>(3, 2), "has 4 rows");
}

TEST(Hdf5, MissingThingsAndWrongTypesAreNamed) {
  TempDir dir;
  {
    FileWriter file(dir / "a.h5");
    file.root().SetAttribute("text", std::string("x"));
    file.root().CreateGroup("g").Write("x", std::vector<double>{1}, {1}, {"row"});
    EXPECT_ERROR(file.root().CreateGroup("g"), "g");
    EXPECT_ERROR(file.root().SetAttribute("bad", std::string("\xff")), "not valid UTF-8");
    EXPECT_ERROR(file.root().SetAttribute("bad", std::string("a\0b", 3)), "zero byte");
    EXPECT_ERROR(
        file.root().CreateDataset("huge", hdf5::Type::kFloat64, {int64_t{1} << 40, int64_t{1} << 40}, {"a", "b"}),
        "axis length");
    EXPECT_ERROR(file.root().CreateDataset("y", hdf5::Type::kFloat64, {1, 2}, {"a"}), "names for them");
    file.Commit();
  }
  const Group root = hdf5::OpenFile(dir / "a.h5");
  EXPECT_ERROR(root.Attribute<int64_t>("text"), "a.h5: /: the attribute text is not of type int64");
  EXPECT_ERROR(root.Attribute<int64_t>("n"), "the attribute n is missing");
  EXPECT_ERROR(root.OpenGroup("g").OpenDataset("y"), "a.h5: /g/y: missing");
  EXPECT_ERROR(root.OpenDataset("g"), "cannot be opened as a dataset");
  EXPECT_ERROR(root.OpenGroup("../g"), "cannot be the name");
  EXPECT_ERROR(hdf5::OpenFile(dir / "b.h5"), "b.h5: cannot be opened: No such file");
  EXPECT_ERROR(hdf5::OpenFile(dir.path()), "not a regular file");
  WriteFile(dir / "c.h5", "hello");
  EXPECT_ERROR(hdf5::OpenFile(dir / "c.h5"), "not an HDF5 file of skipbench");
  testing::WriteFile(dir / "empty.h5", "");
  EXPECT_ERROR(hdf5::OpenFile(dir / "empty.h5"), "(its first bytes are missing: it is empty)");
  WriteFile(dir / "d.h5", "");
  EXPECT_ERROR(hdf5::OpenFile(dir / "d.h5"), "d.h5: not an HDF5 file");
}

TEST(Hdf5, NothingShowsUntilCommit) {
  TempDir dir;
  WriteFile(dir / "a.h5", "the old one");
  {
    FileWriter file(dir / "a.h5");
    file.root().Write("x", std::vector<double>{1}, {1}, {"row"});
  }
  EXPECT_EQ(ReadFile(dir / "a.h5"), "the old one");
  EXPECT_FALSE(fs::exists(dir / "a.h5.tmp"));
}

TEST(Hdf5, EqualContentGivesEqualFiles) {
  TempDir dir;
  for (const char* name : {"a.h5", "b.h5"}) {
    FileWriter file(dir / name);
    file.root().SetAttribute("text", std::string("x"));
    file.root().CreateGroup("g").Write("x", std::vector<double>{1, 2}, {2}, {"row"});
    file.Commit();
  }
  EXPECT_EQ(ReadFile(dir / "a.h5"), ReadFile(dir / "b.h5"));
}

std::string SmallFile(const fs::path& path) {
  FileWriter file(path);
  file.root().SetAttribute("text", std::string("some text"));
  Group g = file.root().CreateGroup("g");
  g.Write("x", std::vector<double>(50, 1.5), {10, 5}, {"row", "column"});
  g.Write("s", std::vector<std::string>{"one", "two"}, {2}, {"row"});
  file.Commit();
  return ReadFile(path);
}

TEST(Hdf5, EveryTruncationIsAnError) {
  TempDir dir;
  const std::string bytes = SmallFile(dir / "a.h5");
  for (size_t length = 0; length < bytes.size(); length += 41) {
    WriteFile(dir / "cut.h5", std::string_view(bytes).substr(0, length));
    EXPECT_ERROR(hdf5::OpenFile(dir / "cut.h5"), "cut.h5: ");
  }
}

TEST(Hdf5, EveryChangedByteIsAnError) {
  TempDir dir;
  const std::string bytes = SmallFile(dir / "a.h5");
  std::mt19937 random(1);
  const size_t text_end = bytes.find('\0');
  for (int i = 0; i < 500; ++i) {
    std::string damaged = bytes;
    // The user block's padding is nobody's data.
    const size_t at = i < 100 ? random() % text_end : 512 + random() % (bytes.size() - 512);
    damaged[at] = static_cast<char>(damaged[at] ^ (1 + random() % 255));
    WriteFile(dir / "damaged.h5", damaged);
    EXPECT_ERROR(hdf5::OpenFile(dir / "damaged.h5"), "damaged.h5: ");
  }
}

TEST(Hdf5, FilesWithoutOurUserBlockAreReadGuardedAndTruncationNoticed) {
  TempDir dir;
  const std::string bytes = SmallFile(dir / "a.h5");
  // What h5repack leaves: the same file without its user block. Addresses are relative to the superblock.
  WriteFile(dir / "bare.h5", std::string_view(bytes).substr(512));
  EXPECT_ERROR(hdf5::OpenFile(dir / "bare.h5"), "bare.h5: has none of the lines that skipbench begins its files with");
  EXPECT_EQ(hdf5::OpenGuarded(dir / "bare.h5").root.OpenGroup("g").Read<double>("x"), std::vector<double>(50, 1.5));
  WriteFile(dir / "cut.h5", std::string_view(bytes).substr(512, (bytes.size() - 512) / 2));
  EXPECT_ERROR(hdf5::OpenGuarded(dir / "cut.h5"), "cut.h5: not a readable HDF5 file");
}

TEST(Hdf5, AFullDiskIsOneErrorAndLeavesNothing) {
  TempDir dir;
  // A limit on the size of files acts as a full disk does, at any byte we like.
  signal(SIGXFSZ, SIG_IGN);
  const size_t whole = SmallFile(dir / "whole.h5").size();
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  for (rlim_t limit = 0; limit < whole; limit += 97) {
    rlimit lowered = {limit, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &lowered), 0);
    std::string message;
    try {
      SmallFile(dir / "a.h5");
    } catch (const Error& error) {
      message = error.what();
    }
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_NE(message.find("a.h5: cannot be written: File too large"), std::string::npos) << limit << ": " << message;
    EXPECT_FALSE(fs::exists(dir / "a.h5"));
    EXPECT_FALSE(fs::exists(dir / "a.h5.tmp"));
  }
  EXPECT_EQ(SmallFile(dir / "a.h5").size(), whole);  // and afterwards all is well
  signal(SIGXFSZ, SIG_DFL);
}

TEST(Hdf5, ErrorsOfHdf5AreNotPrinted) {
  TempDir dir;
  SmallFile(dir / "a.h5");
  ::testing::internal::CaptureStderr();
  const Group root = hdf5::OpenFile(dir / "a.h5");
  EXPECT_ERROR(root.OpenDataset("g"), "cannot be opened as a dataset");
  EXPECT_ERROR(root.OpenGroup("g").OpenGroup("x"), "cannot be opened as a group");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace skipbench
