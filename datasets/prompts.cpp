#include "datasets/prompts.h"

#include <map>
#include <set>

#include "datasets/prompt_file.h"
#include "harness/base/error.h"
#include "harness/io/pictures/image.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxSamples = 10'000'000;

struct PromptOptions {
  std::optional<std::string> file;
  std::optional<std::vector<std::string>> prompts;
  PromptFormat format;
  std::optional<std::string> images;
  Subset subset;
};

std::vector<PromptRow> ReadRows(const PromptOptions& options, const fs::path& path) {
  if (options.prompts) {
    std::vector<PromptRow> rows;
    for (const auto& prompt : *options.prompts) rows.push_back({static_cast<int64_t>(rows.size()), prompt, "", ""});
    return rows;
  }
  PromptFormat format = options.format;
  format.images = options.images.has_value();
  return ReadPromptFile(path, format);
}

Dataset Choose(const std::string& name, const std::string& origin, std::vector<Sample> all, const Subset& subset) {
  const size_t size = all.size();
  std::vector<Sample> chosen;
  for (size_t place : Select(subset, size)) chosen.push_back(std::move(all[place]));
  const std::string description = fmt::format("{}: {} samples", origin, Describe(subset, chosen.size(), size));
  return Dataset(name, description, std::move(chosen));
}

// Reads every picture, each file once: a long run shall not end at one that is broken.
void CheckPictures(const std::vector<Sample>& samples, const std::map<int64_t, std::string>& named_at) {
  std::set<fs::path> read;
  for (const auto& sample : samples) {
    if (!read.insert(sample.image).second) continue;
    const std::string& place = named_at.at(sample.id);
    std::error_code error;
    if (!sample.image.has_filename()) Fail("{}: no picture is named", place);
    if (!fs::exists(sample.image, error)) Fail("{}: the picture {} is missing", place, sample.image.string());
    try {
      ReadUprightImage(sample.image);
    } catch (const Error& e) {
      Fail("{}: {}", place, e.what());
    }
  }
}

Dataset ReadPrompts(const PromptOptions& options, const fs::path& base_folder) {
  const bool inline_list = options.prompts.has_value();
  const fs::path path = ResolvePath(options.file, base_folder).value_or("");
  const std::string origin = inline_list ? "prompts of the config" : path.string();
  const auto pictures = ResolvePath(options.images, base_folder);
  auto rows = ReadRows(options, path);

  std::vector<Sample> samples;
  std::map<int64_t, std::string> named_at;  // by id: where the list names the picture
  for (auto& row : rows) {
    Sample sample;
    if (pictures) named_at[row.number] = row.place;
    sample.id = row.number;
    sample.caption = std::move(row.prompt);
    if (pictures) sample.image = *pictures / row.image;
    samples.push_back(std::move(sample));
  }
  if (samples.empty()) Fail("{}: no prompts", origin);
  Dataset dataset = Choose("prompts", origin, std::move(samples), options.subset);
  if (!inline_list) dataset.SetList("file", path);
  if (pictures) CheckPictures(dataset.samples(), named_at);
  return dataset;
}

struct ClassOptions {
  std::optional<std::vector<int64_t>> labels;
  std::optional<int64_t> classes;
  int64_t per_class = 1;
  Subset subset;
};

Dataset ReadClassLabels(const ClassOptions& options, const fs::path&) {
  std::vector<int64_t> labels = options.labels.value_or(std::vector<int64_t>());
  if (options.labels && labels.empty()) FailOption("labels", "the list is empty");
  for (int64_t label = 0; label < options.classes.value_or(0); ++label) labels.push_back(label);
  const auto kinds = static_cast<int64_t>(labels.size());
  const int64_t per_class = options.per_class;
  if (per_class > kMaxSamples / kinds)
    FailOption("per_class", "expected an integer in [1, {}], found {}: at most {} samples are possible",
               kMaxSamples / kinds, per_class, kMaxSamples);

  std::vector<Sample> samples(static_cast<size_t>(kinds * per_class));
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i].id = static_cast<int64_t>(i);
    samples[i].label = labels[i % labels.size()];
  }
  return Choose("class_labels", fmt::format("{} classes, {} each", kinds, per_class), std::move(samples),
                options.subset);
}

struct UnconditionalOptions {
  int64_t count = 0, offset = 0;
  std::optional<std::string> reference;
};

Dataset ReadUnconditional(const UnconditionalOptions& options, const fs::path& base_folder) {
  const auto& [count, offset, reference_path] = options;
  const auto reference = ResolvePath(reference_path, base_folder);
  std::vector<Sample> samples(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) samples[static_cast<size_t>(i)].id = offset + i;
  Dataset dataset("unconditional", fmt::format("ids {} to {}", offset, offset + count - 1), std::move(samples));
  if (reference) dataset.SetReference(*reference);
  return dataset;
}

}  // namespace

DatasetType PromptsType() {
  using Options = PromptOptions;
  const auto of_file = [](const Options& o) { return o.file.has_value(); };
  const std::vector<Json> formats(PromptFormats().begin(), PromptFormats().end());
  OptionTable<Options> table("prompts",
                             {Field("file", &Options::file).Allowed("file").Help(".txt, .csv, .tsv, .json or .jsonl"),
                              Field("prompts", &Options::prompts).Help("the prompts, instead of a file"),
                              Field("format", &Options::format, &PromptFormat::format)
                                  .OneOf(formats)
                                  .When(of_file, "goes with a \"file\"")
                                  .Default("by the extension")
                                  .Help("text: a prompt a line; csv, tsv: with a header; json: a list of strings or "
                                        "objects, or captions of COCO; jsonl: an object or string a line"),
                              Field("prompt_column", &Options::format, &PromptFormat::prompt_column)
                                  .When(of_file, "goes with a \"file\"")
                                  .Default("prompt, prompts, caption, text, sentence, description or prompt_en")
                                  .Help("of tables and JSON"),
                              Field("images", &Options::images)
                                  .When(of_file, "goes with a \"file\" that names the pictures")
                                  .Allowed("folder")
                                  .Help("each prompt goes with a picture in it, named by image_column, in a text by "
                                        "what stands before the first tab of a line"),
                              Field("image_column", &Options::format, &PromptFormat::image_column)
                                  .When(of_file, "goes with a \"file\"")
                                  .Default("image, image_path, file_name or image_name")
                                  .Help("of tables and JSON"),
                              Field("split", &Options::format, &PromptFormat::split)
                                  .When(of_file, "goes with a \"file\"")
                                  .Default("all of them")
                                  .Help("of Karpathy's dataset_coco.json: train, restval, val or test")});
  table.Include(&Options::subset, SubsetTable());
  table.Rule([](const Options& o) {
    if (o.prompts.has_value() == o.file.has_value())
      FailOption("file", "expected either \"file\" or a list \"prompts\"");
  });
  return DeclareDataset("prompts of images or videos: a file or a list in the config", table, ReadPrompts);
}

DatasetType ClassLabelsType() {
  using Options = ClassOptions;
  OptionTable<Options> table(
      "class_labels",
      {Field("labels", &Options::labels).Min(0).Max(INT32_MAX).Help("class labels"),
       Field("classes", &Options::classes).Min(1).Max(1'000'000).Help("instead of labels: that many, from 0"),
       Field("per_class", &Options::per_class).Min(1).Max(kMaxSamples).Help("samples of each")});
  table.Include(&Options::subset, SubsetTable());
  table.Rule([](const Options& o) {
    if (o.labels.has_value() == o.classes.has_value())
      FailOption("labels", "expected either a list \"labels\" or \"classes\"");
  });
  return DeclareDataset("given class labels in turn", table, ReadClassLabels);
}

DatasetType UnconditionalType() {
  using Options = UnconditionalOptions;
  const OptionTable<Options> table(
      "unconditional", {Field("count", &Options::count).Min(1).Max(kMaxSamples).Required().Help("samples"),
                        Field("offset", &Options::offset).Min(0).Max(INT64_MAX / 2).Help("id of the first sample"),
                        Field("reference", &Options::reference)
                            .Allowed("folder or file")
                            .Help("pictures or statistics (.npz) that distributions are compared with")});
  return DeclareDataset("numbered samples without a condition", table, ReadUnconditional);
}

}  // namespace skipbench
