#include "tests/support/fixtures.h"

#include <ATen/ATen.h>

#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

#include "harness/nn/weights/tensor_file.h"

namespace skipbench::testing {

namespace fs = std::filesystem;

fs::path SourceDir() { return SKIPBENCH_SOURCE_DIR; }

fs::path FixtureRoot() {
  const char* root = std::getenv("SKIPBENCH_FIXTURES");
  return root && *root ? fs::path(root) : SourceDir() / "tests" / "fixtures";
}

Manifest LoadManifest(const std::string& folder, const std::string& file) {
  Manifest manifest;
  manifest.folder = FixtureRoot() / folder;
  if (!fs::exists(manifest.folder)) return manifest;
  manifest.exists = true;
  manifest.json = ReadJsonFile(manifest.folder / file);
  return manifest;
}

std::map<std::string, at::Tensor> LoadTensors(const fs::path& file) { return ReadTensorFile(file); }

double MaxAbsDiff(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return std::numeric_limits<double>::infinity();
  if (a.numel() == 0) return 0;
  const double diff = (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
  return std::isnan(diff) ? std::numeric_limits<double>::infinity() : diff;
}

double RelativeDiff(const at::Tensor& value, const at::Tensor& expected) {
  return MaxAbsDiff(value, expected) / std::max(expected.to(at::kDouble).abs().max().item<double>(), 1e-300);
}

TempDir::TempDir() {
  std::string pattern = (fs::temp_directory_path() / "skipbench-test-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp failed");
  path_ = pattern;
}
TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void WriteFile(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out) throw std::runtime_error("cannot write " + path.string());
}

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace skipbench::testing
