// Prompt sets in the forms in which they are published, cut down to a few lines: PartiPrompts, DrawBench, HPSv2,
// GenEval, VBench, MJHQ-30K, COCO's captions and Karpathy's split file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/datasets/dataset_folder.h"

namespace skipbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::WriteFile;

class PromptFilesTest : public testing::DatasetFolderTest {
 protected:
  // "ID:PROMPT" of the prompts in a file with this content; `options`: more keys of the data, after a comma.
  std::vector<std::string> Read(const std::string& name, const std::string& content, const std::string& options = "") {
    WriteFile(temp_ / name, content);
    std::vector<std::string> prompts;
    const Dataset dataset = Make(fmt::format(R"({{"type": "prompts", "file": "{}"{}}})", name, options));
    for (const auto& sample : dataset.samples()) prompts.push_back(fmt::format("{}:{}", sample.id, sample.caption));
    return prompts;
  }
};

TEST_F(PromptFilesTest, TabsWithAHeader) {
  const std::string parti =
      "Prompt\tCategory\tChallenge\tNote\na green kettle\tArtifacts\tBasic\t\n\nA sign. The words \"Fly an airplane\" "
      "are on it.\tScenes\tComplex\n"
      "a blue bag\tArtifacts\tSimple Detail\tshort\n";
  const auto expected =
      ElementsAre("0:a green kettle", "2:A sign. The words \"Fly an airplane\" are on it.", "3:a blue bag");
  EXPECT_THAT(Read("parti.tsv", parti), expected);
  EXPECT_THAT(Read("PARTI.TSV", "\xEF\xBB\xBF" + parti), expected);
  std::string crlf;
  for (const char c : parti) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_THAT(Read("crlf.Tsv", crlf), expected);
  EXPECT_THAT(Read("parti.dat", parti, R"(, "format": "tsv")"), expected);
  EXPECT_THAT(Read("parti.tsv", parti, R"(, "prompt_column": "note")"), ElementsAre("3:short"));
  EXPECT_ERROR(Read("parti.tsv", parti, R"(, "prompt_column": "name")"),
               "parti.tsv: no column name; there are: Prompt, Category, Challenge, Note");
  EXPECT_ERROR(Read("bare.tsv", "a red shirt\na blue bag\n"), "bare.tsv: no column prompt");
  EXPECT_ERROR(Read("wide.tsv", "prompt\tx\na\tb\tc\n"),
               "wide.tsv: record 0 has 3 fields, the header has 2 (prompt, x)");
}

// A field in quotation marks is one only where they enclose it.
TEST_F(PromptFilesTest, QuotationMarksInTabs) {
  EXPECT_THAT(Read("q.tsv", "id\tprompt\n1\t\"a \"\"red\"\" shirt\"\n2\t\"Fly\" it says\n3\t\"open\n4\ta \"b\"\n"),
              ElementsAre("0:a \"red\" shirt", "1:\"Fly\" it says", "2:\"open", "3:a \"b\""));
}

// Programs that quote as in CSV leave line ends in a quoted field; a line that has its fields is a record, whatever
// marks it holds.
TEST_F(PromptFilesTest, LineEndsInTabs) {
  EXPECT_THAT(Read("pandas.tsv", "Prompts\tn\n\"a \"\"red\"\"\nshirt\"\t1\na bag\t2\n"),
              ElementsAre("0:a \"red\"\nshirt", "1:a bag"));
  EXPECT_THAT(Read("one.tsv", "prompt\r\n\"two\r\nlines\"\r\nlast\r\n"), ElementsAre("0:two\r\nlines", "1:last"));
  EXPECT_THAT(Read("marks.tsv", "prompt\tn\n\"To be\t1\nor \"not\"\t2\n"), ElementsAre("0:\"To be", "1:or \"not\""));
}

// Line ends of one CR, as spreadsheets on a Mac write them.
TEST_F(PromptFilesTest, CarriageReturns) {
  EXPECT_THAT(Read("mac.txt", "a cat\ra dog\r\rlast"), ElementsAre("0:a cat", "1:a dog", "3:last"));
  EXPECT_THAT(Read("mac.csv", "n,prompt\r1,\"a\rb\"\r2,c\r"), ElementsAre("0:a\rb", "1:c"));
}

// What is no text is named by what it is.
TEST_F(PromptFilesTest, OtherContents) {
  EXPECT_ERROR(Read("x.json", "\x1F\x8B\x08 ..."), "x.json: a gzip file; prompts are read from text");
  EXPECT_ERROR(Read("x.csv", "PAR1...."), "x.csv: a Parquet file");
  EXPECT_ERROR(Read("x.txt", "\n<!DOCTYPE html>\n<html>"), "x.txt: an HTML page");
}

TEST_F(PromptFilesTest, Commas) {
  EXPECT_THAT(
      Read("DrawBench.CSV",
           "Prompts,Category\r\nA red colored car.,Colors\r\n\"A bird, \"\"tall\"\".\",\"Text\"\r\n,\r\nlast,x"),
      ElementsAre("0:A red colored car.", "1:A bird, \"tall\".", "3:last"));
  EXPECT_ERROR(Read("semicolons.csv", "Prompts;Category\na;b\n"), "there are: Prompts;Category");
}

TEST_F(PromptFilesTest, JsonLists) {
  EXPECT_THAT(Read("anime.json", "[\"a red shirt\", \"\", \"a blue bag\"]"),
              ElementsAre("0:a red shirt", "2:a blue bag"));
  EXPECT_THAT(Read("VBench.JSON", R"([{"prompt_en": "a person swims", "dimension": ["x"]}, {"prompt_en": null}])"),
              ElementsAre("0:a person swims"));
  EXPECT_THAT(Read("x.json", R"([{"Prompt": "a", "note": "b"}])", R"(, "prompt_column": "note")"), ElementsAre("0:b"));
  EXPECT_THAT(Read("held.json", R"({"version": 1, "prompts": ["a", {"text": "b"}]})"), ElementsAre("0:a", "1:b"));
  // By key, in the file's order: MJHQ-30K, GenAI-Bench.
  EXPECT_THAT(
      Read("meta.json", R"({"f2": {"category": "x", "prompt": "first"}, "a1": {"category": "y", "prompt": "second"}})"),
      ElementsAre("0:first", "1:second"));
  EXPECT_ERROR(Read("x.json", R"([{"name": "a"}])"), "x.json: record 0: no column prompt, prompts");
  EXPECT_ERROR(Read("x.json", R"([3])"), "x.json: record 0");
  EXPECT_ERROR(Read("x.json", R"(["a"])", R"(, "prompt_column": "note")"),
               "prompt_column \"note\": a string has no columns");
  EXPECT_ERROR(Read("x.json", R"({"a": "b"})"), "x.json: expected a list of prompts");
  EXPECT_ERROR(Read("x.json", "[\"a\","), "not valid JSON");
  EXPECT_ERROR(Read("x.json", "[]"), "x.json: no prompts");
}

TEST_F(PromptFilesTest, JsonLines) {
  const std::string lines = "{\"tag\": \"single\", \"prompt\": \"a bench\"}\n\n\"a string\"\n";
  EXPECT_THAT(Read("evaluation_metadata.jsonl", lines), ElementsAre("0:a bench", "2:a string"));
  EXPECT_THAT(Read("lines.NDJSON", lines), ElementsAre("0:a bench", "2:a string"));
  EXPECT_THAT(Read("lines.json", lines), ElementsAre("0:a bench", "2:a string"));
  EXPECT_THAT(Read("one.json", "{\"prompt\": \"a bench\"}\n"), ElementsAre("0:a bench"));
}

// What pandas 3.1's to_json writes of a table with the columns Prompt and Category, by its "orient".
TEST_F(PromptFilesTest, TablesOfPandas) {
  const auto expected = ElementsAre("0:a red shirt", "1:a blue bag", "10:a \"kettle\"");
  const auto twelve = [](const std::string& last) {  // rows in the file's order, not in that of the keys' letters
    std::string rows = R"("0":"a red shirt","1":"a blue bag")";
    for (int i = 2; i < 10; ++i) rows += fmt::format(R"(,"{}":null)", i);
    return rows + last;
  };
  const std::string prompts = "{" + twelve(R"(,"10":"a \"kettle\"")") + "}";
  std::string categories = prompts;
  for (size_t at; (at = categories.find("a ")) != std::string::npos;) categories.replace(at, 2, "x");
  const std::string columns = R"({"Category":)" + categories + R"(,"Prompt":)" + prompts + "}";
  EXPECT_THAT(Read("columns.json", columns), expected);
  EXPECT_THAT(Read("columns.jsonl", columns + "\n"), expected);
  EXPECT_THAT(Read("column.json", prompts), expected);  // of the column alone
  EXPECT_THAT(Read("c.json", columns, R"(, "prompt_column": "category")"),
              ElementsAre("0:xred shirt", "1:xblue bag", "10:x\"kettle\""));
  EXPECT_ERROR(Read("c.json", columns, R"(, "prompt_column": "name")"),
               "c.json: no column name; there are: Category, Prompt");
  EXPECT_THAT(Read("numbers.json", R"({"0":{"0":"a","1":"b"},"1":{"0":"x","1":"y"}})", R"(, "prompt_column": "1")"),
              ElementsAre("0:x", "1:y"));  // a table without a header
  EXPECT_THAT(Read("named.json", R"({"Prompt":{"p1":"a","p2":"b"},"n":{"p1":1,"p2":2}})"), ElementsAre("0:a", "1:b"));

  const auto two = ElementsAre("0:a", "1:b");
  EXPECT_THAT(Read("index.json", R"({"0":{"Prompt":"a","n":1},"1":{"Prompt":"b","n":2}})"), two);
  EXPECT_THAT(Read("text.json", R"({"text":{"prompt":"a"},"caption":{"prompt":"b"}})"), two);  // keys like columns
  EXPECT_THAT(Read("records.json", R"([{"Prompt":"a","n":1},{"Prompt":"b","n":2}])"), two);
  EXPECT_THAT(Read("split.json", R"({"columns":["n","Prompt"],"index":[0,1],"data":[[1,"a"],[2,"b"]]})"), two);
  EXPECT_THAT(
      Read("table.json", R"({"schema":{"fields":[{"name":"index","type":"integer"},{"name":"Prompt","type":"string"}],
      "primaryKey":["index"],"pandas_version":"1.4.0"},"data":[{"index":0,"Prompt":"a"},{"index":1,"Prompt":"b"}]})"),
      two);
  EXPECT_THAT(Read("lists.json", R"({"Prompt":["a","b"],"n":[1,2]})"), two);
  EXPECT_THAT(Read("lists.json", R"({"n":["a","b"],"Prompt":["x","y"]})", R"(, "prompt_column": "n")"), two);
  EXPECT_THAT(Read("series.json", R"({"name":"Prompt","index":[0,1,2],"data":["a","b",null]})"), two);
  EXPECT_THAT(Read("series.json", R"(["a","b",null])"), two);
  EXPECT_THAT(Read("list.jsonl", R"(["a", "b"])"), two);
  EXPECT_ERROR(Read("values.json", R"([["a",1],["b",2]])"),
               "values.json: record 0: expected a prompt, or an object with one of prompt, prompts, caption");
  EXPECT_ERROR(Read("values.json", R"([["a",1],["b",2]])"), "orient=\"records\"");
  EXPECT_ERROR(Read("split.json", R"({"columns":["n","Prompt"],"data":[[1,"a"],["b"]]})"),
               "split.json: record 1: expected a list of 2 values, one for each of \"columns\", found [\"b\"]");
  EXPECT_ERROR(Read("split.json", R"({"columns":["n","m"],"data":[[1,"a"]]})"), "no column prompt");
  EXPECT_ERROR(Read("columns.json", R"({"Prompt":{"0":5}})"),
               "columns.json: record 0: Prompt: expected a string, found 5");
  EXPECT_ERROR(Read("columns.json", R"({"a":{"0":"x"},"b":{"0":"y"}})"), "no column prompt");
  EXPECT_ERROR(Read("columns.json", R"({"a":{"0":"x"},"b":{"0":"y"}})"), "there are: a, b");

  WritePicture("i/x.png");
  const std::string images = R"(, "images": "i")";
  EXPECT_THAT(Read("pictures.json", R"({"image":{"0":"x.png"},"Prompt":{"0":"a"}})", images), ElementsAre("0:a"));
  EXPECT_THAT(Read("pictures.json", R"({"image":["x.png"],"Prompt":["a"]})", images), ElementsAre("0:a"));
  EXPECT_ERROR(Read("pictures.json", R"({"image":["x.png"],"Prompt":["a", "b"]})", images),
               "pictures.json: the columns Prompt and image do not have the same rows");
  EXPECT_ERROR(Read("pictures.json", R"({"image":{"1":"x.png"},"Prompt":{"0":"a"}})", images), "the same rows");
}

TEST_F(PromptFilesTest, CocoAndKarpathy) {
  EXPECT_THAT(Read("captions_val2014.json",
                   R"({"images": [{"id": 7, "file_name": "b.jpg"}, {"id": 3, "file_name": "a.jpg"}], "annotations": [
      {"id": 9, "image_id": 7, "caption": "seven"}, {"id": 4, "image_id": 7, "caption": "first of seven"}, {"id": 1, "image_id": 3, "caption": "three"}]})"),
              ElementsAre("3:three", "7:first of seven"));
  const std::string karpathy = R"({"images": [
      {"filepath": "val2014", "sentids": [770337, 771687], "filename": "COCO_val2014_000000391895.jpg", "imgid": 0, "split": "test", "cocoid": 391895, "sentences": [
        {"tokens": ["a", "man"], "raw": "A man with a red helmet. ", "imgid": 0, "sentid": 771687}, {"tokens": ["a"], "raw": "A man on a moped", "imgid": 0, "sentid": 770337}]},
      {"filepath": "train2014", "sentids": [5], "filename": "COCO_train2014_000000057870.jpg", "imgid": 1, "split": "train", "cocoid": 57870, "sentences": [
        {"tokens": ["a"], "raw": "A restaurant", "imgid": 1, "sentid": 5}]}], "dataset": "coco"})";
  EXPECT_THAT(Read("dataset_coco.json", karpathy, R"(, "split": "test")"), ElementsAre("391895:A man on a moped"));
  EXPECT_THAT(Read("dataset_coco.json", karpathy), ElementsAre("57870:A restaurant", "391895:A man on a moped"));
  EXPECT_ERROR(Read("dataset_coco.json", karpathy, R"(, "split": "dev")"),
               "dataset_coco.json: no split \"dev\"; there are: test 1, train 1");
  EXPECT_ERROR(Read("x.txt", "a\n", R"(, "split": "test")"), "x.txt: split \"test\": only Karpathy's file");

  const Dataset all = Make(R"({"type": "coco", "captions": "dataset_coco.json"})");
  EXPECT_THAT(all.description(), HasSubstr("all 2 images of all splits (test 1, train 1)"));
  WritePicture("coco/val2014/COCO_val2014_000000391895.jpg");
  const Dataset test =
      Make(R"({"type": "coco", "captions": "dataset_coco.json", "split": "test", "images": "coco", "caption": 1})");
  ASSERT_EQ(test.samples().size(), 1u);
  EXPECT_EQ(test.samples()[0].caption, "A man with a red helmet. ");
  EXPECT_EQ(test.samples()[0].image, temp_ / "coco/val2014/COCO_val2014_000000391895.jpg");
  EXPECT_THAT(test.description(), HasSubstr("all 1 images of the split test"));
  // Flickr30k's has no ids but the place in the list.
  EXPECT_THAT(Read("dataset_flickr30k.json",
                   R"({"images": [{"sentids": [0], "imgid": 4, "filename": "1000.jpg", "split": "val", "sentences": [
      {"tokens": ["two"], "raw": "Two men", "imgid": 4, "sentid": 0}]}], "dataset": "flickr30k"})"),
              ElementsAre("4:Two men"));
}

TEST_F(PromptFilesTest, WhatIsNoPromptList) {
  for (const std::string name : {"p.prompts", "prompts", "p.parquet", "p.tsv.gz"}) {
    EXPECT_ERROR(Read(name, "a red shirt\n"), "says no format; give \"format\"");
    EXPECT_THAT(Read(name, "a red shirt\n", R"(, "format": "text")"), ElementsAre("0:a red shirt"));
  }
  EXPECT_THAT(Read("P.TXT", "a red shirt\n"), ElementsAre("0:a red shirt"));
  EXPECT_ERROR(Read("p.txt", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
               "p.txt: a Git LFS pointer, not the file itself (which has 12345 bytes, sha256:4d7a)");
  EXPECT_ERROR(Read("excel.tsv", std::string("\xFF\xFEP\0r\0", 6)), "excel.tsv: UTF-16 text");
  EXPECT_ERROR(Read("p.txt", "a\n", R"(, "prompt_column": "x")"), "prompt_column \"x\": a text has no columns");
  std::filesystem::create_directory(temp_ / "folder.txt");
  EXPECT_ERROR(Make(R"({"type": "prompts", "file": "folder.txt"})"),
               "folder.txt: a folder; a file of prompts was expected");
}

TEST_F(PromptFilesTest, PicturesInTabs) {
  WritePicture("i/x.png");
  const std::string images = R"(, "images": "i")";
  EXPECT_THAT(Read("header.tsv", "file_name\tprompt\nx.png\tit moves\n", images), ElementsAre("0:it moves"));
  EXPECT_THAT(Read("plain.tsv", "x.png\tit moves\n", images), ElementsAre("0:it moves"));
  EXPECT_ERROR(Read("wrong.tsv", "picture\twords\nx.png\tit moves\n", images),
               "wrong.tsv:1: the picture " + (temp_ / "i/picture").string() + " is missing");
}

}  // namespace
}  // namespace skipbench
