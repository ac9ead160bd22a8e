#include "harness/report/exports/path_export.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/report/tables/escape.h"

namespace skipbench {
namespace {

int64_t PredictionsOf(const ExportedPath& path) { return std::ranges::count(path.mask, 1); }

// Python's comment of what the path is; whatever a label holds stays within its line.
std::string Head(const ExportedPath& path, const std::string& what) {
  std::string text =
      fmt::format("# {}\n# Setting: {}\n# Path: {}.\n# Run: {}.\n# {} of {} scheduler calls run the network.\n", what,
                  OneLine(path.setting), OneLine(path.whose), OneLine(path.run), PredictionsOf(path), path.mask.size());
  for (const auto& note : path.notes) text += "# Note: " + OneLine(note) + "\n";
  return text;
}

// "MASK = [1, 0, ...]", 30 entries a line.
std::string MaskLines(const std::vector<uint8_t>& mask) {
  constexpr size_t kLine = 30;
  std::string text = "MASK = [\n";
  for (size_t begin = 0; begin < mask.size(); begin += kLine) {
    const size_t end = std::min(begin + kLine, mask.size());
    text += fmt::format("    {},\n", fmt::join(mask.begin() + static_cast<std::ptrdiff_t>(begin),
                                               mask.begin() + static_cast<std::ptrdiff_t>(end), ", "));
  }
  return text + "]\n";
}

// `pipe` is a pipeline of diffusers. One call of the network belongs to the scheduler call that follows it, so that one
// pass or two a step, and timesteps that come twice, are all the same to it.
constexpr const char* kDiffusers = R"py(
import functools


def attach(pipe, mask=MASK):
    """Makes `pipe` use the network's last output again in the calls where `mask` is 0; returns what undoes that.

    For pipelines whose network runs once a step (guidance in one batch or none) or several times (a pass for each row
    of guidance): each pass has its own last output. Every image starts anew. Set pipe.scheduler before.
    """
    if not mask or not mask[0]:
        raise ValueError("the first call of a path must run the network")
    scheduler = pipe.scheduler
    networks = [getattr(pipe, name, None) for name in ("transformer", "transformer_2", "unet")]
    networks = [network for network in networks if network is not None]
    if not networks:
        raise ValueError(f"{type(pipe).__name__} has neither a transformer nor a unet")
    state = {"call": 0, "pass": 0}
    outputs = {}  # by pass
    set_timesteps, step = scheduler.set_timesteps, scheduler.step

    @functools.wraps(set_timesteps)
    def begin(*args, **kwargs):
        result = set_timesteps(*args, **kwargs)
        if len(scheduler.timesteps) != len(mask):
            raise ValueError(f"the path has {len(mask)} calls, the scheduler makes {len(scheduler.timesteps)}")
        state.update({"call": 0, "pass": 0})
        outputs.clear()
        return result

    @functools.wraps(step)
    def next_call(*args, **kwargs):
        state["call"] += 1
        state["pass"] = 0
        return step(*args, **kwargs)

    def masked(forward):
        @functools.wraps(forward)
        def run(*args, **kwargs):
            which = state["pass"]
            state["pass"] += 1
            if mask[state["call"]] or which not in outputs:
                outputs[which] = forward(*args, **kwargs)
            return outputs[which]

        return run

    forwards = [network.forward for network in networks]
    for network in networks:
        network.forward = masked(network.forward)
    scheduler.set_timesteps, scheduler.step = begin, next_call

    def detach():
        for network, forward in zip(networks, forwards):
            network.forward = forward
        scheduler.set_timesteps, scheduler.step = set_timesteps, step
        outputs.clear()

    return detach
)py";

constexpr const char* kCacheDit = R"py(
import cache_dit
from cache_dit import DBCacheConfig


def enable(pipe):
    """Once, on a pipeline of diffusers; then pipe(..., num_inference_steps={0}) as ever."""
    return cache_dit.enable_cache(
        pipe,
        cache_config=DBCacheConfig(
            Fn_compute_blocks={1},
            Bn_compute_blocks={2},
            num_inference_steps=len(MASK),
            steps_computation_mask=MASK,
            steps_computation_policy="static",
        ),
    )
)py";

}  // namespace

std::string RenderCacheDit(const ExportedPath& path) {
  ExportedPath noted = path;
  const auto blocks = [](int count) { return count == 1 ? std::string("block") : fmt::format("{} blocks", count); };
  noted.notes.push_back(
      fmt::format("in a call that skips, cache-dit runs the first {}{} and adds what the others added in the last full "
                  "call; it cannot "
                  "leave out the first block, so its pictures are not those of a path that uses the last output again",
                  blocks(path.front_blocks), path.back_blocks > 0 ? " and the last " + blocks(path.back_blocks) : ""));
  return Head(noted, "A skip path for cache-dit 1.5.3 (steps computation mask), by skipbench path export.") +
         MaskLines(path.mask) +
         fmt::format(fmt::runtime(kCacheDit), path.mask.size(), path.front_blocks, path.back_blocks);
}

std::string RenderDiffusers(const ExportedPath& path) {
  return Head(path,
              "A skip path for diffusers, by skipbench path export: attach(pipe), then call the pipeline as ever.") +
         MaskLines(path.mask) + kDiffusers;
}

std::string RenderPathJson(const ExportedPath& path) {
  nlohmann::ordered_json json = {{"mask", path.mask},
                                 {"setting", path.setting},
                                 {"whose", path.whose},
                                 {"run", path.run},
                                 {"predictions", PredictionsOf(path)},
                                 {"calls", path.mask.size()},
                                 {"notes", path.notes}};
  std::string text = "{\n";
  for (auto it = json.begin(); it != json.end(); ++it)
    text += fmt::format("  {}: {}{}\n", nlohmann::ordered_json(it.key()).dump(),
                        it.value().dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace),
                        std::next(it) == json.end() ? "" : ",");
  return text + "}\n";
}

}  // namespace skipbench
