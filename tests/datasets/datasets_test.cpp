#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <set>

#include "datasets/catalog.h"
#include "tests/datasets/dataset_folder.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempDir;
using testing::WriteFile;

class DatasetsTest : public testing::DatasetFolderTest {
 protected:
  static std::vector<int64_t> Ids(const Dataset& dataset) {
    std::vector<int64_t> ids;
    for (const auto& sample : dataset.samples()) ids.push_back(sample.id);
    return ids;
  }
  static Sample WithId(int64_t id) {
    Sample sample;
    sample.id = id;
    return sample;
  }
  void WriteCoco() {
    WriteFile(temp_ / "c.json",
              R"({"info": {}, "images": [{"id": 30, "file_name": "c.png"}, {"id": 10, "file_name": "a.png"},
        {"id": 20, "file_name": "b.png", "width": 4}], "annotations": [
        {"id": 5, "image_id": 10, "caption": "second of ten"}, {"id": 3, "image_id": 10, "caption": "first of ten"},
        {"id": 1, "image_id": 30, "caption": "thirty"}, {"id": 2, "image_id": 20, "caption": "twenty"},
        {"id": 4, "image_id": 30, "caption": "thirty again"}]})");
  }
};

TEST_F(DatasetsTest, CocoByImageId) {
  WriteCoco();
  const Dataset dataset = Make(R"({"type": "coco", "captions": "c.json"})");
  EXPECT_THAT(Ids(dataset), ElementsAre(10, 20, 30));
  EXPECT_EQ(dataset.samples()[0].caption, "first of ten");  // by annotation id, not by place in the file
  EXPECT_EQ(dataset.samples()[2].caption, "thirty");
  EXPECT_TRUE(dataset.samples()[0].image.empty());
  EXPECT_THAT(dataset.description(), HasSubstr("c.json: all 3 images, caption 0"));
  EXPECT_THAT(Preview(dataset, 1), HasSubstr("10  first of ten\n  ... 2 more"));
}

TEST_F(DatasetsTest, CocoCaptionAndSubset) {
  WriteCoco();
  EXPECT_ERROR(Make(R"({"type": "coco", "captions": "c.json", "caption": 1})"), "caption 1 is asked for, but image 20");
  EXPECT_EQ(Make(R"({"type": "coco", "captions": "c.json", "caption": 1, "count": 1})").samples()[0].caption,
            "second of ten");
  EXPECT_THAT(Ids(Make(R"({"type": "coco", "captions": "c.json", "count": 2, "offset": 1})")), ElementsAre(20, 30));
  EXPECT_ERROR(Make(R"({"type": "coco", "captions": "c.json", "count": 3, "offset": 1})"),
               "data.count: 3 samples are asked for");
  EXPECT_ERROR(Make(R"({"type": "coco", "captions": "c.json", "offset": 3})"), "there are only 3");
  EXPECT_ERROR(Make(R"({"type": "coco", "captions": "c.json", "caption": "last"})"),
               "expected \"first\", \"random\" or a number");
  EXPECT_ERROR(Make(R"({"type": "coco", "captions": "c.json", "cuont": 3})"), "data.cuont: unknown key");
  EXPECT_ERROR(Make(R"({"type": "coco", "captions": "none.json"})"), "none.json: no such file");
}

TEST_F(DatasetsTest, CocoPictures) {
  WriteCoco();
  WriteFile(temp_ / "p/a.png", "x");
  EXPECT_EQ(Make(R"({"type": "coco", "captions": "c.json", "images": "p", "count": 1})").samples()[0].image,
            temp_ / "p/a.png");
  EXPECT_ERROR(Make(R"({"type": "coco", "captions": "c.json", "images": "p"})"), "p/b.png: missing");
  WriteFile(
      temp_ / "d.json",
      R"({"images": [{"id": 1, "file_name": "../a.png"}], "annotations": [{"id": 1, "image_id": 1, "caption": "x"}]})");
  EXPECT_ERROR(Make(R"({"type": "coco", "captions": "d.json", "images": "p"})"), "not one inside a folder");
}

TEST_F(DatasetsTest, NotCoco) {
  auto expect = [&](const std::string& text, const std::string& message) {
    WriteFile(temp_ / "d.json", text);
    EXPECT_ERROR(Make(R"({"type": "coco", "captions": "d.json"})"), message);
  };
  expect("[]", "not a COCO caption file: it has no list \"images\"");
  expect(R"({"images": []})", "it has no list \"annotations\"");
  expect(R"({"images": {}, "annotations": []})", "it has no list \"images\"");
  expect(R"({"images": [{"id": 1, "file_name": "x"}], "annotations": [{"id": 1, "image_id": 1, "bbox": []}]})",
         "annotations[0] has no caption");
  expect(R"({"images": [{"id": 1, "file_name": "x"}, {"id": 1, "file_name": "y"}], "annotations": []})",
         "images[1].id: the image id 1 occurs twice");
  expect(R"({"images": [{"id": 1, "file_name": "x"}], "annotations": []})", "image 1 (x) has no caption");
  expect(R"({"images": [{"id": 1, "file_name": "x"}], "annotations": [{"id": 1, "image_id": 2, "caption": "x"}]})",
         "there is no image with the id 2");
  expect(
      R"({"images": [{"id": 1, "file_name": "x"}], "annotations": [{"id": 1, "image_id": 1, "caption": "x"}, {"id": 1, "image_id": 1, "caption": "y"}]})",
      "the annotation id 1 occurs twice");
  expect(R"({"images": [{"id": "1", "file_name": "x"}], "annotations": []})", "images[0].id: expected an integer");
  expect(R"({"images": [{"id": -1, "file_name": "x"}], "annotations": []})",
         "images[0].id: expected an integer of at least 0");
  expect(R"({"images": [1], "annotations": []})", "images[0]: expected an object");
  expect("{", "not valid JSON");
}

TEST_F(DatasetsTest, SeededSubsetsAreDisjointAndFixed) {
  const auto ids = [&](int offset, int seed) {
    return Ids(Make(fmt::format(R"({{"type": "class_labels", "classes": 100, "count": 50, "offset": {}, "seed": {}}})",
                                offset, seed)));
  };
  const auto first = ids(0, 3), second = ids(50, 3);
  std::set<int64_t> all(first.begin(), first.end());
  all.insert(second.begin(), second.end());
  EXPECT_EQ(all.size(), 100u);
  EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));
  EXPECT_NE(first, ids(0, 4));
  // The draw is part of the results: it must be the same on every machine and in every version.
  EXPECT_THAT(std::vector<int64_t>(first.begin(), first.begin() + 6), ElementsAre(0, 1, 3, 6, 8, 9));
}

TEST_F(DatasetsTest, Prompts) {
  WriteFile(temp_ / "p.txt", "a cat\r\n\n  \nzwei Hunde\nlast");
  const Dataset dataset = Make(R"({"type": "prompts", "file": "p.txt"})");
  EXPECT_THAT(Ids(dataset), ElementsAre(0, 3, 4));
  EXPECT_EQ(dataset.samples()[0].caption, "a cat");
  EXPECT_EQ(dataset.samples()[2].caption, "last");
  EXPECT_THAT(Ids(Make(R"({"type": "prompts", "prompts": ["x", "y"], "offset": 1})")), ElementsAre(1));
  EXPECT_ERROR(Make(R"({"type": "prompts"})"), "expected either \"file\" or a list \"prompts\"");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "p.txt", "prompts": []})"), "expected either");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "q.txt"})"), "q.txt: no such file");
  WriteFile(temp_ / "b.txt", std::string("ok\nno\0t", 7));
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "b.txt"})"), "b.txt:2: a zero byte");
  // What results cannot keep is found when the list is read.
  WriteFile(temp_ / "latin.txt", "a red shirt\nun caf\xE9\n");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "latin.txt"})"),
               "latin.txt:2: the byte 0xE9 at place 6 is not valid UTF-8");
  WriteFile(temp_ / "zero.jsonl", "{\"prompt\": \"a\"}\n{\"prompt\": \"b\\u0000c\"}\n");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "zero.jsonl"})"), "zero.jsonl:2: ");
  EXPECT_ERROR(Make(R"({"type": "prompts", "prompts": ["a", "b\u0000c"]})"), "the caption of sample 1");
  WriteFile(
      temp_ / "zero.json",
      R"({"images": [{"id": 7, "file_name": "7.jpg"}], "annotations": [{"id": 1, "image_id": 7, "caption": "b\u0000c"}]})");
  EXPECT_ERROR(Make(R"({"type": "coco", "captions": "zero.json"})"), "zero.json: the caption of sample 7");
  WriteFile(temp_ / "names.txt", "tench\ngoldfish\xFF\n");
  EXPECT_ERROR(Make(R"({"type": "imagenet", "count": 1, "classes": 2, "names": "names.txt"})"),
               "names.txt:2: the byte 0xFF");
  WriteFile(temp_ / "e.txt", "\n\n");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "e.txt"})"), "e.txt: no prompts");
}

TEST_F(DatasetsTest, PromptsWithPictures) {
  WritePicture("i/x.png");
  WriteFile(temp_ / "p.txt", "x.png\ta moving cat\n");
  const Dataset dataset = Make(R"({"type": "prompts", "file": "p.txt", "images": "i"})");
  EXPECT_EQ(dataset.samples()[0].caption, "a moving cat");
  EXPECT_EQ(dataset.samples()[0].image, temp_ / "i/x.png");
  WriteFile(temp_ / "p.txt", "y.png\ta moving cat\n");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "p.txt", "images": "i"})"),
               "p.txt:1: the picture " + (temp_ / "i/y.png").string() + " is missing");
  WriteFile(temp_ / "p.txt", "x.png\ta moving cat\n\n\ta cat\n");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "p.txt", "images": "i"})"), "p.txt:3: no picture is named");
  WriteFile(temp_ / "p.txt", "a moving cat\n");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "p.txt", "images": "i"})"),
               "p.txt:1: expected the picture's file name");
}

// A picture that is none is found before anything is sampled; the list's line says where it is named.
TEST_F(DatasetsTest, PromptsWithPicturesThatCannotBeRead) {
  WritePicture("i/x.png");
  const std::string list = R"({"type": "prompts", "file": "p.txt", "images": "i"})";
  const auto refuse = [&](const std::string& picture, const std::string& message) {
    WriteFile(temp_ / "p.txt", "x.png\ta cat\n" + picture + "\ta dog\n");
    EXPECT_ERROR(Make(list), "p.txt:2: " + (temp_ / "i" / picture).string() + ": " + message);
    // Only the pictures of the samples taken are read.
    EXPECT_EQ(Make(R"({"type": "prompts", "file": "p.txt", "images": "i", "count": 1})").samples().size(), 1u);
  };
  WriteFile(temp_ / "i/text.png", "this is text");
  refuse("text.png", "neither a PNG nor a JPEG, WebP, BMP, PNM, TIFF or GIF picture");
  WriteFile(temp_ / "i/animated.gif", "GIF89a and so on");
  refuse("animated.gif", "24864 x 25710 pixels; at most");
  WriteFile(temp_ / "i/empty.jpg", "");
  refuse("empty.jpg", "neither a PNG nor a JPEG, WebP, BMP, PNM, TIFF or GIF picture");
  const std::string whole = testing::ReadFile(temp_ / "i/x.png");
  WriteFile(temp_ / "i/cut.png", whole.substr(0, whole.size() - 20));
  refuse("cut.png", "broken PNG: ");
  WriteFile(temp_ / "i/folder/inside", "x");
  refuse("folder", "not a regular file");
}

TEST_F(DatasetsTest, LabelsAndNumbers) {
  const Dataset labels = Make(R"({"type": "class_labels", "labels": [7, 9], "per_class": 2})");
  EXPECT_THAT(Ids(labels), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(labels.samples()[1].label, 9);
  EXPECT_EQ(labels.samples()[2].label, 7);
  EXPECT_ERROR(Make(R"({"type": "class_labels", "labels": [-1]})"),
               "data.labels: expected an integer in [0, 2147483647], found -1 (an integer) in the list");
  EXPECT_ERROR(Make(R"({"type": "class_labels", "labels": []})"), "the list is empty");
  EXPECT_ERROR(Make(R"({"type": "class_labels"})"), "expected either a list \"labels\" or \"classes\"");
  EXPECT_THAT(Ids(Make(R"({"type": "unconditional", "count": 2, "offset": 5})")), ElementsAre(5, 6));
  EXPECT_ERROR(Make(R"({"type": "unconditional"})"), "data.count: missing");
}

TEST_F(DatasetsTest, UnknownType) {
  EXPECT_ERROR(Make(R"({"type": "mnist"})"), "data.type: expected one of coco, fashion_scenes, prompts, ");
  EXPECT_ERROR(Make(R"({"type": "mnist"})"), ", found \"mnist\"");
}

TEST_F(DatasetsTest, RepeatedIds) {
  EXPECT_ERROR(Dataset("x", "some list", {WithId(1), WithId(1)}), "some list: the sample id 1 occurs twice");
  EXPECT_ERROR(Dataset("x", "some list", {WithId(-1)}), "the sample id -1 is negative");
}

TEST_F(DatasetsTest, ShippedSet) {
  const auto folder = testing::SourceDir() / "datasets" / "fashion_scenes";
  if (!std::filesystem::exists(folder / "captions.json")) GTEST_SKIP() << "the shipped data are not there";
  const Dataset dataset = Make(fmt::format(R"({{"type": "fashion_scenes", "folder": "{}"}})", folder.string()));
  EXPECT_EQ(dataset.samples().size(), 500u);
  EXPECT_EQ(dataset.samples()[1].caption, "a red trouser and a green t-shirt");
  EXPECT_ERROR(Make(R"({"type": "fashion_scenes", "folder": "nowhere"})"), "captions.json is missing");
}

}  // namespace
}  // namespace skipbench
