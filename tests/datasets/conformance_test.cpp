// One body that every data set of the catalog passes, with the examples that its own file brings (conformance.h).
#include "tests/datasets/conformance.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "datasets/catalog.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempDir;

Dataset Read(const Json& config, const TempDir& folder) {
  return *MakeDataset(JsonReader(config, "test.json", "data"), folder.path());
}

Json With(Json config, const std::string& key, Json value) {
  config[key] = std::move(value);
  return config;
}

const DatasetType& TypeOf(const DatasetExample& example) {
  const auto& types = DatasetTypes();
  return *std::find_if(types.begin(), types.end(),
                       [&](const auto& type) { return type.name == example.config.at("type"); });
}

bool Takes(const DatasetExample& example, const std::string& option) {
  const auto& options = TypeOf(example).options;
  return std::any_of(options.begin(), options.end(), [&](const auto& spec) { return spec.name == option; });
}

void WriteFiles(const DatasetExample& example, const TempDir& folder) {
  for (const auto& [name, contents] : example.files) testing::WriteFile(folder / name, contents);
}

void ExpectSame(const Sample& a, const Sample& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.caption, b.caption);
  EXPECT_EQ(a.label, b.label);
  EXPECT_EQ(a.image, b.image);
}

TEST(DatasetCatalog, EveryTypeHasAnExample) {
  for (const DatasetType& type : DatasetTypes()) {
    EXPECT_THAT(DatasetsWithExample(), Contains(type.name)) << "no file of tests/datasets has an example of it";
    EXPECT_FALSE(type.summary.empty()) << type.name;
    for (const OptionSpec& option : type.options) EXPECT_FALSE(option.help.empty()) << type.name << ": " << option.name;
  }
}

TEST_P(DatasetConformance, ReadsTheSameSamplesEachTime) {
  const TempDir folder;
  WriteFiles(GetParam(), folder);
  const Dataset data = Read(GetParam().config, folder), again = Read(GetParam().config, folder);
  EXPECT_EQ(data.name(), GetParam().config.at("type"));
  EXPECT_FALSE(data.description().empty());
  ASSERT_GE(data.samples().size(), 3u);
  ASSERT_EQ(data.samples().size(), again.samples().size());
  for (size_t i = 0; i < data.samples().size(); ++i) {
    const Sample& sample = data.samples()[i];
    ExpectSame(sample, again.samples()[i]);
    EXPECT_GT(sample.id, i > 0 ? data.samples()[i - 1].id : -1);
  }
  EXPECT_THAT(Preview(data, 1), HasSubstr(fmt::format("{}", data.samples()[0].id)));
  for (const auto& [key, file] : data.lists()) EXPECT_TRUE(std::filesystem::exists(file)) << key << ": " << file;
  // Results hash each list that the config names, and know that its key is a path.
  for (const auto& [key, value] : GetParam().config.items())
    if (value.is_string() && GetParam().files.contains(value.get<std::string>()))
      EXPECT_TRUE(data.lists().contains(key)) << "a list that the data set does not name: SetList(\"" << key << "\")";
}

// The part that count, offset and seed take is the same whatever else is taken.
TEST_P(DatasetConformance, ATakenPartIsAPartOfTheWhole) {
  const TempDir folder;
  WriteFiles(GetParam(), folder);
  if (!Takes(GetParam(), "count")) GTEST_SKIP() << "it takes no part";
  ASSERT_TRUE(Takes(GetParam(), "offset"));
  const Json config = With(GetParam().config, "count", 3);
  const Dataset three = Read(config, folder);
  ASSERT_EQ(three.samples().size(), 3u);
  EXPECT_THAT(three.description(), Not(HasSubstr(": 0 of "))) << "counted after the samples were moved away";
  const Dataset second = Read(With(With(config, "count", 1), "offset", 1), folder);
  ASSERT_EQ(second.samples().size(), 1u);
  ExpectSame(second.samples()[0], three.samples()[1]);
  if (!Takes(GetParam(), "seed")) return;
  std::vector<int64_t> ids;
  for (int offset = 0; offset < 3; ++offset) {
    Json part = With(With(With(config, "count", 1), "offset", offset), "seed", 5);
    ids.push_back(Read(part, folder).samples()[0].id);
    ExpectSame(Read(part, folder).samples()[0], Read(part, folder).samples()[0]);
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end()) << "consecutive offsets overlap";
}

TEST_P(DatasetConformance, RefusesWhatItDoesNotTake) {
  const TempDir folder;
  WriteFiles(GetParam(), folder);
  EXPECT_ERROR(Read(With(GetParam().config, "cuont", 1), folder), "data.cuont: unknown key");
  const std::vector<Json> values = {"no such value", -1.5, true, Json::object(), Json::array({Json::object()})};
  for (const OptionSpec& option : TypeOf(GetParam()).options) {
    const auto bad =
        std::find_if(values.begin(), values.end(), [&](const Json& v) { return !option.WhyNot(v).empty(); });
    // What a check of the data set's own refuses is not in the table: a text that nobody can mean.
    const Json value = bad == values.end() ? values[0] : *bad;
    SCOPED_TRACE(option.name + ": " + value.dump());
    EXPECT_ERROR(Read(With(GetParam().config, option.name, value), folder), "data." + option.name);
    if (!option.required) continue;
    Json without = GetParam().config;
    without.erase(option.name);
    EXPECT_ERROR(Read(without, folder), "data." + option.name + ": missing");
  }
}

TEST_P(DatasetConformance, HoldsTheLimitsOfItsOptions) {
  const TempDir folder;
  WriteFiles(GetParam(), folder);
  for (const OptionSpec& option : TypeOf(GetParam()).options) {
    const auto refused = [&](const Json& value) {
      SCOPED_TRACE(option.name + ": " + value.dump());
      EXPECT_ERROR(Read(With(GetParam().config, option.name, value), folder),
                   "test.json: data." + option.name + ": expected");
    };
    refused(Json::object());
    if (!option.list && option.min.is_number()) refused(option.min.get<int64_t>() - 1);
    if (!option.list && option.max.is_number()) refused(option.max.get<int64_t>() + 1);
    if (!option.choices.empty()) refused("magic");
  }
}

// Nothing is read elsewhere, and what is missing is named as the config names it.
TEST_P(DatasetConformance, NamesMissingFiles) {
  if (GetParam().files.empty()) GTEST_SKIP() << "it reads none, or shipped ones";
  const TempDir empty;
  std::string message;
  try {
    Read(GetParam().config, empty);
    ADD_FAILURE() << "no error in a folder without its files";
  } catch (const Error& e) {
    message = e.what();
  }
  bool named = false;
  for (const auto& [key, value] : GetParam().config.items())
    named |= key != "type" && value.is_string() && message.find(empty / value.get<std::string>()) != std::string::npos;
  EXPECT_TRUE(named) << message;
}

const char kCaptions[] =
    R"({"images": [{"id": 30, "file_name": "c.png"}, {"id": 10, "file_name": "a.png"}, {"id": 20, "file_name": "b.png"}],
    "annotations": [{"id": 1, "image_id": 10, "caption": "ten"}, {"id": 2, "image_id": 30, "caption": "thirty"},
                    {"id": 3, "image_id": 20, "caption": "twenty"}]})";

}  // namespace

DATASET_EXAMPLES(Coco, {"Captions", {{"type", "coco"}, {"captions", "c.json"}}, {{"c.json", kCaptions}}});
DATASET_EXAMPLES(FashionScenes, {"Shipped",
                                 {{"type", "fashion_scenes"},
                                  {"folder", (testing::SourceDir() / "datasets/fashion_scenes").string()}}});
DATASET_EXAMPLES(Prompts, {"Text", {{"type", "prompts"}, {"file", "p.txt"}}, {{"p.txt", "a cat\n\na dog\na bird\n"}}},
                 {"Table",
                  {{"type", "prompts"}, {"file", "p.csv"}, {"prompt_column", "What"}},
                  {{"p.csv", "n,What\n1,a cat\n2,\"a dog, asleep\"\n3,a bird\n"}}},
                 {"List", {{"type", "prompts"}, {"prompts", {"a cat", "a dog", "a bird"}}}});
DATASET_EXAMPLES(ImageNet, {"Balanced", {{"type", "imagenet"}, {"count", 7}, {"classes", 3}}},
                 {"Names",
                  {{"type", "imagenet"}, {"count", 5}, {"classes", 3}, {"sampling", "random"}, {"names", "n.txt"}},
                  {{"n.txt", "tench\ngoldfish\nshark\n"}}});
DATASET_EXAMPLES(ClassLabels, {"Given", {{"type", "class_labels"}, {"labels", {7, 9}}, {"per_class", 2}}},
                 {"Classes", {{"type", "class_labels"}, {"classes", 5}}});
DATASET_EXAMPLES(Cifar10, {"Partial",
                           {{"type", "cifar10"}, {"folder", "c"}, {"split", "test"}, {"partial", true}},
                           {{"c/test_batch.bin", std::string(3 * 3073, '\1')}}});
DATASET_EXAMPLES(Lsun, {"Database",
                        {{"type", "lsun"},
                         {"folder", (testing::SourceDir() / "tests/datasets/data/bedroom_val_lmdb").string()}}});
DATASET_EXAMPLES(Unconditional, {"Numbers", {{"type", "unconditional"}, {"count", 4}}});

}  // namespace skipbench
