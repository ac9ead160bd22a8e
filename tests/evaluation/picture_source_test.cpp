#include "harness/evaluation/picture_source.h"

#include <atomic>

#include "harness/evaluation/prefetch.h"
#include "tests/evaluation/pictures.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::MakePicture;
using testing::TempDir;
using testing::WriteFile;
using testing::WritePicture;

std::vector<std::string> Names(const PictureSource& source) {
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
  const auto source = OpenPictureFolder(dir.path(), FolderContent::kPictures);
  EXPECT_EQ(Names(*source), (std::vector<std::string>{"2", "10", "sub/1"}));
  EXPECT_TRUE(at::equal(source->Read(0), MakePicture(3)));
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
    const auto source = OpenPictureFolder(dir / folder, FolderContent::kClips);
    ASSERT_EQ(Names(*source), std::vector<std::string>{"walk"}) << folder;
    const at::Tensor clip = source->Read(0);
    EXPECT_EQ(clip.sizes(), (at::IntArrayRef{4, 3, 24, 20}));
    EXPECT_TRUE(at::equal(clip[2], MakePicture(10)));  // 8, 9, 10, 11
  }
  WritePicture(dir / "a/walk/99.png", MakePicture(1, 24, 21));
  EXPECT_ERROR(OpenPictureFolder(dir / "a", FolderContent::kClips)->Read(0),
               "walk/99.png: 21 x 24 pixels, but the clip's first frame");
}

TEST(PictureFolder, Pairs) {
  const TempDir dir;
  for (int i : {3, 1, 2}) {
    WritePicture(dir / fmt::format("a/{}.png", i), MakePicture(i));
    WritePicture(dir / fmt::format("b/{}.png", 4 - i), MakePicture(i));
  }
  WritePicture(dir / "b/0.png", MakePicture(9));
  const auto a = OpenPictureFolder(dir / "a", FolderContent::kPictures),
             b = OpenPictureFolder(dir / "b", FolderContent::kPictures);
  EXPECT_ERROR(PairByName(*a, *b), "1 of");
  EXPECT_ERROR(PairByName(*b, *a), "have no partner in");
  std::filesystem::remove(dir / "b/0.png");
  const auto again = OpenPictureFolder(dir / "b", FolderContent::kPictures);
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
