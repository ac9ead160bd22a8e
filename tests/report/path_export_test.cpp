// Paths as other programs take them; the snippet for diffusers runs, on pipelines made up of the parts that it touches.
#include "harness/report/exports/path_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/io/files/mask_file.h"
#include "tests/store/python.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using ::testing::HasSubstr;

ExportedPath Example() {
  return {.mask = {1, 1, 0, 1, 0, 0},
          .setting = "greedy_search(skips=3)\nimport os",
          .whose = "of all 8 samples",
          .run = "example: tiny, ddim, 6 steps",
          .notes = {"a note"}};
}

TEST(PathExport, WhatIsWrittenIsReadAgain) {
  const ExportedPath path = Example();
  for (const std::string& text : {RenderCacheDit(path), RenderDiffusers(path), RenderPathJson(path)}) {
    const MaskFile read = ParseMask(text, "export");
    EXPECT_EQ(read.mask, path.mask) << text;
    EXPECT_THAT(read.name, HasSubstr("greedy_search(skips=3)"));
    EXPECT_THAT(text, HasSubstr("of all 8 samples"));
    EXPECT_THAT(text, HasSubstr("a note"));
    EXPECT_THAT(text, ::testing::Not(HasSubstr("\nimport os"))) << "a label stays within its line";
  }
}

TEST(PathExport, CacheDitByItsOwnNames) {
  ExportedPath path = Example();
  path.front_blocks = 8;
  const std::string text = RenderCacheDit(path);
  for (const char* part : {"Fn_compute_blocks=8", "Bn_compute_blocks=0", "num_inference_steps=len(MASK)",
                           "steps_computation_mask=MASK", "steps_computation_policy=\"static\"",
                           "from cache_dit import DBCacheConfig", "3 of 6 scheduler calls run the network"})
    EXPECT_THAT(text, HasSubstr(part));
}

constexpr const char* kFakes = R"py(
import inspect, sys
scope = {}
exec(compile(open(sys.argv[1]).read(), "snippet", "exec"), scope)
MASK, attach = scope["MASK"], scope["attach"]

class Network:
    def __init__(self):
        self.calls = 0
    def forward(self, sample, timestep, row=None):
        self.calls += 1
        return (sample * 100 + timestep, self.calls)
    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)

class Scheduler:
    def __init__(self, timesteps):
        self.all, self.timesteps = timesteps, []
    def set_timesteps(self, num_inference_steps=None, sigmas=None):
        self.timesteps = self.all[:num_inference_steps]
    def step(self, output, timestep, sample, eta=0.0, generator=None):
        return sample + output[0]

class Pipeline:
    def __init__(self, timesteps, passes, network="transformer"):
        self.scheduler, self.passes = Scheduler(timesteps), passes
        setattr(self, network, Network())
        self.network = getattr(self, network)
    def __call__(self, steps, stop=None):
        self.scheduler.set_timesteps(steps)
        assert "eta" in inspect.signature(self.scheduler.step).parameters
        sample, seen = 1, []
        for i, t in enumerate(self.scheduler.timesteps):
            if i == stop:
                raise KeyboardInterrupt
            outputs = [self.network(sample + row, t, row=row) for row in range(self.passes)]
            seen.append(outputs)
            sample = self.scheduler.step(outputs[-1], t, sample)
        return seen

def expected(pipe, steps, mask):
    """By the definition: where the mask is 0, the last output of the same pass."""
    sample, last, seen = 1, {}, []
    for i, t in enumerate(pipe.scheduler.all[:steps]):
        for row in range(pipe.passes):
            if mask[i]:
                last[row] = ((sample + row) * 100 + t)
        seen.append([last[row] for row in range(pipe.passes)])
        sample = sample + last[pipe.passes - 1]
    return seen
)py";

void ExpectSnippet(const std::string& script) {
  const testing::TempDir dir;
  testing::WriteFile(dir / "path.py", RenderDiffusers(Example()));
  const auto run = testing::RunProcess({testing::PythonPath(), "-c", kFakes + script, (dir / "path.py").string()});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
}

TEST(DiffusersSnippet, FollowsTheMaskInOnePassAndInTwoWithTimestepsThatComeTwice) {
  ExpectSnippet(R"py(
assert MASK == [1, 1, 0, 1, 0, 0]
for network in ("transformer", "unet"):
    for passes in (1, 2):
        for timesteps in ([9, 7, 5, 4, 2, 1], [9, 7, 7, 5, 3, 1]):
            pipe = Pipeline(timesteps, passes, network)
            attach(pipe)
            for prompt in range(3):
                pipe.network.calls = 0
                seen = [[output[0] for output in outputs] for outputs in pipe(6)]
                assert seen == expected(pipe, 6, MASK), (network, passes, timesteps, prompt, seen)
                assert pipe.network.calls == 3 * passes
)py");
}

TEST(DiffusersSnippet, StartsAnewAfterAnInterruptionAndIsUndone) {
  ExpectSnippet(R"py(
pipe = Pipeline([9, 7, 5, 4, 2, 1], 2)
detach = attach(pipe)
try:
    pipe(6, stop=4)
except KeyboardInterrupt:
    pass
assert [[o[0] for o in outputs] for outputs in pipe(6)] == expected(pipe, 6, MASK)
detach()
pipe.network.calls = 0
assert [[o[0] for o in outputs] for outputs in pipe(6)] == expected(pipe, 6, [1] * 6)
assert pipe.network.calls == 12
)py");
}

TEST(DiffusersSnippet, RefusesWhatDoesNotFit) {
  ExpectSnippet(R"py(
def error(make):
    try:
        make()
    except ValueError as e:
        return str(e)
pipe = Pipeline([9, 7, 5, 4, 2, 1], 1)
attach(pipe)
assert error(lambda: pipe(5)) == "the path has 6 calls, the scheduler makes 5"
assert error(lambda: attach(Pipeline([9], 1), [0, 1])) == "the first call of a path must run the network"
assert error(lambda: attach(Pipeline([9], 1, "decoder"))) == "Pipeline has neither a transformer nor a unet"
)py");
}

}  // namespace
}  // namespace skipbench
