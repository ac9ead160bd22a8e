// What a run leaves behind, as plain data: filled by whoever runs an experiment, read by whoever reports on it.
//
// "Call" is a scheduler call: every per-step array has `calls` entries (PNDM makes 51 calls for 50 steps). "n" is the
// number of samples, in the order of the plan. A network evaluation is one forward for one sample: with guidance, of
// its guided pair.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/launcher.h"
#include "harness/measures/metric_info.h"

namespace skipbench {

// An array, row-major (the last axis is contiguous). An empty shape means: not there.
template <class T>
struct Array {
  std::vector<int64_t> shape;
  std::vector<T> values;
  bool empty() const { return shape.empty(); }
};

// How a method that compares a number with a threshold decides, as the method declares it (harness/sampling/method.h).
// The two sides are the traces "criterion" and "threshold"; entry i belongs to the decision for call i + 1.
struct CriterionInfo {
  std::string name;            // "third-order difference of the latents"
  std::string axis;            // what both sides are: "mean |difference|"
  bool predicts_above = true;  // the call predicts where the criterion is above its threshold, or where it is below
  std::string option;          // key of `parameters` that the threshold is proportional to; "": none
};

// One method with its parameters, in the place it has in the experiment.
struct SettingInfo {
  std::string label;  // unique: "adaptive_diffusion(delta=0.01,max_skips=4)"
  std::string type;   // "adaptive_diffusion"
  Json parameters = Json::object();
  int steps = 0;                           // inference steps of its own (fewer_steps has fewer than the run)
  int calls = 0;                           // scheduler calls
  std::vector<double> timesteps;           // [calls], as the network is told
  std::string scope = "sample";            // who decides: "sample" or "group"
  std::string scheduler;                   // "ddim"; empty: the run's
  double guidance = 0;                     // 0: none
  bool reference = false;                  // full_step: what metrics, MACs and latency of others are compared with
  int compared_with = -1;                  // index of this setting's reference; -1: the first one that is a reference
  std::optional<CriterionInfo> criterion;  // what its method declares; absent: nothing
};

// Index of the setting that `setting` is compared with; -1: there is none.
inline int ReferenceOf(const std::vector<SettingInfo>& settings, size_t setting) {
  if (settings[setting].compared_with >= 0) return settings[setting].compared_with;
  for (size_t k = 0; k < settings.size(); ++k)
    if (settings[k].reference) return static_cast<int>(k);
  return -1;
}

struct SampleInfo {
  int64_t ordinal = 0;  // place in the plan, over all shards; unique
  int64_t id = 0;       // in the dataset; keys the noise; unique
  std::string caption;  // empty for class labels and unconditional samples
  uint64_t seed = 0;
  int64_t label = -1;  // class label; -1: none
};

// kNotRun: the run had dropped the setting before it came to the sample ("decide").
enum class Status : uint8_t { kDone = 0, kFailed = 1, kNotSupported = 2, kNotRun = 3 };

// Action codes in the results.
inline constexpr uint8_t kActionReuse = 0;    // the last raw output again
inline constexpr uint8_t kActionPredict = 1;  // a full forward
inline constexpr uint8_t kActionShallow = 2;  // a partial forward on what full ones kept
inline constexpr uint8_t kActionCombine = 3;  // a weighted sum of earlier outputs and inputs

// One setting's part of a wave: n samples, in the wave's order. Where a sample was not done, its numbers are NaN (0 for
// counts and actions). Every wave of a run has the same optional parts, metrics and traces.
struct SettingWave {
  Array<uint8_t> action;                // [n, calls]; of the conditional row where guidance rows decide apart
  Array<uint8_t> action_unconditional;  // [n, calls] of the other row then; else empty
  Array<int16_t> branch;                // [n, calls], with kActionShallow; optional
  std::vector<int32_t> nfe;             // [n] full forwards this setting needs by itself, rounded up
  std::vector<int32_t> shallow_nfe;     // [n] shallow ones; empty: none
  std::vector<double> macs_modules, macs_matmuls;  // [n] multiply-accumulates of the denoiser, by either convention
  std::map<std::string, std::vector<double>>
      metrics;                                   // psnr, ssim, latent_error, ...: [n]; psnr of identical pictures: +inf
  std::map<std::string, Array<double>> traces;   // criterion, threshold, ...: [n, calls]
  std::map<std::string, Array<float>> features;  // of a feature network: [n, d]
  std::map<std::string, std::vector<double>> auxiliary;  // what metrics of whole sets need of each sample besides: [n]
  std::vector<Status> status;                            // [n]
  std::vector<std::string> message;                      // [n] why a sample failed or is not supported, else ""
  Array<float> latents;            // [n, calls + 1, C, H, W], the scaled initial noise first; optional
  Array<float> noise_predictions;  // [n, calls, halves, C, H, W]; optional
  Array<uint8_t> thumbnail;        // [n, 8, 8, 3] the picture in small, to tell whether pictures changed; optional
  Array<uint8_t> images;           // [n, H, W, 3] (clips: [n, F, H, W, 3]); optional
};

// What a wave cost.
struct WaveCost {
  int64_t evaluations = 0;           // network evaluations made, the settings sharing what they have in common
  int64_t separate_evaluations = 0;  // what the settings would have made one by one
  int64_t shallow_evaluations = 0;   // the same for partial forwards
  int64_t separate_shallow_evaluations = 0;
  double wall_s = 0;
  double finished_at = 0;                 // seconds since 1970 (UTC); 0: not recorded
  std::map<std::string, double> stage_s;  // text_encoder, denoiser, decoder, ...; the same stages in every wave
};

struct Wave {
  std::vector<SampleInfo> samples;
  std::vector<SettingWave> settings;  // one for each of RunHeader::settings
  WaveCost cost;
};

// One measurement in latency mode: a setting alone, nothing shared, warmed up, device synchronised.
struct LatencyRecord {
  int setting = 0;  // index into RunHeader::settings
  int batch = 1;    // samples per run
  int threads = 0;
  std::map<std::string, std::vector<double>>
      stage_s;                   // text_encoder, denoiser, decoder, total: seconds of each repeat, for the whole batch
                                 // calibration: of fixed work beside each repeat, which tells how fast the machine was
  double peak_memory_bytes = 0;  // NaN: not measured
  std::string peak_memory_kind;  // "process peak growth", "device allocator peak"
  double measured_at = 0;        // the end, in seconds since 1970 (UTC); 0: not recorded
  // Processors that other processes kept busy meanwhile, on average; NaN: not known.
  double busy_elsewhere = std::numeric_limits<double>::quiet_NaN();
  Status status = Status::kDone;
  std::string message;
};

// A file (or folder) that a run reads and that decides what it computes.
struct InputFile {
  std::string file;    // its name, without the folders of one machine
  std::string sha256;  // hex; of a folder: of its files' names and hashes
};

struct Shard {
  int index = 0;
  int count = 1;
};

// What a run is and where it was made; stored with every wave.
struct RunHeader {
  std::string name;
  Json config = Json::object();           // as given
  Json expanded_config = Json::object();  // defaults filled in, sweeps expanded: says what is computed
  // Keys of expanded_config that say how, not what ("batch_size", "memory"): a run may be resumed with others.
  std::vector<std::string> execution_keys;

  std::string model;                               // name of the pipeline
  std::map<std::string, std::string> model_files;  // SHA-256 (hex) by path inside the model's folder
  std::string model_hash;                          // one hash (hex) that stands for all of them
  // What else decides, by its part in the run: "model.unet/config.json", "data.captions", "noise.path". Empty: the run
  // was made before inputs were recorded.
  std::map<std::string, InputFile> inputs;
  // Values of expanded_config that are paths (JSON pointers, "/noise/path"): what is read from there is among the
  // inputs, or among the model's files, and the same files may lie elsewhere.
  std::vector<std::string> path_keys;
  std::string scheduler;
  int steps = 0;
  double guidance = 0;  // 0: none
  uint64_t seed = 0;
  int64_t sample_count = 0;  // planned, over all shards
  Shard shard;

  std::string device;     // "cpu", "cuda (NVIDIA H200)"
  std::string processor;  // the CPU's name; empty: not recorded
  std::string dtype;
  int threads = 0;
  std::string skipbench_version, libtorch_version;
  std::string git_revision;  // empty: unknown
  bool git_dirty = false;

  std::vector<SettingInfo> settings;
  // Of single samples, as they describe themselves: what is written with their columns. A reader finds it there
  // (ColumnInfo::metric).
  std::vector<MetricInfo> metrics;
};

// Whether samples draw the same noise, those in the same place of their group of "group_size" ("noise": {"shared":
// true}).
inline bool SharesNoise(const RunHeader& header) {
  const auto& config = header.expanded_config;
  const auto noise = config.is_object() ? config.find("noise") : config.end();
  return noise != config.end() && noise->is_object() && noise->value("shared", false);
}

}  // namespace skipbench
