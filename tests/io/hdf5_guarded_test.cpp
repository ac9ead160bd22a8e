#include "harness/io/hdf5/hdf5_guarded.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <functional>
#include <random>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using hdf5::FileWriter;
using hdf5::Group;
using hdf5::OpenGuarded;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ReadFile;
using testing::TempDir;
using testing::WriteFile;

void WriteSmall(const fs::path& path) {
  FileWriter file(path);
  file.root().SetAttribute("name", std::string("small"));
  file.root().SetAttribute("list", std::vector<std::string>{"a", "bc"});
  Group g = file.root().CreateGroup("g");
  g.SetAttribute("seed", uint64_t{18446744073709551615ull});
  auto x = g.CreateDataset("x", hdf5::Type::kFloat64, {100, 5}, {"row", "column"}, "dB");
  x.WriteRows<double>(50, std::vector<double>(250, 2.5));  // rows come in any order
  x.WriteRows<double>(0, std::vector<double>(250, 1.5));
  g.Write("s", std::vector<std::string>{"one", "", "drei – №"}, {3}, {"row"});
  g.Write("empty", std::vector<int32_t>{}, {0}, {"row"});
  file.Commit();
}

void ExpectSmall(const Group& root) {
  EXPECT_EQ(root.Attribute<std::string>("name"), "small");
  EXPECT_EQ(root.AttributeList<std::string>("list"), (std::vector<std::string>{"a", "bc"}));
  const Group g = root.OpenGroup("g");
  EXPECT_EQ(g.Attribute<uint64_t>("seed"), 18446744073709551615ull);
  EXPECT_THAT(g.Members(), ElementsAre("x", "s", "empty"));
  EXPECT_EQ(g.OpenDataset("x").ReadRows<double>(49, 2),
            (std::vector<double>{1.5, 1.5, 1.5, 1.5, 1.5, 2.5, 2.5, 2.5, 2.5, 2.5}));
  EXPECT_EQ(g.OpenDataset("x").Units(), "dB");
  EXPECT_EQ(g.OpenDataset("x").AxisNames(), (std::vector<std::string>{"row", "column"}));
  EXPECT_EQ(g.Read<std::string>("s"), (std::vector<std::string>{"one", "", "drei – №"}));
  EXPECT_TRUE(g.Read<int32_t>("empty").empty());
}

// Opens the file for reading and writing, as h5py does.
void Edit(const fs::path& path, const std::function<void(hid_t)>& edit) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  edit(file);
  ASSERT_GE(H5Fclose(file), 0);
}

void AddAttribute(hid_t file, const char* object, const char* name) {
  const hid_t space = H5Screate(H5S_SCALAR), at = H5Oopen(file, object, H5P_DEFAULT);
  const hid_t attribute = H5Acreate2(at, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
  const int64_t value = 1;
  H5Awrite(attribute, H5T_NATIVE_INT64, &value);
  H5Aclose(attribute);
  H5Oclose(at);
  H5Sclose(space);
}

void ChangeValue(hid_t file) {
  const hid_t x = H5Dopen2(file, "/g/x", H5P_DEFAULT);
  std::vector<double> values(500, 1.0);
  H5Dwrite(x, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Dclose(x);
}

TEST(Hdf5Guarded, AFileAsItWasWritten) {
  TempDir dir;
  WriteSmall(dir / "a.h5");
  const auto file = OpenGuarded(dir / "a.h5");
  ExpectSmall(file.root);
  EXPECT_FALSE(file.copied);
  EXPECT_TRUE(file.notes.empty());
}

TEST(Hdf5Guarded, AnAnnotatedFileIsReadWithANote) {
  TempDir dir;
  WriteSmall(dir / "a.h5");
  Edit(dir / "a.h5", [](hid_t file) { AddAttribute(file, "/", "note"); });
  EXPECT_ERROR(hdf5::OpenFile(dir / "a.h5"), "a.h5: changed since it was written, by a program that writes HDF5");
  const auto file = OpenGuarded(dir / "a.h5");
  ExpectSmall(file.root);
  EXPECT_THAT(file.notes,
              ElementsAre(HasSubstr("a.h5: changed after the run; all that the run wrote is there as it wrote it. "
                                    "Added since, and not read: /: note")));
  EXPECT_FALSE(file.root.HasAttribute("note"));
  EXPECT_ERROR(file.root.Attribute<int64_t>("name"), "a.h5: /: the attribute name is not of type int64");
}

TEST(Hdf5Guarded, WhatOthersAddedIsLeftOut) {
  TempDir dir;
  WriteSmall(dir / "a.h5");
  Edit(dir / "a.h5", [](hid_t file) {
    H5Gclose(H5Gcreate2(file, "/theirs", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    AddAttribute(file, "/theirs", "n");
    const hsize_t length = 3;
    const hid_t space = H5Screate_simple(1, &length, nullptr), type = H5Tcreate(H5T_OPAQUE, 5);
    H5Dclose(H5Dcreate2(file, "/g/opaque", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    H5Tclose(type);
    AddAttribute(file, "/g/x", "checked");
  });
  const auto file = OpenGuarded(dir / "a.h5");
  ExpectSmall(file.root);
  EXPECT_THAT(file.root.Members(), ElementsAre("g"));
  EXPECT_FALSE(file.root.OpenGroup("g").OpenDataset("x").HasAttribute("checked"));
  EXPECT_THAT(file.notes,
              ElementsAre(::testing::AllOf(HasSubstr("/theirs"), HasSubstr("/g/opaque"), HasSubstr("/g/x: checked"))));
}

TEST(Hdf5Guarded, ChangedValuesAreRefused) {
  TempDir dir;
  WriteSmall(dir / "in_place.h5");
  fs::copy(dir / "in_place.h5", dir / "larger.h5");
  Edit(dir / "in_place.h5", ChangeValue);
  Edit(dir / "larger.h5", [](hid_t file) {
    ChangeValue(file);
    AddAttribute(file, "/", "note");
  });
  EXPECT_ERROR(OpenGuarded(dir / "in_place.h5"), "in_place.h5: damaged, or changed since it was written");
  EXPECT_ERROR(OpenGuarded(dir / "larger.h5"), "1 of the 11 things that the run wrote");
  EXPECT_ERROR(OpenGuarded(dir / "larger.h5"),
               "changed, or added since: /: note, /g/x; --unchecked reads it all the same");
  for (const char* name : {"in_place.h5", "larger.h5"}) {
    const auto file = OpenGuarded(dir / name, /*unchecked=*/true);
    EXPECT_EQ(file.root.OpenGroup("g").Read<double>("x"), std::vector<double>(500, 1.0));
    EXPECT_THAT(file.notes, ElementsAre(HasSubstr("read without a check: ")));
  }
}

TEST(Hdf5Guarded, RemovedThingsAreMissed) {
  TempDir dir;
  WriteSmall(dir / "a.h5");
  Edit(dir / "a.h5", [](hid_t file) {
    H5Ldelete(file, "/g/s", H5P_DEFAULT);
    for (const char* name : {"one", "two", "three", "four"}) AddAttribute(file, "/", name);
  });
  EXPECT_ERROR(OpenGuarded(dir / "a.h5"),
               "2 of the 11 things that the run wrote (groups, datasets, attributes) are not there");
}

TEST(Hdf5Guarded, WithoutOurFirstLinesTheListOfChecksumsDecides) {
  TempDir dir;
  WriteSmall(dir / "a.h5");
  const std::string bytes = ReadFile(dir / "a.h5");
  WriteFile(dir / "stripped.h5", std::string_view(bytes).substr(512));
  const auto file = OpenGuarded(dir / "stripped.h5");
  ExpectSmall(file.root);
  EXPECT_THAT(file.notes, ElementsAre(::testing::EndsWith(
                              "stripped.h5: changed after the run; all that the run wrote is there as it wrote it")));
  Edit(dir / "stripped.h5", [](hid_t f) { H5Adelete(f, hdf5::kChecksums); });
  EXPECT_ERROR(OpenGuarded(dir / "stripped.h5"), "and so no checksum; --unchecked reads it all the same");
  ExpectSmall(OpenGuarded(dir / "stripped.h5", /*unchecked=*/true).root);
}

// Four hundred copies, each truncated, with changed or zeroed bytes, or with something behind its end.
TEST(Hdf5Guarded, DamagedCopiesAreRefused) {
  TempDir dir;
  WriteSmall(dir / "a.h5");
  const std::string bytes = ReadFile(dir / "a.h5");
  const size_t text_end = bytes.find('\0');
  std::mt19937 random(16);
  for (int i = 0; i < 400; ++i) {
    std::string damaged = bytes;
    switch (i % 4) {
      case 0: damaged.resize(random() % bytes.size()); break;
      case 1: {
        // The padding of the first lines is nobody's data.
        const size_t at = i % 3 == 0 ? random() % text_end : 512 + random() % (bytes.size() - 512);
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random() % 8)));
        break;
      }
      case 2: {
        const size_t at = 512 + random() % (bytes.size() - 512),
                     count = std::min<size_t>(1 + random() % 600, bytes.size() - at);
        damaged.replace(at, count, count, i % 3 == 0 ? '\0' : '\xff');
        break;
      }
      default: damaged.append(1 + random() % 3000, static_cast<char>(random()));
    }
    if (damaged == bytes) continue;
    WriteFile(dir / "damaged.h5", damaged);
    EXPECT_ERROR(OpenGuarded(dir / "damaged.h5"), "damaged.h5: ");
    if (HasFailure()) FAIL() << "copy " << i;
  }
}

TEST(Hdf5Guarded, MoreValuesThanAFileCanHoldAreRefused) {
  TempDir dir;
  WriteSmall(dir / "a.h5");
  const Group root = hdf5::OpenFile(dir / "a.h5");
  EXPECT_EQ(hdf5::SurveyOf(root, 16 * 500 + 16 * 3 + 15, [] {}).contents.items().size(), 11u);
  EXPECT_ERROR(hdf5::SurveyOf(root, 16 * 500 - 1, [] {}), "a.h5: /g/x: claims more values than a file");
  EXPECT_ERROR(hdf5::SurveyOf(root, 16 * 500 + 16 * 3 + 14, [] {}), "a.h5: /g/s: claims more values than a file");
}

TEST(Hdf5Guarded, TextThatIsNoUtf8IsMadeSo) {
  TempDir dir;
  WriteSmall(dir / "a.h5");
  Edit(dir / "a.h5", [](hid_t file) {
    const hid_t s = H5Dopen2(file, "/g/s", H5P_DEFAULT), type = H5Dget_type(s);
    const char* const texts[] = {"one", "t\xE9", "three"};
    H5Dwrite(s, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts);
    H5Tclose(type);
    H5Dclose(s);
    AddAttribute(file, "/", "note");
  });
  const auto file = OpenGuarded(dir / "a.h5", /*unchecked=*/true);
  EXPECT_THAT(file.root.OpenGroup("g").Read<std::string>("s"), ElementsAre("one", "t\uFFFD", "three"));
}

}  // namespace
}  // namespace skipbench
