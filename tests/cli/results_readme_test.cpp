// The examples of harness/store/README.md run as they stand there, on a result made here.
#include <regex>
#include <sstream>

#include "tests/cli/cli_support.h"
#include "tests/store/python.h"

namespace skipbench::testing {
namespace {

// The indented lines below a heading, without the indentation, piece by piece.
std::vector<std::string> Examples(const std::string& text, const std::string& heading) {
  std::istringstream lines(text.substr(text.find("\n## " + heading + "\n") + heading.size() + 5));
  std::vector<std::string> examples;
  bool inside = false;
  for (std::string line; std::getline(lines, line) && !line.starts_with("## ");) {
    const bool code = line.starts_with("    ");
    if (code && !inside) examples.emplace_back();
    if (code || line.empty()) {
      if (!examples.empty() && (code || inside)) examples.back() += (code ? line.substr(4) : line) + "\n";
    }
    inside = code || (inside && line.empty());
  }
  return examples;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// Runs the examples with the result's folder and the program in place of those of the page; what they print, one after
// another.
std::vector<std::string> RunExamples(const std::string& heading, const std::filesystem::path& result) {
  std::vector<std::string> outputs;
  for (const auto& example : Examples(ReadFile(SourceDir() / "harness/store/README.md"), heading)) {
    const std::string script =
        Replaced(Replaced(example, "results/local/quickstart", result.string()), "build/skipbench", SkipbenchPath());
    EXPECT_NE(script, example);
    const ProcessResult run = RunProcess({PythonPath(), "-W", "error::FutureWarning", "-c", script});
    EXPECT_EQ(run.exit_code, 0) << script << run.err;
    outputs.push_back(run.out);
  }
  return outputs;
}

class ResultsReadme : public ::testing::Test {
 protected:
  void SetUp() override {
    Json config = SmallConfig(2, 6);  // means of two counts have one digit after the point
    ASSERT_EQ(RunConfig(dir_, config, "run").exit_code, 0);
  }
  TempDir dir_;
};

TEST_F(ResultsReadme, ExamplesWithH5py) {
  SKIP_WITHOUT_H5PY();
  const auto outputs = RunExamples("With h5py", dir_ / "run");
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_NE(outputs[0].find("full_step 6.0 identical 0\n"), std::string::npos) << outputs[0];
  EXPECT_NE(outputs[0].find("fewer_steps(steps=5) 5.0 "), std::string::npos) << outputs[0];
}

TEST_F(ResultsReadme, ExamplesWithPandas) {
  if (RunProcess({PythonPath(), "-c", "import pandas, h5py"}).exit_code != 0)
    GTEST_SKIP() << PythonPath() << " has no pandas; scripts/setup installs it";
  const auto outputs = RunExamples("With pandas", dir_ / "run");
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_NE(outputs[0].find("macs_matmuls"), std::string::npos) << outputs[0];
  EXPECT_TRUE(std::regex_search(outputs[0], std::regex("\\nfull_step +6\\.0 "))) << outputs[0];
  EXPECT_NE(outputs[1].find("psnr_high"), std::string::npos) << outputs[1];
}

}  // namespace
}  // namespace skipbench::testing
