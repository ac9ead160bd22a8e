#include "datasets/numbered.h"

namespace skipbench {

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
