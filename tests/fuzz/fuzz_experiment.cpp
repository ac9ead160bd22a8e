// An experiment's config, with a --set of it.
#include "harness/experiment/config/config.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  // What follows a zero byte is a --set.
  const std::string_view text = fuzz::Text(data, size);
  const size_t zero = text.find('\0');
  std::vector<std::string> sets;
  if (zero != std::string_view::npos) sets.emplace_back(text.substr(zero + 1));
  fuzz::Write("experiment.json", text.substr(0, zero));
  return fuzz::Try([&] { ReadExperimentConfig(fuzz::Folder() / "experiment.json", sets); });
}
