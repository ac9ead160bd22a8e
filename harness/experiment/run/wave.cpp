#include "harness/experiment/run/wave.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <chrono>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "harness/experiment/extend/taken_columns.h"
#include "harness/experiment/plan/out_of_memory.h"
#include "harness/experiment/run/image_files.h"
#include "harness/experiment/run/traces.h"
#include "harness/experiment/run/wave_metrics.h"
#include "harness/runtime/timer.h"
#include "harness/sampling/trajectory_tree.h"

namespace skipbench {
namespace {

// LibTorch's errors without the addresses of their stack, which say nothing in a result and differ from run to run.
std::string MessageOf(const std::exception& e) {
  const auto* torch = dynamic_cast<const c10::Error*>(&e);
  return torch ? torch->what_without_backtrace() : e.what();
}

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// What is known of one setting on one sample before it is written down.
struct Outcome {
  Status status = Status::kFailed;
  std::string message;
  TrajectoryRecord record;
  at::Tensor picture;        // uint8 [3, H, W]; a clip: [F, 3, H, W]
  int64_t picture_row = -1;  // among the wave's distinct pictures
};

// A latent's picture, or why it has none.
struct Decoded {
  at::Tensor picture;
  std::string message;
};

class WaveRunner {
 public:
  WaveRunner(const Plan& plan, int64_t begin, int64_t end, const std::filesystem::path& out,
             const std::vector<bool>& needed, const WaveProgress& progress, const Extension* extension,
             KeptFolder* kept)
      : plan_(plan),
        out_(out),
        needed_(needed),
        progress_(progress),
        timer_(plan.device),
        samples_(plan.samples.begin() + begin, plan.samples.begin() + end),
        first_(begin),
        extension_(extension),
        kept_(kept),
        taken_(extension ? extension->Take(begin, end) : TakenWave()) {}

  Wave Run() {
    const auto start = std::chrono::steady_clock::now();
    c10::InferenceMode inference;
    outcomes_.assign(plan_.settings.size(), std::vector<Outcome>(samples_.size()));
    for (size_t s = 0; s < samples_.size(); ++s) streams_.push_back(plan_.OpenNoise(first_ + static_cast<int64_t>(s)));
    const std::vector<TreeGroup> trees = OpenTrees();
    for (const auto& tree : trees) total_calls_ += tree.scheduler->calls();
    for (const auto& tree : trees) Sample(tree);
    ShowTaken();
    Decode();
    Wave wave = WriteDown();
    wave.cost.stage_s = timer_.Seconds();
    wave.cost.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    wave.cost.finished_at = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    return wave;
  }

  // The columns of a wave without samples.
  std::vector<SettingWave> Columns() {
    outcomes_.resize(plan_.settings.size());
    std::vector<SettingWave> settings;
    for (size_t k = 0; k < plan_.settings.size(); ++k) settings.push_back(SampledColumns(k));
    return settings;
  }

 private:
  // What an earlier result has of the setting; null: nothing.
  const TakenSetting* TakenOf(size_t k) const {
    return taken_.settings.empty() || !taken_.settings[k].taken ? nullptr : &taken_.settings[k];
  }
  bool IsSampled(size_t k) const { return taken_.settings.empty() || taken_.settings[k].sampled; }

  std::vector<TreeGroup> OpenTrees() const {
    std::vector<TreeGroup> trees;
    for (TreeGroup tree : plan_.trees) {
      std::erase_if(tree.settings,
                    [&](int k) { return !IsSampled(static_cast<size_t>(k)) || !Needed(static_cast<size_t>(k)); });
      if (!tree.settings.empty()) trees.push_back(std::move(tree));
    }
    return trees;
  }

  // Makes outcomes of what is saved, for metrics that are measured on it.
  void ShowTaken() {
    for (size_t k = 0; k < taken_.settings.size(); ++k) {
      const TakenSetting* taken = TakenOf(k);
      for (size_t s = 0; taken && !taken->sampled && s < samples_.size(); ++s) {
        Outcome& outcome = outcomes_[k][s];
        outcome.status = taken->stored.status[s];
        outcome.message = taken->stored.message[s];
        if (!taken->pictures.empty()) outcome.picture = taken->pictures[s];
        if (!taken->latents.empty()) outcome.record.final_latent = taken->latents[s];
      }
    }
  }

  Denoiser& DenoiserFor(double guidance) {
    auto& denoiser = denoisers_[guidance];
    if (!denoiser) {
      auto stage = timer_.Enter("text_encoder");
      denoiser = plan_.Encode(samples_, guidance);
    }
    return *denoiser;
  }

  bool Needed(size_t setting) const { return needed_.empty() || needed_[setting]; }

  void Sample(const TreeGroup& tree) {
    Denoiser& network = DenoiserFor(tree.guidance);
    const int full = kept_ && kept_->active() ? FullRunOf(tree) : -1;
    if (full < 0) return SampleWith(tree, network);
    std::vector<KeptOutputs> known;
    for (size_t s = 0; s < samples_.size(); ++s) known.push_back(kept_->Find(full, first_ + static_cast<int64_t>(s)));
    const bool all = kept_->keeps_all(), keeps = kept_->keeps() && ReferenceAmong(tree.settings) >= 0;
    KeptDenoiser denoiser(network, std::move(known), all || keeps);
    SampleWith(tree, denoiser);
    for (size_t s = 0; all && s < samples_.size(); ++s)
      kept_->Keep(full, first_ + static_cast<int64_t>(s), denoiser.known()[s]);
    if (keeps && !all) KeepFullRun(tree, full, &denoiser);
    cost_.evaluations -= denoiser.TakeFound();
  }

  // The full run that the settings of a tree start like: the same schedule and guidance; -1: there is none.
  int FullRunOf(const TreeGroup& tree) const {
    for (size_t k = 0; k < plan_.settings.size(); ++k) {
      const PlannedSetting& setting = plan_.settings[k];
      if (setting.reference == static_cast<int>(k) && setting.scheduler == tree.scheduler && setting.supported)
        return static_cast<int>(k);
    }
    return -1;
  }

  // All that the full run needs was predicted just now: once more by itself, it shows which outputs are its own.
  void KeepFullRun(const TreeGroup& tree, int full, KeptDenoiser* denoiser) {
    auto stage = timer_.Enter("denoiser");
    for (size_t s = 0; s < samples_.size(); ++s) {
      if (outcomes_[full][s].status != Status::kDone) continue;
      denoiser->TakeUsed();
      const std::vector<TreeSample> sample = {{samples_[s].id, streams_[s].get(), static_cast<int64_t>(s)}};
      cost_.evaluations +=
          plan_.Run(*tree.scheduler, *denoiser, sample, {plan_.settings[full].method.get()}, plan_.Trees())
              .full_evaluations;
      kept_->Keep(full, first_ + static_cast<int64_t>(s), denoiser->TakeUsed()[s]);
    }
  }

  void SampleWith(const TreeGroup& tree, Denoiser& denoiser) {
    auto stage = timer_.Enter("denoiser");
    std::vector<int> all(samples_.size());
    std::iota(all.begin(), all.end(), 0);
    try {
      RunSettings(tree, denoiser, tree.settings, all);
    } catch (const OutOfMemoryError&) {  // what was committed stays
      throw;
    } catch (const std::exception& e) {
      SampleOneByOne(tree, denoiser, all, MessageOf(e));
    }
  }

  // After an error: every setting on every sample (or group) alone, so that only the ones concerned are lost.
  void SampleOneByOne(const TreeGroup& tree, Denoiser& denoiser, const std::vector<int>& all,
                      const std::string& first_error) {
    for (int setting : tree.settings) {
      const bool group = plan_.settings[setting].method->DecisionScope() == Scope::kGroup;
      const size_t size = group ? static_cast<size_t>(plan_.config.group_size) : 1;
      for (size_t begin = 0; begin < all.size(); begin += size) {
        const std::vector<int> some(all.begin() + begin, all.begin() + std::min(begin + size, all.size()));
        try {
          RunSettings(tree, denoiser, {setting}, some);
        } catch (const OutOfMemoryError&) {
          throw;
        } catch (const std::exception& e) {
          for (int s : some) outcomes_[setting][s].message = MessageOf(e);
        }
      }
    }
  }

  void RunSettings(const TreeGroup& tree, Denoiser& denoiser, const std::vector<int>& settings,
                   const std::vector<int>& which) {
    std::vector<const Method*> methods;
    for (int setting : settings) methods.push_back(plan_.settings[setting].method.get());
    std::vector<TreeSample> samples;
    for (int s : which) samples.push_back({samples_[s].id, streams_[s].get(), s});
    TreeOptions options = plan_.Trees();
    options.keep_latents = plan_.config.save.contains("latents");
    options.keep_predictions = plan_.config.save.contains("noise_predictions");
    options.max_states = tree.max_states;
    options.keep_differences = plan_.config.traces;
    options.reference = ReferenceAmong(settings);
    options.progress = [&](double part) { Report(static_cast<int64_t>(part * tree.scheduler->calls())); };
    TreeResult result = plan_.Run(*tree.scheduler, denoiser, samples, methods, options);
    done_calls_ += tree.scheduler->calls();
    cost_.evaluations += result.full_evaluations;
    cost_.shallow_evaluations += result.shallow_evaluations;
    for (size_t k = 0; k < settings.size(); ++k)
      for (size_t i = 0; i < which.size(); ++i) {
        Outcome& outcome = outcomes_[settings[k]][which[i]];
        outcome.status = Status::kDone;
        outcome.record = std::move(result.records[k][i]);
      }
  }

  // Place of the full-step setting in a tree that has it; -1: the tree is of another schedule, or a sample is run again
  // alone.
  int ReferenceAmong(const std::vector<int>& settings) const {
    for (size_t k = 0; k < settings.size(); ++k)
      if (plan_.settings[settings[k]].reference == settings[k]) return static_cast<int>(k);
    return -1;
  }

  void Report(int64_t done_here) const {
    if (progress_) progress_(std::min(done_calls_ + done_here, total_calls_), total_calls_);
  }

  bool NeedsPictures() const {
    const auto& config = plan_.config;
    const auto saved = [&](const char* what) { return config.save.contains(what); };
    return saved("images") || saved("png") || saved("apng") || saved("mp4") || !config.set_metrics.empty() ||
           std::any_of(config.metrics.begin(), config.metrics.end(),
                       [](const MetricType* m) { return m->needs_pictures; });
  }

  // Settings that decided alike to the end share their latent, and so their picture.
  void Decode() {
    if (!NeedsPictures()) return;
    auto stage = timer_.Enter("decoder");
    std::vector<at::Tensor> latents;
    std::unordered_map<const void*, size_t> place;
    for (size_t k = 0; k < outcomes_.size(); ++k)
      for (auto& outcome : outcomes_[k]) {
        if (outcome.status != Status::kDone || !IsSampled(k)) continue;
        if (place.try_emplace(outcome.record.final_latent.const_data_ptr(), latents.size()).second)
          latents.push_back(outcome.record.final_latent);
      }
    const size_t size = plan_.Together(plan_.config.batch_size);
    std::vector<Decoded> decoded;
    for (size_t begin = 0; begin < latents.size(); begin += size)
      DecodeOrIsolate(at::TensorList(latents).slice(begin, std::min(size, latents.size() - begin)), &decoded);
    std::vector<at::Tensor> pictures;  // those that there are
    std::vector<int64_t> row_of;
    for (const auto& one : decoded) {
      row_of.push_back(one.picture.defined() ? std::ssize(pictures) : -1);
      if (one.picture.defined()) pictures.push_back(one.picture);
    }
    for (size_t k = 0; k < outcomes_.size(); ++k)
      for (size_t s = 0; s < samples_.size(); ++s) {
        Outcome& outcome = outcomes_[k][s];
        if (outcome.status != Status::kDone) continue;
        if (!IsSampled(k)) {
          if (!FeaturesAreWanted(plan_, &taken_.settings[k].missing)) continue;
          outcome.picture_row = std::ssize(pictures);
          pictures.push_back(outcome.picture);
          continue;
        }
        const size_t latent = place.at(outcome.record.final_latent.const_data_ptr());
        outcome.picture_row = row_of[latent];
        outcome.picture = decoded[latent].picture;
        if (outcome.picture.defined()) continue;
        outcome.status = Status::kFailed;
        outcome.message = fmt::format("sample {}: {}", samples_[s].id, decoded[latent].message);
      }
    features_ = FeaturesOfPictures(plan_, pictures);
  }

  // After an error every latent alone: one that has no picture costs the others nothing.
  void DecodeOrIsolate(at::TensorList latents, std::vector<Decoded>* out) {
    try {
      const at::Tensor pictures = plan_.Decode(at::stack(latents));
      for (int64_t k = 0; k < pictures.size(0); ++k) out->push_back({pictures[k], ""});
    } catch (const OutOfMemoryError&) {
      throw;
    } catch (const std::exception& e) {
      if (latents.size() == 1) {
        out->push_back({at::Tensor(), MessageOf(e)});
        return;
      }
      for (size_t k = 0; k < latents.size(); ++k) DecodeOrIsolate(latents.slice(k, 1), out);
    }
  }

  Wave WriteDown() {
    Wave wave;
    for (size_t s = 0; s < samples_.size(); ++s)
      wave.samples.push_back({first_ + static_cast<int64_t>(s), samples_[s].id, samples_[s].caption, plan_.config.seed,
                              samples_[s].label});
    auto stage = timer_.Enter("metrics");
    for (size_t k = 0; k < plan_.settings.size(); ++k) wave.settings.push_back(WriteSetting(k));
    for (size_t k = 0; k < wave.settings.size(); ++k) {
      if (!IsSampled(k)) continue;
      for (int32_t nfe : wave.settings[k].nfe) cost_.separate_evaluations += nfe;
      for (int32_t nfe : wave.settings[k].shallow_nfe) cost_.separate_shallow_evaluations += nfe;
    }
    wave.cost = cost_;
    return wave;
  }

  bool DecidesApart(const PlannedSetting& setting) const {
    const RunShape run = ShapeOf(plan_, *setting.scheduler, setting.guidance);
    return run.guidance_rows == 2 && setting.method->Halves(run) == GuidanceScope::kSeparate;
  }

  SettingWave WriteSetting(size_t k) {
    if (!TakenOf(k)) return SampledColumns(k);
    TakenSetting& taken = taken_.settings[k];
    if (taken.sampled) {
      SettingWave now = SampledColumns(k);
      RequireAsStored(k, now);
      return taken.missing.empty() ? std::move(taken.stored) : std::move(now);
    }
    if (!taken.missing.empty()) MoveColumns(MeasuredColumns(k), taken.missing, &taken.stored);
    if (!taken.pictures.empty()) WriteFiles(k);
    for (size_t s = 0; s < samples_.size() && taken.pictures.empty(); ++s)
      extension_->CopyFiles(k, first_ + static_cast<int64_t>(s), out_);
    return std::move(taken.stored);
  }

  // What is sampled again comes out as an earlier run has stored it: in every bit, or where batches may round
  // otherwise, as the same picture.
  void RequireAsStored(size_t k, const SettingWave& now) const {
    SettingInfo info;
    info.label = plan_.settings[k].spec->label;
    info.calls = plan_.settings[k].scheduler->calls();
    const std::string difference = StoredDifference(taken_.settings[k].stored, now, info, plan_.config.batch_invariant);
    if (!difference.empty())
      Fail(
          "{}: samples {} to {} are not what the result that is extended holds of them: {}; its machine or build "
          "rounds otherwise, so that values of both do not belong in one result",
          info.label, samples_.front().id, samples_.back().id, difference);
  }

  // Of a setting that is not sampled, what is measured on saved pictures and latents.
  SettingWave MeasuredColumns(size_t k) {
    const std::set<std::string>& missing = taken_.settings[k].missing;
    SettingWave out;
    ReserveMetrics(plan_, std::ssize(samples_), &out);
    for (size_t s = 0; s < samples_.size(); ++s)
      if (outcomes_[k][s].status == Status::kDone) Measure(k, static_cast<int64_t>(s), &out, &missing);
    WriteNetworkMetrics(k, &out, &missing);
    if (missing.contains("thumbnail"))
      out.thumbnail = Stack<uint8_t>(k, at::kByte, {8, 8, 3}, [](Outcome& o) { return Thumbnail(o.picture); });
    return out;
  }

  SettingWave SampledColumns(size_t k) {
    const PlannedSetting& setting = plan_.settings[k];
    const int64_t n = std::ssize(samples_), calls = setting.scheduler->calls();
    SettingWave out;
    out.action = {{n, calls}, std::vector<uint8_t>(n * calls, kActionReuse)};
    if (setting.supported && DecidesApart(setting))
      out.action_unconditional = {{n, calls}, std::vector<uint8_t>(n * calls, kActionReuse)};
    out.branch = {{n, calls}, std::vector<int16_t>(n * calls, 0)};
    out.nfe.assign(n, 0);
    out.shallow_nfe.assign(n, 0);
    out.macs_modules.assign(n, kNaN);
    out.macs_matmuls.assign(n, kNaN);
    ReserveMetrics(plan_, n, &out);
    // Every wave has the same traces, also one in which this setting failed for all samples.
    const auto reserve = [&](const std::string& name) {
      out.traces[name] = {{n, calls}, std::vector<double>(n * calls, kNaN)};
    };
    if (setting.supported)
      for (const auto& [name, values] :
           setting.method->Start(ShapeOf(plan_, *setting.scheduler, setting.guidance))->TakeTrace())
        reserve(name);
    if (plan_.config.traces)
      for (const auto& name : DifferenceTraceNames()) reserve(name);
    for (int64_t s = 0; s < n; ++s) WriteSample(k, s, &out);
    WriteNetworkMetrics(k, &out);
    WriteTensors(k, &out);
    return out;
  }

  void WriteSample(size_t k, int64_t s, SettingWave* out) {
    const PlannedSetting& setting = plan_.settings[k];
    Outcome& outcome = outcomes_[k][s];
    if (!setting.supported) {
      outcome.status = Status::kNotSupported;
      outcome.message = setting.message;
    } else if (!Needed(k)) {
      outcome.status = Status::kNotRun;
    }
    out->status.push_back(outcome.status);
    out->message.push_back(outcome.message);
    if (outcome.status != Status::kDone) return;
    const int64_t calls = setting.scheduler->calls();
    const TrajectoryRecord& record = outcome.record;
    for (int64_t call = 0; call < calls; ++call) {
      const Decision& decision = record.decisions[call];
      out->action.values[s * calls + call] = static_cast<uint8_t>(decision.action);
      if (!record.unconditional.empty())
        out->action_unconditional.values[s * calls + call] = static_cast<uint8_t>(record.unconditional[call].action);
      out->branch.values[s * calls + call] = static_cast<int16_t>(decision.site.front);
    }
    // Of two rows that decide apart each is half of an evaluation.
    const auto count = [&](Action action) {
      const auto of = [&](const std::vector<Decision>& decisions) {
        return static_cast<int32_t>(std::ranges::count(decisions, action, &Decision::action));
      };
      return record.unconditional.empty() ? of(record.decisions)
                                          : (of(record.decisions) + of(record.unconditional) + 1) / 2;
    };
    out->nfe[s] = count(Action::kPredict);
    out->shallow_nfe[s] = count(Action::kShallow);
    out->macs_modules[s] = static_cast<double>(record.macs.modules);
    out->macs_matmuls[s] = static_cast<double>(record.macs.matmuls);
    Trace trace = std::move(outcome.record.trace);
    if (plan_.config.traces) trace.merge(DifferenceTraces(outcome.record.calls, plan_.pipeline->latent_elements()));
    for (const auto& [name, values] : trace)
      std::copy(values.begin(), values.end(), out->traces.at(name).values.begin() + s * calls);
    Measure(k, s, out);
  }

  // What metrics without networks give.
  void Measure(size_t k, int64_t s, SettingWave* out, WantedColumns wanted = nullptr) {
    const Outcome& outcome = outcomes_[k][s];
    const Outcome& reference = outcomes_[plan_.settings[k].reference][s];
    for (const MetricType* metric : plan_.config.metrics)
      if (metric->measure && IsWanted(*metric, wanted) &&
          (!metric->needs_reference || reference.status == Status::kDone))
        MeasureSample(*metric, {outcome.picture, outcome.record.final_latent},
                      {reference.picture, reference.record.final_latent}, s, out);
  }

  // What networks measure: see wave_metrics.h.
  void WriteNetworkMetrics(size_t k, SettingWave* out, WantedColumns wanted = nullptr) {
    std::vector<SamplePictures> samples;
    for (size_t s = 0; s < samples_.size(); ++s) {
      const Outcome& outcome = outcomes_[k][s];
      const Outcome& reference = outcomes_[plan_.settings[k].reference][s];
      SamplePictures& one = samples.emplace_back();
      one.caption = samples_[s].caption;
      if (outcome.status != Status::kDone) continue;
      one.picture = outcome.picture;
      one.row = outcome.picture_row;
      if (reference.status == Status::kDone) one.reference = reference.picture;
    }
    MeasureSamples(plan_, samples, features_, out, wanted);
  }

  // [n, shape...] of what `pick` gives for each sample that was done; the others are NaN (pictures: black).
  template <typename T, typename Pick>
  Array<T> Stack(size_t k, at::ScalarType type, std::vector<int64_t> shape, Pick&& pick) {
    shape.insert(shape.begin(), std::ssize(samples_));
    const at::Tensor all = type == at::kByte ? at::zeros(shape, type) : at::full(shape, kNaN, type);
    for (size_t s = 0; s < samples_.size(); ++s)
      if (outcomes_[k][s].status == Status::kDone) all[static_cast<int64_t>(s)].copy_(pick(outcomes_[k][s]));
    return {shape, std::vector<T>(all.const_data_ptr<T>(), all.const_data_ptr<T>() + all.numel())};
  }

  void WriteTensors(size_t k, SettingWave* out) {
    const PlannedSetting& setting = plan_.settings[k];
    const auto& save = plan_.config.save;
    const auto& info = plan_.pipeline->info();
    const int64_t calls = setting.scheduler->calls();
    std::vector<int64_t> shape = info.latent_shape;
    if (save.contains("latents")) {
      shape.insert(shape.begin(), calls + 1);
      out->latents = Stack<float>(k, at::kFloat, shape, [](Outcome& o) { return at::stack(o.record.latents); });
    }
    if (save.contains("noise_predictions")) {
      shape = info.latent_shape;
      shape.insert(shape.begin(), {calls, info.GuidanceRows(setting.guidance)});
      out->noise_predictions =
          Stack<float>(k, at::kFloat, shape, [](Outcome& o) { return at::stack(o.record.predictions); });
    }
    WriteFiles(k);
    if (NeedsPictures())
      out->thumbnail = Stack<uint8_t>(k, at::kByte, {8, 8, 3}, [](Outcome& o) { return Thumbnail(o.picture); });
    if (save.contains("images")) {
      shape = {info.image_shape[1], info.image_shape[2], info.image_shape[0]};
      if (info.frames > 0) shape.insert(shape.begin(), info.frames);
      out->images = Stack<uint8_t>(k, at::kByte, shape, [](Outcome& o) { return o.picture.movedim(-3, -1); });
    }
  }

  void WriteFiles(size_t k) {
    const auto& config = plan_.config;
    for (size_t s = 0; s < samples_.size(); ++s)
      if (outcomes_[k][s].status == Status::kDone && outcomes_[k][s].picture.defined())
        WriteImageFiles(outcomes_[k][s].picture, config.save, config.model.fps, out_, plan_.setting_folders[k],
                        samples_[s].id);
  }

  const Plan& plan_;
  const std::filesystem::path& out_;
  const std::vector<bool>& needed_;
  const WaveProgress& progress_;
  StageTimer timer_;
  std::vector<skipbench::Sample> samples_;
  int64_t first_;
  const Extension* extension_;
  KeptFolder* kept_;
  TakenWave taken_;
  std::vector<std::unique_ptr<NoiseStream>> streams_;
  std::map<double, std::unique_ptr<Denoiser>> denoisers_;
  std::vector<std::vector<Outcome>> outcomes_;  // [setting][sample]
  PictureFeatures features_;
  WaveCost cost_;
  int64_t done_calls_ = 0, total_calls_ = 0;
};

}  // namespace

Wave RunWave(const Plan& plan, int64_t begin, int64_t end, const std::filesystem::path& out,
             const std::vector<bool>& needed, const WaveProgress& progress, const Extension* extension,
             KeptFolder* kept) {
  return WaveRunner(plan, begin, end, out, needed, progress, extension, kept).Run();
}

std::vector<std::vector<ColumnInfo>> PlannedColumns(const Plan& plan, const RunHeader& header) {
  c10::InferenceMode inference;
  std::vector<std::vector<ColumnInfo>> columns;
  const auto settings = WaveRunner(plan, plan.begin, plan.begin, {}, {}, {}, nullptr, nullptr).Columns();
  for (size_t k = 0; k < settings.size(); ++k) {
    auto& infos = columns.emplace_back();
    for (const auto& column : ColumnsOf(settings[k], 0, header.settings[k], header.metrics, plan.config.name))
      infos.push_back(column.info);
    // A wave without samples has none of these, which are like the full ones.
    const auto full = std::ranges::find(infos, "nfe", &ColumnInfo::name);
    ColumnInfo shallow = *full;
    shallow.name = "shallow_nfe";
    infos.push_back(std::move(shallow));
  }
  return columns;
}

}  // namespace skipbench
