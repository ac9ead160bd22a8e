#include "datasets/imagenet.h"

#include <fstream>
#include <numeric>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/random.h"
#include "harness/base/text.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

// Labels of the samples offset, offset + 1, ...
std::vector<int64_t> BalancedLabels(uint64_t seed, int64_t offset, int64_t count, int64_t classes) {
  std::vector<int64_t> labels, order(static_cast<size_t>(classes));
  int64_t round = -1;
  for (int64_t id = offset; id < offset + count; ++id) {
    if (id / classes != round) {
      round = id / classes;
      std::iota(order.begin(), order.end(), 0);
      auto generator = GeneratorOf(seed, round);
      Shuffle(order, generator);
    }
    labels.push_back(order[static_cast<size_t>(id % classes)]);
  }
  return labels;
}

std::vector<int64_t> RandomLabels(uint64_t seed, int64_t offset, int64_t count, int64_t classes) {
  std::vector<int64_t> labels;
  for (int64_t id = offset; id < offset + count; ++id) {
    auto generator = GeneratorOf(seed, id);
    labels.push_back(static_cast<int64_t>(UniformBelow(generator, static_cast<uint64_t>(classes))));
  }
  return labels;
}

// "n01440764 tench, Tinca tinca" -> "tench, Tinca tinca".
std::string ClassName(const std::string& line) {
  const bool synset = line.size() > 10 && line[0] == 'n' && line.find_first_not_of("0123456789", 1) == 9 &&
                      (line[9] == ' ' || line[9] == '\t');
  return synset ? line.substr(10) : line;
}

std::vector<std::string> ReadNames(const fs::path& path, int64_t classes) {
  std::ifstream in(path);
  if (!in) Fail("{}: no such file", path.string());
  std::vector<std::string> names;
  int64_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (const std::string why = WhyNotText(line); !why.empty()) Fail("{}:{}: {}", path.string(), number, why);
    if (!line.empty()) names.push_back(ClassName(line));
  }
  if (static_cast<int64_t>(names.size()) != classes)
    Fail("{}: {} lines, expected one for each of {} classes", path.string(), names.size(), classes);
  return names;
}

struct Options {
  int64_t count = 0, offset = 0, classes = 1000;
  uint64_t seed = 0;
  std::string sampling = "balanced";
  std::optional<std::string> names, reference;
};

Dataset ReadImageNet(const Options& options, const fs::path& base_folder) {
  const auto& [count, offset, classes, seed, sampling, names_file, reference_path] = options;
  const fs::path list = ResolvePath(names_file, base_folder).value_or("");
  const std::vector<std::string> names = list.empty() ? std::vector<std::string>() : ReadNames(list, classes);
  const auto reference = ResolvePath(reference_path, base_folder);

  const auto labels = sampling == "balanced" ? BalancedLabels(seed, offset, count, classes)
                                             : RandomLabels(seed, offset, count, classes);
  std::vector<Sample> samples(labels.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i].id = offset + static_cast<int64_t>(i);
    samples[i].label = labels[i];
    if (!names.empty()) samples[i].caption = names[static_cast<size_t>(labels[i])];
  }
  const std::string description =
      fmt::format("{} labels of {} classes, {} with seed {}, from {}", count, classes, sampling, seed, offset);
  Dataset dataset("imagenet", description, std::move(samples));
  if (reference) dataset.SetReference(*reference);
  if (!list.empty()) dataset.SetList("names", list);
  return dataset;
}

}  // namespace

DatasetType ImageNetType() {
  const OptionTable<Options> table(
      "imagenet", {Field("count", &Options::count).Min(1).Max(10'000'000).Required().Help("samples"),
                   Field("sampling", &Options::sampling)
                       .OneOf({"balanced", "random"})
                       .Help("rounds of all classes, or a class drawn for each sample"),
                   Field("seed", &Options::seed).Help("of the order of classes, or of the draws"),
                   Field("offset", &Options::offset).Min(0).Max(1'000'000'000).Help("id of the first sample"),
                   Field("classes", &Options::classes).Min(1).Max(1'000'000).Help("number of classes"),
                   Field("names", &Options::names)
                       .Allowed("file")
                       .Help("a line a class (LOC_synset_mapping.txt, or the name alone), to preview them by"),
                   Field("reference", &Options::reference)
                       .Allowed("folder or file")
                       .Help("pictures or statistics (.npz) that distributions are compared with")});
  return DeclareDataset("ImageNet's classes, balanced or random", table, ReadImageNet);
}

}  // namespace skipbench
