#include "datasets/numbered.h"

namespace skipbench {

Dataset NumberedSamples(const std::string& name, const JsonReader& config, const std::filesystem::path& path, const PictureSet& pictures) {
  const int64_t count = config.IntOr("count", pictures.size(), 1, 10'000'000);
  const int64_t offset = config.IntOr("offset", 0, 0, INT64_MAX / 2);
  config.Ignore("type");
  config.RejectUnknownKeys();
  std::vector<Sample> samples(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) samples[static_cast<size_t>(i)].id = offset + i;
  Dataset dataset(name, fmt::format("ids {} to {}; reference {}", offset, offset + count - 1, pictures.description()), std::move(samples));
  dataset.SetReference(path);
  return dataset;
}

}  // namespace skipbench
