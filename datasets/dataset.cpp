#include "datasets/dataset.h"

#include <algorithm>
#include <numeric>

#include "datasets/picture_set.h"
#include "harness/base/error.h"
#include "harness/base/paths.h"
#include "harness/base/random.h"

namespace skipbench {

Dataset::Dataset(std::string name, std::string description, std::vector<Sample> samples)
    : name_(std::move(name)), description_(std::move(description)), samples_(std::move(samples)) {
  std::stable_sort(samples_.begin(), samples_.end(), [](const Sample& a, const Sample& b) { return a.id < b.id; });
  for (size_t i = 0; i < samples_.size(); ++i) {
    if (samples_[i].id < 0) Fail("{}: the sample id {} is negative", description_, samples_[i].id);
    if (i > 0 && samples_[i].id == samples_[i - 1].id)
      Fail("{}: the sample id {} occurs twice", description_, samples_[i].id);
  }
}

std::string Preview(const Dataset& dataset, size_t count) {
  std::string text = fmt::format("{}: {}\n", dataset.name(), dataset.description());
  for (size_t i = 0; i < std::min(count, dataset.samples().size()); ++i) {
    const Sample& sample = dataset.samples()[i];
    text += fmt::format("  {}", sample.id);
    if (!sample.caption.empty()) text += fmt::format("  {}", sample.caption);
    if (sample.label >= 0) text += fmt::format("  class {}", sample.label);
    if (!sample.image.empty()) text += fmt::format("  ({})", sample.image.string());
    text += '\n';
  }
  if (dataset.samples().size() > count) text += fmt::format("  ... {} more\n", dataset.samples().size() - count);
  if (dataset.reference()) text += fmt::format("  reference: {}\n", dataset.reference()->string());
  return text;
}

OptionTable<Subset> SubsetTable() {
  return OptionTable<Subset>(
      "part", {Field("count", &Subset::count).Min(1).Default("all").Help("samples taken"),
               Field("offset", &Subset::offset).Min(0).Help("samples left out in front of them"),
               Field("seed", &Subset::seed).Default("in order of id").Help("takes them out of a random order")});
}

std::vector<size_t> Select(const Subset& subset, size_t size) {
  const auto available = static_cast<int64_t>(size);
  if (subset.offset > available || (subset.offset == available && size > 0))
    FailOption("offset", "{} samples are left out, but there are only {}", subset.offset, size);
  const int64_t count = subset.count.value_or(available - subset.offset);
  if (count > available - subset.offset)
    FailOption("count", "{} samples are asked for, but there are only {} (of {}, {} left out)", count,
               available - subset.offset, size, subset.offset);
  std::vector<size_t> order(size);
  std::iota(order.begin(), order.end(), size_t{0});
  if (subset.seed) {
    std::mt19937_64 generator(*subset.seed);
    Shuffle(order, generator);
  }
  const auto begin = order.begin() + subset.offset;
  std::vector<size_t> selected(begin, begin + count);
  std::sort(selected.begin(), selected.end());
  return selected;
}

std::string Describe(const Subset& subset, size_t selected, size_t size) {
  std::string text = selected == size ? fmt::format("all {}", size) : fmt::format("{} of {}", selected, size);
  if (subset.offset > 0) text += fmt::format(" from {}", subset.offset);
  if (subset.seed && selected != size) text += fmt::format(", drawn with seed {}", *subset.seed);
  return text;
}

std::mt19937_64 GeneratorOf(uint64_t seed, int64_t number) {
  std::mt19937_64 generator(seed * 0x9E3779B97F4A7C15 + static_cast<uint64_t>(number));
  generator.discard(8);
  return generator;
}

void Dataset::SetReference(std::filesystem::path reference) {
  std::error_code error;
  if (!std::filesystem::exists(reference, error))
    Fail("{}: missing; expected the reference of {}: a folder of pictures or a file of statistics", reference.string(),
         name_);
  reference_ = std::move(reference);
}

std::optional<std::filesystem::path> ResolvePath(const std::optional<std::string>& path,
                                                 const std::filesystem::path& base_folder) {
  return path ? std::optional(ResolvePath(*path, base_folder)) : std::nullopt;
}

std::filesystem::path ResolvePath(const std::string& path, const std::filesystem::path& base_folder) {
  const std::filesystem::path beside = (base_folder / path).lexically_normal();  // an absolute path stays what it is
  std::error_code error;
  if (std::filesystem::exists(beside, error)) return beside;
  for (const auto& folder : PathsOfEnvironment("SKIPBENCH_DATA"))
    if (std::filesystem::exists(folder / path, error)) return folder / path;
  return beside;
}

OptionTable<NumberOptions> NumberTable() {
  return OptionTable<NumberOptions>(
      "numbers", {Field("count", &NumberOptions::count)
                      .Min(1)
                      .Max(10'000'000)
                      .Default("as many as there are pictures")
                      .Help("samples"),
                  Field("offset", &NumberOptions::offset).Min(0).Max(INT64_MAX / 2).Help("id of the first sample")});
}

Dataset NumberedSamples(const std::string& name, const NumberOptions& options, const std::filesystem::path& path,
                        const PictureSet& pictures) {
  const int64_t count = options.count.value_or(pictures.size()), offset = options.offset;
  std::vector<Sample> samples(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) samples[static_cast<size_t>(i)].id = offset + i;
  Dataset dataset(name, fmt::format("ids {} to {}; reference {}", offset, offset + count - 1, pictures.description()),
                  std::move(samples));
  dataset.SetReference(path);
  return dataset;
}

}  // namespace skipbench
