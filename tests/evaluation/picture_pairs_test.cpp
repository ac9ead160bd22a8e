#include "harness/evaluation/picture_pairs.h"

#include <gmock/gmock.h>

#include <atomic>

#include "datasets/picture_set.h"
#include "harness/evaluation/prefetch.h"
#include "tests/evaluation/pictures.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using ::testing::HasSubstr;
using testing::MakePicture;
using testing::TempDir;
using testing::WriteFile;
using testing::WritePicture;

std::vector<std::string> Names(const PictureSet& source) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < source.size(); ++i) names.push_back(source.name(i));
  return names;
}

TEST(NaturalOrder, NumbersCompareAsNumbers) {
  EXPECT_TRUE(NaturalLess("frame_2", "frame_10"));
  EXPECT_FALSE(NaturalLess("frame_10", "frame_2"));
  EXPECT_TRUE(NaturalLess("a/9/x", "a/10/x"));
  EXPECT_TRUE(NaturalLess("a", "a1"));
  EXPECT_TRUE(NaturalLess("a01", "a1") != NaturalLess("a1", "a01"));
  EXPECT_FALSE(NaturalLess("same7", "same7"));
  EXPECT_TRUE(NaturalLess("99999999999999999999999998", "99999999999999999999999999"));
}

TEST(PictureFolder, TakesEveryPictureBelowItAndNothingElse) {
  const TempDir dir;
  for (const char* name : {"10.png", "2.png", "sub/1.PNG", ".hidden.png", ".cache/3.png"})
    WritePicture(dir / name, MakePicture(3));
  WriteFile(dir / "notes.txt", "no picture");
  const auto source = OpenPictureSet(dir.path(), {});
  EXPECT_EQ(Names(*source), (std::vector<std::string>{"2", "10", "sub/1"}));
  EXPECT_TRUE(at::equal(ReadPicture(*source, 0), MakePicture(3)));
  EXPECT_FALSE(source->clips());
}

TEST(PictureFolder, ClipsAreSubfoldersOrSequences) {
  const TempDir dir;
  for (int t = 8; t < 12; ++t) {
    WritePicture(dir / fmt::format("a/walk/{}.png", t), MakePicture(t));
    WritePicture(dir / fmt::format("b/walk-{}.png", t), MakePicture(t));
    WritePicture(dir / fmt::format("walk/{}.png", t), MakePicture(t));
  }
  at::Tensor first;
  for (const char* folder : {"a", "b", "walk"}) {
    const auto source = OpenPictureSet(dir / folder, {.clips = true});
    ASSERT_EQ(Names(*source), std::vector<std::string>{"walk"}) << folder;
    const at::Tensor clip = ReadPicture(*source, 0);
    EXPECT_EQ(clip.sizes(), (at::IntArrayRef{4, 3, 24, 20}));
    EXPECT_TRUE(at::equal(clip[2], MakePicture(10)));  // 8, 9, 10, 11
  }
  WritePicture(dir / "a/walk/99.png", MakePicture(1, 24, 21));
  EXPECT_ERROR(ReadPicture(*OpenPictureSet(dir / "a", {.clips = true}), 0),
               "walk/99.png: 21 x 24 pixels, but the clip's first frame");
}

// A number that is missing between a clip's frames is named; every n-th frame of a video has no gaps.
TEST(PictureFolder, FramesThatAreMissing) {
  const auto note = [](const std::vector<const char*>& frames, int64_t first = 0) {
    const TempDir dir;
    for (int frame = 1; frame < 4; ++frame) WritePicture(dir / fmt::format("a/whole/{}.png", frame), MakePicture(1));
    for (const char* frame : frames) WritePicture(dir / fmt::format("a/walk/{}.png", frame), MakePicture(1));
    const auto notes = OpenPictureSet(dir / "a", {.clips = true, .frames = first})->notes();
    if (notes.empty()) return std::string();
    EXPECT_EQ(notes.size(), 1u);
    return notes[0].substr(dir.path().string().size());
  };
  EXPECT_THAT(
      note({"0001", "0002", "0004"}),
      ::testing::AllOf(HasSubstr("/a: 1 of 2 clips lacks frames, as the numbers in their names say (after "),
                       HasSubstr("/a/walk/0002.png comes 0004.png); those that are there are taken as one after")));
  EXPECT_THAT(note({"f_08", "f_09", "f_12", "f_13", "f_20"}), HasSubstr("f_09.png comes f_12.png"));
  EXPECT_THAT(note({"0", "4", "8", "16", "20"}), HasSubstr("8.png comes 16.png"));
  EXPECT_EQ(note({"0001", "0002", "0004"}, 2), "");  // --frames 2 does not reach it
  EXPECT_EQ(note({"0", "4", "8", "12"}), "");
  EXPECT_EQ(note({"7", "8", "9", "10", "11"}), "");
  EXPECT_EQ(note({"1", "3"}), "");
  EXPECT_EQ(note({"1700000031", "1700000087", "1700000131"}), "");  // times
  EXPECT_EQ(note({"a", "b", "d"}), "");
  EXPECT_EQ(note({"1", "2", "99999999999999999999"}), "");  // no number that fits
}

// As a Mac and an archive leave them, and as people link them together.
TEST(PictureFolder, LinksAndLeftovers) {
  const TempDir dir;
  for (const char* name : {"real/1.png", "real/sub/2.png", "other/3.png"}) WritePicture(dir / name, MakePicture(3));
  for (const char* name : {"real/._1.png", "real/__MACOSX/1.png", "real/sub/.thumbs/1.jpg"})
    WriteFile(dir / name, "no picture");
  std::filesystem::create_symlink(dir / "other/3.png", dir / "real/link.png");
  std::filesystem::create_directory_symlink(dir / "other", dir / "real/more");
  EXPECT_EQ(Names(*OpenPictureSet(dir / "real")), (std::vector<std::string>{"1", "link", "more/3", "sub/2"}));
  std::filesystem::create_symlink(dir / "gone.png", dir / "real/z.png");
  const auto source = OpenPictureSet(dir / "real");
  EXPECT_ERROR(ReadPicture(*source, source->size() - 1), "z.png: cannot be opened");
  std::filesystem::create_directory_symlink(dir / "real", dir / "real/sub/again");
  EXPECT_ERROR(OpenPictureSet(dir / "real"), "again: leads back into a folder that it is in");
}

// Never half of a folder.
TEST(PictureFolder, WhatCannotBeReadIsNamed) {
  const TempDir dir;
  WritePicture(dir / "a/1.png", MakePicture(3));
  for (const char* name : {"a/2.avif", "a/3.JP2"}) WriteFile(dir / name, "x");
  EXPECT_ERROR(OpenPictureSet(dir / "a"), "2 pictures in formats that are not read, ");
  EXPECT_ERROR(OpenPictureSet(dir / "a"), "a/2.avif the first");
  WritePicture(dir / "b/1.png", MakePicture(3));
  WriteFile(dir / "b/2.mp4", "x");
  EXPECT_ERROR(OpenPictureSet(dir / "b"), "b/2.mp4: a video among pictures");
  EXPECT_EQ(Names(*OpenPictureSet(dir / "b", {.clips = true})), (std::vector<std::string>{"2", "b"}));
  std::filesystem::create_directories(dir / "empty");
  EXPECT_ERROR(OpenPictureSet(dir / "empty"), "empty: no picture in it");
}

// A name tells files apart only where pairs go by it.
TEST(PictureFolder, EqualStems) {
  const TempDir dir;
  for (const char* name : {"a/1.png", "a/1.jpg", "b/1.png"}) WritePicture(dir / name, MakePicture(3));
  const auto a = OpenPictureSet(dir / "a"), b = OpenPictureSet(dir / "b");
  EXPECT_EQ(a->size(), 2);
  for (const auto& [first, second] : {std::pair(a.get(), b.get()), {b.get(), a.get()}})
    EXPECT_ERROR(PairByName(*first, *second),
                 "a/1.jpg and " + (dir / "a/1.png").string() + ": two pictures with one name, which cannot be paired");
}

TEST(PictureFolder, ClipsInOneFile) {
  const TempDir dir;
  const std::filesystem::path clips = testing::SourceDir() / "tests/io/clips";
  for (const char* name : {"plain.png", "palettes.gif"}) {
    std::filesystem::create_directories(dir / "a/sub");
    std::filesystem::copy_file(clips / name, dir / (std::string("a/sub/") + name));
  }
  const auto source = OpenPictureSet(dir / "a", {.clips = true});
  EXPECT_EQ(Names(*source), (std::vector<std::string>{"sub/palettes", "sub/plain"}));
  EXPECT_EQ(ReadPicture(*source, 0).sizes(), (at::IntArrayRef{4, 3, 14, 20}));
  EXPECT_EQ(ReadPicture(*OpenPictureSet(dir / "a", {.clips = true, .frames = 3}), 1).size(0), 3);
  EXPECT_ERROR(ReadPicture(*OpenPictureSet(dir / "a", {.clips = true, .frames = 5}), 1),
               "plain.png: a clip of 4 frames, the first 5 were asked for");
}

TEST(PictureFolder, Pairs) {
  const TempDir dir;
  for (int i : {3, 1, 2}) {
    WritePicture(dir / fmt::format("a/{}.png", i), MakePicture(i));
    WritePicture(dir / fmt::format("b/{}.png", 4 - i), MakePicture(i));
  }
  WritePicture(dir / "b/0.png", MakePicture(9));
  const auto a = OpenPictureSet(dir / "a"), b = OpenPictureSet(dir / "b");
  EXPECT_ERROR(PairByName(*a, *b), "1 of");
  EXPECT_ERROR(PairByName(*b, *a), "have no partner in");
  std::filesystem::remove(dir / "b/0.png");
  const auto again = OpenPictureSet(dir / "b");
  for (const auto& [i, k] : PairByName(*a, *again)) EXPECT_EQ(a->name(i), again->name(k));
}

TEST(Prefetch, KeepsTheOrderAndDoesNotRunAhead) {
  std::atomic<int64_t> started = 0;
  Prefetcher<int64_t> numbers(200, 4, 8, [&](int64_t k) {
    ++started;
    return k * k;
  });
  for (int64_t k = 0; !numbers.Done(); ++k) {
    EXPECT_EQ(numbers.Next(), k * k);
    EXPECT_LE(started, k + 1 + 8);
  }
  EXPECT_EQ(started, 200);
}

TEST(Prefetch, AnErrorComesInItsPlace) {
  Prefetcher<int> numbers(50, 3, 10, [](int64_t k) {
    if (k == 7) Fail("picture {}", k);
    return static_cast<int>(k);
  });
  for (int k = 0; k < 7; ++k) EXPECT_EQ(numbers.Next(), k);
  EXPECT_ERROR(numbers.Next(), "picture 7");
}  // the others are not waited for

}  // namespace
}  // namespace skipbench
