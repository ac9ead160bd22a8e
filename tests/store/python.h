// Cross-checks with h5py and numpy: the interpreter of $SKIPBENCH_PYTHON, or of the checkout's own environment.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/support/fixtures.h"
#include "tests/support/process.h"

namespace skipbench::testing {

inline std::string PythonPath() {
  const char* python = std::getenv("SKIPBENCH_PYTHON");
  return python && *python ? python : (SourceDir() / ".env" / "bin" / "python").string();
}

inline bool PythonHasH5py() { return RunProcess({PythonPath(), "-c", "import h5py, numpy"}).exit_code == 0; }

// Runs a script whose variable `path` is `path`; whatever it asserts must hold.
inline void ExpectPython(const std::string& script, const std::filesystem::path& path) {
  const ProcessResult result = RunProcess(
      {PythonPath(), "-c", "import sys, json, h5py, numpy as np\npath = sys.argv[1]\n" + script, path.string()});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

// Changes a results file: `script` has it as `f`. The new file has no checksum, as if another tool had repacked it.
inline void EditResults(const std::string& script, const std::filesystem::path& path) {
  ExpectPython(
      "import os\n"
      "with h5py.File(path) as a, h5py.File(path + '.new', 'w') as f:\n"
      "  for key in a: a.copy(key, f)\n"
      "  for key, value in a.attrs.items(): f.attrs[key] = value\n" +
          script + "\nos.replace(path + '.new', path)\n",
      path);
}

}  // namespace skipbench::testing

#define SKIP_WITHOUT_H5PY()                                                                                        \
  if (!::skipbench::testing::PythonHasH5py())                                                                      \
  GTEST_SKIP() << ::skipbench::testing::PythonPath() << " has no h5py and numpy; scripts/setup installs them, or " \
               << "SKIPBENCH_PYTHON names an interpreter that has them"
