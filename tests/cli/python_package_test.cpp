// The Python package, and the tour of examples/ that uses all of it, with this build's program.
#include "tests/cli/cli_support.h"
#include "tests/store/python.h"

namespace skipbench::testing {
namespace {

ProcessResult Python(const std::string& script) {
  const std::string start =
      fmt::format("import os, sys\nsys.path.insert(0, '{}')\nos.environ['SKIPBENCH_PROGRAM'] = '{}'\n",
                  (SourceDir() / "python").string(), SkipbenchPath());
  return RunProcess({PythonPath(), "-W", "error::FutureWarning", "-c", start + script});
}

class PythonPackage : public ::testing::Test {
 protected:
  void SetUp() override {
    if (RunProcess({PythonPath(), "-c", "import h5py, numpy, pandas"}).exit_code != 0)
      GTEST_SKIP() << "no h5py or pandas";
  }
  TempDir dir_;
};

TEST_F(PythonPackage, Tour) {
  const ProcessResult run =
      Python(fmt::format("import runpy\nsys.argv = ['tour', '{}']\nrunpy.run_path('{}')\n", dir_.path().string(),
                         (SourceDir() / "examples/python_tour.py").string()));
  ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_TRUE(Contains(run.out, "11111111111111111111 full_step")) << run.out;
  EXPECT_TRUE(Contains(run.out, "no regression []")) << run.out;
  const ProcessResult more = Python(fmt::format(R"(
import skipbench, numpy as np
result = skipbench.open('{}')
frame = result.settings
assert len(frame) == 4 and frame.setting[0] == 'full_step' and frame.nfe_mean[0] == 20
values = result.values
assert len(values) == 16 and set(values.id) == set(result.samples.index)
mean = values[values.setting == frame.setting[1]].psnr.mean()
assert abs(mean - frame.psnr[1]) < 1e-9, (mean, frame.psnr[1])
assert result.paths['full_step'].shape == (4, 20)
assert result.info['name'] == 'tour'
assert result.verdict
other = skipbench.run({{"name": "other", "pipeline": "fashion-scenes", "steps": 20, "guidance": 4.0, "seed": 2,
    "scheduler": "dpm_solver_multistep", "data": {{"type": "fashion_scenes", "count": 2}}, "metrics": ["psnr"],
    "methods": [{{"type": "full_step"}}]}}, out='{}', set={{"steps": 4}})
compared = other.compare(result)
assert compared.verdict == 'not comparable' and not compared, compared.verdict
assert any('other seed' in reason for reason in compared.reasons)
def fails(call, what):
    try:
        call()
    except skipbench.SkipbenchError as error:
        assert what in str(error), str(error)
    else:
        raise AssertionError(what)
fails(lambda: other.images(0), '"save": ["images"]')
fails(lambda: result.images(99), 'no sample with the id 99')
fails(lambda: skipbench.open('/nowhere'), 'no such result')
fails(lambda: skipbench.run({{"name": "x"}}, out='{}'), 'pipeline: missing')
result.write('{}')
)",
                                                (dir_ / "tour").string(), (dir_ / "other").string(),
                                                (dir_ / "x").string(), (dir_ / "table.csv").string()));
  ASSERT_EQ(more.exit_code, 0) << more.out << more.err;
  EXPECT_TRUE(Contains(ReadFile(dir_ / "table.csv"), "setting,type"));
}

// What goes wrong is an exception with the program's words, whichever way it is asked for.
TEST_F(PythonPackage, FailsWithWhatTheProgramSays) {
  const ProcessResult run = Python(fmt::format(R"(
import numpy as np, pathlib, skipbench
folder = pathlib.Path('{}')
config = {{"pipeline": "fashion-scenes", "scheduler": "ddim", "steps": np.int64(4), "guidance": 4.0, "seed": 1,
    "data": {{"type": "fashion_scenes", "count": 1}}, "methods": [{{"type": "full_step"}}]}}
def fails(call, what, exit_code):
    try:
        call()
    except skipbench.SkipbenchError as error:
        assert what in str(error) and error.exit_code == exit_code, (str(error), error.exit_code)
    else:
        raise AssertionError(what)
for progress in (False, True):
    fails(lambda: skipbench.run({{**config, "steps": -3}}, out=folder / 'x', progress=progress), 'steps: expected an integer', 3)
result = skipbench.run(config, out=folder / 'good', set={{"steps": np.array([3])}}, progress=True)
assert len(result.values) == 1
good = bytearray((folder / 'good/results.h5').read_bytes())
good[len(good) * 3 // 4] ^= 1
(folder / 'damaged.h5').write_bytes(good)
(folder / 'text.h5').write_text('text')
(folder / 'empty').mkdir()
for name, what in (('damaged.h5', 'damaged'), ('text.h5', 'not an HDF5 file of skipbench'), ('empty', 'holds no results')):
    other = skipbench.open(folder / name)
    for asked in ('settings', 'samples', 'values', 'paths', 'verdict'):
        fails(lambda: getattr(other, asked), what, 3)
    fails(lambda: other.images(0), what, 3)
(folder / 'program').write_text('text')
(folder / 'program').chmod(0o755)
os.environ['SKIPBENCH_PROGRAM'] = str(folder / 'program')
fails(skipbench.version, 'could not be started', None)
)",
                                               dir_.path().string()));
  ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_TRUE(Contains(run.err, "skipbench: ") && Contains(run.err, "sampling: 1 of 1")) << run.err;
}

}  // namespace
}  // namespace skipbench::testing
