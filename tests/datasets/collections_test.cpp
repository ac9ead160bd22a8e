// Collections in the containers they are published in: CIFAR-10's binary version, LSUN's LMDB, folders of pictures;
// ImageNet's labels; prompt sets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>
#include <set>

#include "datasets/catalog.h"
#include "datasets/cifar10.h"
#include "datasets/lsun.h"
#include "datasets/picture_set.h"
#include "datasets/prompt_file.h"
#include "tests/datasets/dataset_folder.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempDir;
using testing::WriteFile;

class CollectionsTest : public testing::DatasetFolderTest {
 protected:
  static std::vector<int64_t> Labels(const Dataset& dataset) {
    std::vector<int64_t> labels;
    for (const auto& sample : dataset.samples()) labels.push_back(sample.label);
    return labels;
  }
  // `records` records whose pictures are told apart by their first pixel: (number, 2, 3).
  static std::string CifarRecords(int records, int label = 7) {
    std::string bytes;
    for (int r = 0; r < records; ++r) {
      bytes += static_cast<char>(label);
      for (int c = 0; c < 3; ++c) {
        std::string plane(1024, static_cast<char>(100 + c));
        plane[0] = static_cast<char>(c == 0 ? r : c + 1);
        plane[1] = static_cast<char>(50 + c);
        bytes += plane;
      }
    }
    return bytes;
  }
  static std::filesystem::path LsunSample() { return testing::SourceDir() / "tests/datasets/data/bedroom_val_lmdb"; }
};

TEST_F(CollectionsTest, Cifar10) {
  WriteFile(temp_ / "c/test_batch.bin", CifarRecords(10'000));
  const auto pictures = OpenCifar10(temp_ / "c", "test", false);
  EXPECT_EQ(pictures->size(), 10'000);
  EXPECT_EQ(pictures->name(3), "test_batch/00003");
  const Image image = pictures->Read(3);
  EXPECT_EQ(image.width, 32);
  EXPECT_EQ(image.height, 32);
  EXPECT_THAT(std::vector<int>(image.pixels.begin(), image.pixels.begin() + 6), ElementsAre(3, 2, 3, 50, 51, 52));
  EXPECT_EQ(image.pixels[3 * 1023 + 2], 102);
  const Dataset dataset = Make(R"({"type": "cifar10", "folder": "c", "split": "test", "count": 4, "offset": 10})");
  EXPECT_EQ(dataset.samples().size(), 4u);
  EXPECT_EQ(dataset.samples()[0].id, 10);
  EXPECT_EQ(*dataset.reference(), temp_ / "c/test_batch.bin");
  EXPECT_EQ(OpenPictureSet(*dataset.reference())->size(), 10'000);
  EXPECT_THAT(Preview(dataset), HasSubstr("10000 pictures of CIFAR-10 (test)"));
  EXPECT_ERROR(Make(R"({"type": "cifar10", "folder": "c"})"),
               "missing from CIFAR-10's binary version (train): data_batch_1.bin data_batch_2.bin");
  EXPECT_ERROR(Make(R"({"type": "cifar10", "folder": "c", "split": "both"})"),
               "data.split: expected one of train, test");
}

TEST_F(CollectionsTest, PartialOrWrongCifar10) {
  WriteFile(temp_ / "c/data_batch_1.bin", CifarRecords(2));
  WriteFile(temp_ / "c/data_batch_2.bin", CifarRecords(3));
  EXPECT_ERROR(OpenCifar10(temp_ / "c", "train", false), "data_batch_1.bin: 6146 bytes, expected 30730000");
  const auto pictures = OpenCifar10(temp_ / "c", "train", true);
  EXPECT_EQ(pictures->size(), 5);
  EXPECT_EQ(pictures->name(4), "data_batch_2/00002");
  EXPECT_EQ(pictures->Read(4).pixels[0], 2);
  EXPECT_ERROR(pictures->Read(5), "there are 5 pictures only");
  WriteFile(temp_ / "c/data_batch_2.bin", CifarRecords(3).substr(0, 5000));
  EXPECT_ERROR(OpenCifar10(temp_ / "c", "train", true), "data_batch_2.bin: 5000 bytes");
  WriteFile(temp_ / "c/data_batch_2.bin", CifarRecords(3, 11));
  EXPECT_ERROR(OpenCifar10(temp_ / "c", "train", true), "record 0 has the label 11, expected 0 to 9");
}

// LSUN's layout: keys and WebP or JPEG pictures, made with Python's lmdb and Pillow (data/make.py).
TEST_F(CollectionsTest, LsunDatabase) {
  const auto pictures = OpenLsun(LsunSample());
  ASSERT_EQ(pictures->size(), 3);
  EXPECT_THAT(pictures->name(0), HasSubstr("009e0b0c"));
  const Image red = pictures->Read(0);
  EXPECT_EQ(red.width, 8);
  EXPECT_EQ(red.height, 6);
  for (size_t p = 0; p < red.pixels.size(); p += 3)
    EXPECT_THAT(std::vector<int>(red.pixels.begin() + p, red.pixels.begin() + p + 3), ElementsAre(200, 30, 90));
  EXPECT_EQ(pictures->Read(1).width, 28);
  EXPECT_EQ(pictures->Read(2).width, 32);  // a JPEG
  const Dataset dataset = Make(fmt::format(R"({{"type": "lsun", "folder": "{}"}})", LsunSample().string()));
  EXPECT_EQ(dataset.samples().size(), 3u);
  EXPECT_THAT(dataset.description(), HasSubstr("3 pictures (LMDB)"));
}

TEST_F(CollectionsTest, BrokenLsunDatabase) {
  const std::string whole = testing::ReadFile(LsunSample() / "data.mdb");
  WriteFile(temp_ / "l/data.mdb", whole.substr(0, whole.size() - 4096));
  EXPECT_ERROR(OpenLsun(temp_ / "l"), "data.mdb: truncated: 8192 bytes, its own header says 12288");
  WriteFile(temp_ / "l/data.mdb", std::string(20000, 'x'));
  EXPECT_ERROR(OpenLsun(temp_ / "l"), "data.mdb: cannot be opened as an LMDB database");
  WriteFile(temp_ / "l/data.mdb", "");
  EXPECT_ERROR(OpenLsun(temp_ / "l"), "data.mdb");
  EXPECT_ERROR(Make(R"({"type": "lsun", "folder": "none"})"), "none: missing; expected an LSUN database");
  std::string broken = whole;
  const size_t webp = broken.find("WEBPVP8");
  ASSERT_NE(webp, std::string::npos);
  for (size_t i = webp; i < webp + 40; ++i) broken[i] = 'x';
  WriteFile(temp_ / "l/data.mdb", broken);
  const auto pictures = OpenLsun(temp_ / "l");
  int refused = 0;
  for (int64_t i = 0; i < pictures->size(); ++i) {
    try {
      pictures->Read(i);
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), HasSubstr("data.mdb: the picture 0"));
      ++refused;
    }
  }
  EXPECT_EQ(refused, 1);
}

// The processes that this one has started.
std::vector<pid_t> Children() {
  std::vector<pid_t> children;
  std::ifstream file(fmt::format("/proc/self/task/{}/children", gettid()));
  for (pid_t one; file >> one;) children.push_back(one);
  return children;
}

TEST_F(CollectionsTest, TheProcessThatReadsAnLsunDatabaseMayEnd) {
  const auto pictures = OpenLsun(LsunSample());
  if (Children().empty()) GTEST_SKIP() << "this system does not list children";
  for (const pid_t child : Children()) ASSERT_EQ(kill(child, SIGKILL), 0);
  EXPECT_ERROR(pictures->Read(0), "bedroom_val_lmdb/data.mdb: the picture 009e0b0c4f1d2a37f8e6c5b4a39281706f5e4d3c2: ");
  EXPECT_EQ(pictures->Read(0).width, 8);  // another one reads on
  EXPECT_EQ(pictures->Read(2).width, 32);
}

// What is mapped into memory and is no longer there ends whoever reads it.
TEST_F(CollectionsTest, AnLsunDatabaseMayGoWhileItIsRead) {
  WriteFile(temp_ / "l/data.mdb", testing::ReadFile(LsunSample() / "data.mdb"));
  const auto pictures = OpenLsun(temp_ / "l");
  std::filesystem::resize_file(temp_ / "l/data.mdb", 8192);
  EXPECT_ERROR(pictures->Read(1), "l/data.mdb: damaged: the process that read it ended with SIGBUS");
  EXPECT_ERROR(pictures->Read(1), "l/data.mdb: truncated: 8192 bytes, its own header says 12288");
  WriteFile(temp_ / "l/data.mdb", testing::ReadFile(LsunSample() / "data.mdb"));
  EXPECT_EQ(pictures->Read(1).width, 28);
}

// Resized copies have an entry that is no picture.
TEST_F(CollectionsTest, LsunWithALength) {
  const auto folder = testing::SourceDir() / "tests/datasets/data";
  EXPECT_EQ(OpenPictureSet(folder / "resized_lmdb")->size(), 3);
  EXPECT_EQ(OpenPictureSet(folder / "resized_lmdb")->Read(2).width, 8);
  EXPECT_ERROR(OpenPictureSet(folder / "two_sizes_lmdb"), "6 pictures, but its entry \"length\" says 3");
}

TEST_F(CollectionsTest, FoldersOfPicturesAndWhatIsWhat) {
  const auto lsun = OpenLsun(LsunSample());
  EXPECT_EQ(OpenPictureSet(LsunSample())->size(), 3);
  WriteFile(temp_ / "c/test_batch.bin", CifarRecords(1));
  EXPECT_ERROR(OpenPictureSet(temp_ / "c"), "missing from CIFAR-10's binary version");
  const auto folder = OpenPictureSet(testing::SourceDir() / "datasets/fashion_scenes/images");
  EXPECT_EQ(folder->size(), 500);
  EXPECT_EQ(folder->name(1), "000001");
  EXPECT_TRUE(folder->where(1).ends_with("images/000001.png"));
  EXPECT_EQ(folder->Read(1).width, 64);
  std::filesystem::create_directories(temp_ / "empty");
  EXPECT_ERROR(OpenPictureSet(temp_ / "empty"), "no picture in it");
  EXPECT_ERROR(OpenPictureSet(temp_ / "nowhere"), "nowhere: no such folder");
}

// A part of a folder is never taken for all of it.
TEST_F(CollectionsTest, PicturesWithoutAPicturesName) {
  std::filesystem::create_directories(temp_ / "f");
  const auto picture = testing::SourceDir() / "datasets/fashion_scenes/images/000001.png";
  std::filesystem::copy(picture, temp_ / "f/a.png");
  WriteFile(temp_ / "f/a.txt", "beside it");
  WriteFile(temp_ / "f/Thumbs.db", "no picture");
  EXPECT_EQ(OpenPictureSet(temp_ / "f")->size(), 1);
  std::filesystem::copy(picture, temp_ / "f/b");
  EXPECT_ERROR(OpenPictureSet(temp_ / "f"), "1 file with a picture in it but without a picture's name");
  EXPECT_ERROR(OpenPictureSet(temp_ / "f"), "f/b the first (a PNG picture)");
  std::filesystem::rename(temp_ / "f/b", temp_ / "f/b.mpo");
  EXPECT_ERROR(OpenPictureSet(temp_ / "f"), "1 picture in formats that are not read");
  std::filesystem::rename(temp_ / "f/b.mpo", temp_ / "f/b.flv");
  EXPECT_ERROR(OpenPictureSet(temp_ / "f"), "b.flv: a video among pictures");
}

TEST_F(CollectionsTest, WhatIsNoCollectionIsNamed) {
  WriteFile(temp_ / "py/data_batch_1", "\x80\x03}");
  EXPECT_ERROR(OpenPictureSet(temp_ / "py"), "no picture in it");
  EXPECT_ERROR(OpenPictureSet(temp_ / "py"),
               "it holds CIFAR-10's Python version (pickles), expected the binary version");
  WriteFile(temp_ / "up/cifar-10-batches-bin/test_batch.bin", CifarRecords(1));
  EXPECT_ERROR(OpenPictureSet(temp_ / "up"),
               "cifar-10-batches-bin in it is CIFAR-10's binary version: name that folder");
  WriteFile(temp_ / "shards/0.tar", std::string(257, 'x') + "ustar");
  EXPECT_ERROR(OpenPictureSet(temp_ / "shards"), "there is 1 other file, 0.tar (a tar archive) the first");
  EXPECT_ERROR(OpenPictureSet(temp_ / "shards/0.tar"), "0.tar: a tar archive; expected a folder of pictures");
}

TEST_F(CollectionsTest, ImageNetBalanced) {
  const auto labels = Labels(Make(R"({"type": "imagenet", "count": 2500, "seed": 5})"));
  std::map<int64_t, int> counts;
  for (size_t i = 0; i < labels.size(); ++i) {
    EXPECT_LE(labels[i], 999);
    ++counts[labels[i]];
    if (i == 999) {
      EXPECT_EQ(counts.size(), 1000u);  // every round has every class
    }
  }
  for (const auto& [label, count] : counts) EXPECT_TRUE(count == 2 || count == 3) << label;
  EXPECT_FALSE(std::is_sorted(labels.begin(), labels.begin() + 20));
  // The label depends on the seed and the id alone.
  const auto part = Labels(Make(R"({"type": "imagenet", "count": 10, "offset": 1995, "seed": 5})"));
  EXPECT_TRUE(std::equal(part.begin(), part.end(), labels.begin() + 1995));
  EXPECT_NE(Labels(Make(R"({"type": "imagenet", "count": 10, "seed": 6})")),
            std::vector<int64_t>(labels.begin(), labels.begin() + 10));
  // Part of the results: the same on every machine and in every version.
  EXPECT_THAT(std::vector<int64_t>(labels.begin(), labels.begin() + 4), ElementsAre(208, 527, 353, 87));
}

TEST_F(CollectionsTest, ImageNetRandom) {
  const auto labels = Labels(Make(R"({"type": "imagenet", "count": 1000, "sampling": "random", "classes": 10})"));
  std::map<int64_t, int> counts;
  for (const int64_t label : labels) ++counts[label];
  EXPECT_EQ(counts.size(), 10u);
  for (const auto& [label, count] : counts) {
    EXPECT_GT(count, 60) << label;
    EXPECT_LT(count, 140) << label;
  }
  const auto part =
      Labels(Make(R"({"type": "imagenet", "count": 7, "offset": 500, "sampling": "random", "classes": 10})"));
  EXPECT_TRUE(std::equal(part.begin(), part.end(), labels.begin() + 500));
}

TEST_F(CollectionsTest, ImageNetNamesAndReference) {
  WriteFile(temp_ / "names.txt", "n01440764 tench, Tinca tinca\nn01443537 goldfish\n");
  WriteFile(temp_ / "stats.npz", "x");
  const Dataset dataset =
      Make(R"({"type": "imagenet", "count": 2, "classes": 2, "names": "names.txt", "reference": "stats.npz"})");
  std::set<std::string> names;
  for (const auto& sample : dataset.samples()) names.insert(sample.caption);
  EXPECT_THAT(names, ElementsAre("goldfish", "tench, Tinca tinca"));
  EXPECT_EQ(*dataset.reference(), temp_ / "stats.npz");
  EXPECT_THAT(Preview(dataset), HasSubstr("reference: "));
  EXPECT_ERROR(Make(R"({"type": "imagenet", "count": 2, "names": "names.txt"})"),
               "names.txt: 2 lines, expected one for each of 1000 classes");
  EXPECT_ERROR(Make(R"({"type": "imagenet", "count": 2, "reference": "none.npz"})"),
               "none.npz: missing; expected the reference of imagenet");
  EXPECT_ERROR(Make(R"({"type": "imagenet", "count": 2, "sampling": "all"})"),
               "data.sampling: expected one of balanced, random");
  EXPECT_ERROR(Make(R"({"type": "imagenet"})"), "data.count: missing");
}

// A file as MS-COCO publishes it, with all of its fields.
TEST_F(CollectionsTest, CocoCaptionsAsPublished) {
  WriteFile(temp_ / "captions_val2017.json",
            R"({"info": {"description": "COCO 2017 Dataset", "url": "http://cocodataset.org",
    "version": "1.0", "year": 2017, "contributor": "COCO Consortium", "date_created": "2017/09/01"},
    "licenses": [{"url": "http://creativecommons.org/licenses/by-nc-sa/2.0/", "id": 1, "name": "Attribution-NonCommercial-ShareAlike License"}],
    "images": [{"license": 4, "file_name": "000000397133.jpg", "coco_url": "http://images.cocodataset.org/val2017/000000397133.jpg",
      "height": 427, "width": 640, "date_captured": "2013-11-14 17:02:52", "flickr_url": "http://farm7.staticflickr.com/6116/6255196340_da26cf2c9e_z.jpg", "id": 397133},
      {"license": 1, "file_name": "000000037777.jpg", "coco_url": "x", "height": 230, "width": 352, "date_captured": "2013-11-14 20:55:31", "flickr_url": "x", "id": 37777}],
    "annotations": [{"image_id": 37777, "id": 589, "caption": "a kitchen"}, {"image_id": 397133, "id": 370509, "caption": "a man"},
      {"image_id": 397133, "id": 370510, "caption": "a chef"}, {"image_id": 397133, "id": 370511, "caption": "a cook"}]})");
  const Dataset first = Make(R"({"type": "coco", "captions": "captions_val2017.json"})");
  EXPECT_EQ(first.samples()[0].caption, "a kitchen");
  EXPECT_EQ(first.samples()[1].caption, "a man");
  EXPECT_FALSE(first.reference());
  std::set<std::string> seen;
  for (int seed = 0; seed < 20; ++seed) {
    const Dataset random = Make(fmt::format(
        R"({{"type": "coco", "captions": "captions_val2017.json", "caption": "random", "seed": {}}})", seed));
    seen.insert(random.samples()[1].caption);
    EXPECT_THAT(random.description(), HasSubstr(fmt::format("a random caption each (seed {})", seed)));
    const Dataset again = Make(fmt::format(
        R"({{"type": "coco", "captions": "captions_val2017.json", "caption": "random", "seed": {}}})", seed));
    EXPECT_EQ(again.samples()[1].caption, random.samples()[1].caption);
  }
  EXPECT_EQ(seen.size(), 3u);
}

TEST_F(CollectionsTest, PromptsFromCsv) {
  WriteFile(
      temp_ / "p.csv",
      "video_id,caption,split\r\n7,\"a \"\"red\"\" car, moving\",val\r\n8,\"two\nlines\",val\n9,,val\n10,a boat,val");
  const Dataset dataset = Make(R"({"type": "prompts", "file": "p.csv"})");
  ASSERT_EQ(dataset.samples().size(), 3u);
  EXPECT_EQ(dataset.samples()[0].caption, "a \"red\" car, moving");
  EXPECT_EQ(dataset.samples()[1].caption, "two\nlines");
  EXPECT_EQ(dataset.samples()[2].id, 3);
  EXPECT_EQ(Make(R"({"type": "prompts", "file": "p.csv", "prompt_column": "split"})").samples()[0].caption, "val");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "p.csv", "prompt_column": "name"})"),
               "p.csv: no column name; there are: video_id, caption, split");
  WriteFile(temp_ / "q.csv", "prompt,x\na,b\nc\n");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "q.csv"})"),
               "q.csv: record 1 has 1 fields, the header has 2 (prompt, x)");
  WriteFile(temp_ / "r.csv", "prompt\n\"open");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "r.csv"})"), "r.csv:2: a quotation mark is not closed");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "p.csv", "format": "xml"})"), "data.format");
}

TEST_F(CollectionsTest, PromptsFromJsonLinesWithPictures) {
  WritePicture("i/a.png");
  WriteFile(temp_ / "p.jsonl",
            "{\"prompt\": \"it moves\", \"image\": \"a.png\", \"fps\": 8}\n\n{\"text\": \"it stands\", \"image\": "
            "\"b.png\"}\n");
  const Dataset plain = Make(R"({"type": "prompts", "file": "p.jsonl"})");
  EXPECT_EQ(plain.samples()[1].caption, "it stands");
  EXPECT_EQ(plain.samples()[1].id, 2);
  EXPECT_EQ(Make(R"({"type": "prompts", "file": "p.jsonl", "images": "i", "count": 1, "offset": 0, "format": "jsonl"})")
                .samples()[0]
                .image,
            temp_ / "i/a.png");
}

TEST_F(CollectionsTest, PromptPicturesThatAreMissing) {
  WriteFile(temp_ / "p.jsonl", "{\"prompt\": \"it moves\", \"image\": \"b.png\"}\n");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "p.jsonl", "images": "i"})"),
               "p.jsonl:1: the picture " + (temp_ / "i/b.png").string() + " is missing");
  WriteFile(temp_ / "p.csv", "prompt,image\na cat,b.png\n");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "p.csv", "images": "i"})"), "p.csv: record 0: the picture");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "p.jsonl", "images": "i", "image_column": "frame"})"),
               "p.jsonl:1: no column frame; there are: image, prompt");
  EXPECT_ERROR(Make(R"({"type": "prompts", "prompts": ["x"], "images": "i"})"), "data.images: goes with a \"file\"");
  WriteFile(temp_ / "p.jsonl", "{\"prompt\": 3}\n");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "p.jsonl"})"), "p.jsonl:1: prompt: expected");
  WriteFile(temp_ / "p.jsonl", "not json\n");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "p.jsonl"})"), "p.jsonl:1");
  WriteFile(temp_ / "p.jsonl", "[1]\n");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "p.jsonl"})"), "p.jsonl:1");
}

}  // namespace
}  // namespace skipbench
