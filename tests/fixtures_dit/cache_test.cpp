// Caches as published, against trajectories of the published implementations (diffusers' hooks, cache-dit) and of rules
// as their sources code them: every decision and the final latents.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "methods/catalog.h"
#include "tests/fixtures_dit/dit_run.h"

namespace skipbench {
namespace {

using testing::DitCase;

// A method's options for what the manifest says of a case.
struct Published {
  std::string type;
  Json options;
};

Published PublishedOf(const DitCase& c) {
  const std::string method = c.json.at("method");
  const Json& given = c.json.at("parameters");
  // Who decides where guidance takes two rows follows from the model: Wan's pipeline runs two passes.
  const Json as_published = {{"as_published", true}};
  const auto with = [&](Json options) {
    options.update(as_published);
    return options;
  };
  if (method == "first_block_cache") return {method, with({{"threshold", given.at("threshold")}})};
  if (method == "dbcache") {
    Json options = {{"Fn_compute_blocks", given.at("Fn_compute_blocks")},
                    {"Bn_compute_blocks", given.at("Bn_compute_blocks")},
                    {"residual_diff_threshold", given.at("residual_diff_threshold")},
                    {"max_warmup_steps", given.at("max_warmup_steps")}};
    if (given.contains("max_continuous_cached_steps"))
      options["max_continuous_cached_steps"] = given["max_continuous_cached_steps"];
    if (given.contains("calibrator") && !given["calibrator"].is_null()) {
      options["calibrator"] = "taylorseer";
      options["taylorseer_order"] = given.value("taylorseer_order", 1);
    }
    return {"db_cache", with(options)};
  }
  if (method == "teacache") {
    const std::string signal = given.at("signal");
    return {"tea_cache", with({{"rel_l1_thresh", given.at("threshold")},
                               {"coefficients", given.at("coefficients")},
                               {"signal", signal.starts_with("block 0")          ? "modulated_input"
                                          : signal.starts_with("time embedding") ? "time_embedding"
                                                                                 : "time_projection"},
                               {"ret_steps", given.value("first", 1)},
                               {"last_steps", given.value("last", 1)}})};
  }
  if (method == "seacache") {
    Json options = given;
    return {"sea_cache", with(options)};
  }
  if (method == "easycache")
    return {"easy_cache",
            {{"thresh", given.at("threshold")},
             {"ret_steps", given.at("first")},
             {"last_steps", given.at("last")},
             {"as_published", true}}};
  if (method == "magcache")
    return {"mag_cache", with({{"threshold", given.at("threshold")},
                               {"max_skip_steps", given.at("max_skip_steps")},
                               {"retention_ratio", given.at("retention_ratio")},
                               {"mag_ratios", given.at("mag_ratios")}})};
  if (method == "adaptive")
    return {"adaptive_diffusion", {{"delta", given.at("delta")}, {"max_skips", given.at("cmax")}, {"scope", "group"}}};
  if (method == "fixed_mask") return {"fixed_path", {{"mask", given.at("mask")}}};
  if (method == "fora") return {"interval", {{"interval", given.at("interval")}, {"level", "modules"}}};
  const auto differences = [](Json options, const Json& order) {
    options["max_order"] = order;
    return options;
  };
  if (method.starts_with("taylorseer_diffusers")) {
    Json options = {{"grid", "diffusers"},
                    {"cache_interval", given.at("cache_interval")},
                    {"disable_cache_before_step", given.at("disable_cache_before_step")}};
    if (method.ends_with("_lite"))
      options["level"] = "output";
    else
      options.update({{"level", "modules"}, {"modules", {"attention"}}});
    return {"taylor_seer", differences(options, given.at("max_order"))};
  }
  if (method.starts_with("taylorseer")) {
    const std::string level = method.ends_with("_output")       ? "output"
                              : method.ends_with("_last_block") ? "last_block"
                                                                : "modules";
    return {"taylor_seer",
            differences(
                {{"interval", given.at("interval")}, {"first_enhance", given.at("first_enhance")}, {"level", level}},
                given.at("order"))};
  }
  Fail("{}: no method does {}", c.name(), method);
}

std::vector<int> MaskOf(const std::vector<Decision>& decisions) {
  std::vector<int> mask;
  for (const Decision& decision : decisions) mask.push_back(decision.action == Action::kPredict);
  return mask;
}

class DitCaches : public testing::DitTest {};

TEST_P(DitCaches, DecideAndEndAsPublished) {
  const c10::InferenceMode inference;
  const DitCase& c = GetParam();
  testing::DitRun run(c);
  const Published published = PublishedOf(c);
  SCOPED_TRACE(published.options.dump());
  const auto method = FindMethodType(published.type, c.name()).make(JsonReader(published.options, c.name()));
  TreeOptions options;
  options.group_size = c.config().value("batch", 1);
  const TreeResult result = run.Run({method.get()}, options);
  std::vector<at::Tensor> final_latents;
  for (const TrajectoryRecord& record : result.records[0]) {
    final_latents.push_back(record.final_latent);
    std::vector<int> conditional, unconditional;
    for (const Json& call : c.json.at("mask")) {
      conditional.push_back(call.is_array() ? call[0].get<int>() : call.get<int>());
      unconditional.push_back(call.is_array() ? call[1].get<int>() : call.get<int>());
    }
    EXPECT_EQ(MaskOf(record.decisions), conditional);
    if (!record.unconditional.empty()) EXPECT_EQ(MaskOf(record.unconditional), unconditional);
  }
  testing::ExpectClose(c, "final", at::stack(final_latents), run.expected().at("final"));
}

DIT_CASES(DitCaches, "trajectory", [](const DitCase& c) { return c.json.at("method") != "full"; });

}  // namespace
}  // namespace skipbench
