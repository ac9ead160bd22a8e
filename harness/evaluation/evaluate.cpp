#include "harness/evaluation/evaluate.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <numeric>
#include <thread>

#include "harness/base/error.h"
#include "harness/base/progress.h"
#include "harness/evaluation/picture_pairs.h"
#include "harness/evaluation/prefetch.h"
#include "metrics/pictures.h"
#include "metrics/psnr.h"

namespace skipbench {
namespace {

struct Unit {
  int64_t picture = -1, reference = -1;  // -1: none
};

// What reading a unit gave, and what the reading thread has computed of it already.
struct Loaded {
  Unit unit;
  at::Tensor picture, reference;             // undefined once no network needs them any more
  std::vector<std::vector<double>> columns;  // [column][frame]; of pictures there is one frame
  SquaredError error;                        // over all frames
  std::string broken;                        // why it could not be read
};

class Measurer {
 public:
  Measurer(const PictureSet& pictures, const PictureSet* reference, const std::vector<MetricRequest>& requests,
           const MetricNetworks& networks, const MeasureOptions& options)
      : pictures_(pictures), reference_(reference), options_(options) {
    for (const auto& request : requests)
      if (networks.Available(request)) Take(request, networks);
    Begin();
  }
  Measurer(const PictureSet& pictures, const std::string& name, const FeatureNetwork& network,
           const MeasureOptions& options)
      : pictures_(pictures), reference_(nullptr), options_(options), features_{{name, &network}} {
    Begin();
  }

  Measurement Run() {
    Progress progress(fmt::format("measuring {}", pictures_.description()), options_.quiet);
    const int threads =
        options_.threads > 0 ? options_.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    const auto count = std::ssize(units_);
    Prefetcher<Loaded> loading(count, threads, std::max<int64_t>(2 * options_.batch_size, 2 * threads),
                               [this](int64_t k) { return Load(units_[k]); });
    int64_t done = 0;
    std::vector<Loaded> batch;
    while (!loading.Done()) {
      batch.push_back(loading.Next());
      if (std::ssize(batch) < options_.batch_size && !loading.Done()) continue;
      done += std::ssize(batch);
      Process(&batch);
      batch.clear();
      progress.Update(static_cast<double>(done), static_cast<double>(count));
    }
    // Read in the order of the pairs; a set's features are in its own order whatever else is measured.
    for (auto& [name, set] : out_.reference) SortBySource(owners_.at(name), &set);
    if (!out_.left_out.empty()) RequireSomeLeft();
    for (FeatureSets* sets : {&out_.pictures, &out_.reference})
      for (auto& [name, set] : *sets) set.frames = frames_;
    return std::move(out_);
  }

 private:
  struct Request {
    const MetricType* type;
    const MetricNetwork* network;  // null: measured while reading
    size_t first_column;
  };

  static void SortBySource(const std::vector<int64_t>& owners, FeatureSet* set) {
    if (std::is_sorted(owners.begin(), owners.end())) return;
    std::vector<int64_t> order(owners.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return owners[a] < owners[b]; });
    set->Reorder(order);
  }

  void Take(const MetricRequest& request, const MetricNetworks& networks) {
    pairs_ |= request.needs_pairs();
    if (request.needs_pairs() && !reference_)
      Fail("{} compares every picture with its partner; a second set of pictures was expected", request.name);
    if (request.set) {
      if (const auto network = networks.features.find(request.set->network); network != networks.features.end())
        features_[network->first] = network->second.get();
      with_errors_ |= request.set->of_errors != nullptr;
      return;
    }
    const auto network = networks.samples.find(request.name);
    samples_.push_back({request.sample, network == networks.samples.end() ? nullptr : network->second.get(),
                        out_.samples.columns.size()});
    for (const auto& column : request.sample->columns) out_.samples.columns.push_back({request.name, column, {}, {}});
  }

  void Begin() {
    out_.samples.clips = pictures_.clips();
    for (const auto& [name, network] : features_) CheckKind(*network);
    PlanUnits();
    for (const Unit& unit : units_) {
      if (unit.picture >= 0) RequireLength(pictures_, unit.picture, pictures_.known_frames(unit.picture));
      if (unit.reference >= 0) RequireLength(*reference_, unit.reference, reference_->known_frames(unit.reference));
    }
  }

  // What networks make of clips of unequal length cannot be compared (I3D's features are means over time), and of
  // frames a long clip would have more. `frames`: 0 where it is not known yet.
  void RequireLength(const PictureSet& source, int64_t index, int64_t frames) {
    if (!source.clips() || frames == 0 || features_.empty()) return;
    if (frames_ == 0) {
      frames_ = frames;
      first_clip_ = source.where(index);
    }
    if (frames != frames_)
      Fail(
          "{}: a clip of {} frames, but {} has {}; clips of one length can be compared (--frames N takes the first N "
          "of each)",
          source.where(index), frames, first_clip_, frames_);
  }

  void RequireSomeLeft() const {
    bool some = false;
    for (const auto& [name, set] : out_.pictures) some |= set.has_features();
    if (!some && out_.samples.names.empty())
      Fail("{}: nothing in it could be read; the first: {}", pictures_.description(), out_.left_out[0]);
  }

  void CheckKind(const FeatureNetwork& network) const {
    for (const PictureSet* source : {&pictures_, reference_})
      if (source && network.info().clips && !source->clips())
        Fail("{} is for clips, {} are pictures; --clips reads a folder as clips", network.info().name,
             source->description());
  }

  void PlanUnits() {
    if (reference_ && pictures_.clips() != reference_->clips())
      Fail("{} and {}: clips cannot be compared with pictures", pictures_.description(), reference_->description());
    if (pairs_) {
      const auto pairs =
          options_.common_only ? CommonPairs(pictures_, *reference_) : PairByName(pictures_, *reference_);
      for (const auto& [a, b] : pairs) units_.push_back({a, b});
      return;
    }
    for (int64_t k = 0; k < pictures_.size(); ++k) units_.push_back({k, -1});
    if (!reference_ || !options_.reference_features || features_.empty()) return;
    for (int64_t k = 0; k < reference_->size(); ++k) units_.push_back({-1, k});
  }

  // ---- in the reading threads --------------------------------------------------------------------------------------

  Loaded Load(const Unit& unit) const {
    c10::InferenceMode inference;
    Loaded loaded{.unit = unit, .picture = {}, .reference = {}, .columns = {}, .error = {}, .broken = {}};
    try {
      if (unit.picture >= 0) loaded.picture = ReadPicture(pictures_, unit.picture);
      if (unit.reference >= 0) loaded.reference = ReadPicture(*reference_, unit.reference);
    } catch (const Error& e) {
      if (!options_.skip_broken) throw;
      loaded.broken = e.what();
      return loaded;
    }
    if (unit.picture < 0) return loaded;
    if (unit.reference < 0) {
      loaded.columns.resize(out_.samples.columns.size());
      return loaded;
    }
    try {
      MeasurePair(&loaded);
    } catch (const Error& e) {
      Fail("{} against {}: {}", pictures_.where(unit.picture), reference_->where(unit.reference), e.what());
    }
    return loaded;
  }

  void MeasurePair(Loaded* loaded) const {
    if (loaded->picture.sizes() != loaded->reference.sizes())
      Fail("pictures of unequal sizes, {} against {}", DescribePicture(loaded->picture),
           DescribePicture(loaded->reference));
    loaded->columns.resize(out_.samples.columns.size());
    for (const auto& request : samples_) {
      if (request.network) continue;
      auto columns = MeasureFrames(*request.type, {loaded->picture, {}}, {loaded->reference, {}});
      std::move(columns.begin(), columns.end(),
                loaded->columns.begin() + static_cast<std::ptrdiff_t>(request.first_column));
    }
    if (with_errors_) loaded->error = CompareBytes(loaded->picture, loaded->reference);
  }

  // ---- in the calling thread ---------------------------------------------------------------------------------------

  // Counts what could not be read and takes it out of the batch.
  void LeaveOutBroken(std::vector<Loaded>* batch) {
    for (const auto& loaded : *batch)
      if (!loaded.broken.empty()) out_.left_out.push_back(loaded.broken);
    std::erase_if(*batch, [](const Loaded& loaded) { return !loaded.broken.empty(); });
  }

  void Process(std::vector<Loaded>* batch) {
    c10::InferenceMode inference;
    LeaveOutBroken(batch);
    for (const auto& loaded : *batch) {
      if (loaded.picture.defined()) RequireLength(pictures_, loaded.unit.picture, FrameCount(loaded.picture));
      if (loaded.reference.defined()) RequireLength(*reference_, loaded.unit.reference, FrameCount(loaded.reference));
    }
    for (const auto& request : samples_)
      if (request.network) RunSampleNetwork(request, batch);
    for (const auto& [name, network] : features_) {
      Features(*network, *batch, pictures_, &Loaded::picture, &Unit::picture, &out_.pictures[name], nullptr);
      if (reference_ && options_.reference_features)
        Features(*network, *batch, *reference_, &Loaded::reference, &Unit::reference, &out_.reference[name],
                 &owners_[name]);
    }
    for (auto& loaded : *batch) {
      if (loaded.unit.picture < 0) continue;
      out_.samples.names.push_back(pictures_.name(loaded.unit.picture));
      for (size_t c = 0; c < loaded.columns.size(); ++c) {
        out_.samples.columns[c].values.push_back(ClipValue(loaded.columns[c]));
        if (pictures_.clips()) out_.samples.columns[c].frames.push_back(std::move(loaded.columns[c]));
      }
      if (with_errors_) out_.samples.errors.push_back(loaded.error);
    }
  }

  std::string CaptionOf(int64_t picture) const {
    const auto caption = options_.captions.find(pictures_.name(picture));
    if (caption == options_.captions.end())
      Fail("{}: no caption is known for \"{}\"", pictures_.where(picture), pictures_.name(picture));
    return caption->second;
  }

  // All frames of the batch's pictures, as many at once as have one size.
  void RunSampleNetwork(const Request& request, std::vector<Loaded>* batch) const {
    std::vector<MetricInput> samples, references;
    std::vector<Loaded*> owners;
    const auto flush = [&] {
      if (samples.empty()) return;
      const auto values = request.network->Measure(samples, references);
      for (size_t i = 0; i < values.size(); ++i)
        for (size_t c = 0; c < values[i].size(); ++c)
          owners[i]->columns[request.first_column + c].push_back(values[i][c]);
      samples.clear(), references.clear(), owners.clear();
    };
    for (auto& loaded : *batch) {
      if (loaded.unit.picture < 0) continue;
      const std::string caption = request.type->needs_caption ? CaptionOf(loaded.unit.picture) : "";
      for (int64_t t = 0; t < FrameCount(loaded.picture); ++t) {
        const at::Tensor frame = FrameOf(loaded.picture, t);
        if (!samples.empty() &&
            (samples[0].picture.sizes() != frame.sizes() || std::ssize(samples) >= options_.batch_size))
          flush();
        samples.push_back({frame, {}, caption});
        if (request.type->needs_reference) references.push_back({FrameOf(loaded.reference, t), {}, caption});
        owners.push_back(&loaded);
      }
    }
    flush();
  }

  void Features(const FeatureNetwork& network, const std::vector<Loaded>& batch, const PictureSet& source,
                at::Tensor Loaded::*picture, int64_t Unit::*index, FeatureSet* out,
                std::vector<int64_t>* owners_of_rows) const {
    std::vector<at::Tensor> some;
    std::vector<int64_t> owners;
    const auto flush = [&] {
      if (!some.empty()) Append(network, some, owners, source, out);
      if (owners_of_rows) owners_of_rows->insert(owners_of_rows->end(), owners.begin(), owners.end());
      some.clear(), owners.clear();
    };
    for (const auto& loaded : batch) {
      const at::Tensor& whole = loaded.*picture;
      if (!whole.defined()) continue;
      const bool by_frame = whole.dim() == 4 && !network.info().clips;
      for (int64_t t = 0; t < (by_frame ? whole.size(0) : 1); ++t) {
        const at::Tensor one = by_frame ? whole[t] : whole;
        if (!some.empty() &&
            (some[0].sizes() != one.sizes() || static_cast<int64_t>(some.size()) >= network.info().batch))
          flush();
        some.push_back(one);
        owners.push_back(loaded.unit.*index);
        const std::string name = source.name(loaded.unit.*index);
        out->names.push_back(by_frame ? fmt::format("{}#{}", name, t) : name);
      }
    }
    flush();
  }

  void Append(const FeatureNetwork& network, const std::vector<at::Tensor>& some, const std::vector<int64_t>& owners,
              const PictureSet& source, FeatureSet* out) const {
    at::Tensor features;
    try {
      features = network.Features(at::stack(some));
    } catch (const Error& e) {
      // Which of them was it? Alone, each says it for itself.
      if (some.size() == 1) Fail("{}: {}", source.where(owners[0]), e.what());
      for (size_t i = 0; i < some.size(); ++i) Append(network, {some[i]}, {owners[i]}, source, out);
      return;
    }
    out->description = source.description();
    out->weights = network.info().weights_sha256;
    out->dimension = features.size(1);
    const float* values = features.const_data_ptr<float>();
    out->values.insert(out->values.end(), values, values + features.numel());
  }

  const PictureSet& pictures_;
  const PictureSet* reference_;
  const MeasureOptions& options_;
  std::map<std::string, const FeatureNetwork*> features_;
  std::vector<Request> samples_;
  bool pairs_ = false, with_errors_ = false;
  std::vector<Unit> units_;
  std::map<std::string, std::vector<int64_t>> owners_;  // of each network: which reference picture a row is of
  int64_t frames_ = 0;                                  // of every clip
  std::string first_clip_;                              // that has so many
  Measurement out_;
};

}  // namespace

std::string LeftOutText(const std::vector<std::string>& left_out) {
  if (left_out.empty()) return "";
  return fmt::format("{} could not be read and {} left out ({}{})", left_out.size(),
                     left_out.size() == 1 ? "was" : "were", left_out[0], left_out.size() == 1 ? "" : "; ...");
}

std::string DescribePicture(const at::Tensor& picture) {
  if (picture.dim() == 4)
    return fmt::format("{} frames of {} x {} pixels", picture.size(0), picture.size(3), picture.size(2));
  return fmt::format("{} x {} pixels", picture.size(2), picture.size(1));
}

Measurement Measure(const PictureSet& pictures, const PictureSet* reference, const std::vector<MetricRequest>& requests,
                    const MetricNetworks& networks, const MeasureOptions& options) {
  return Measurer(pictures, reference, requests, networks, options).Run();
}

FeatureSet MeasureFeatures(const PictureSet& pictures, const std::string& name, const FeatureNetwork& network,
                           const MeasureOptions& options) {
  Measurement measured = Measurer(pictures, name, network, options).Run();
  FeatureSet set = std::move(measured.pictures.at(name));
  set.left_out = LeftOutText(measured.left_out);
  return set;
}

}  // namespace skipbench
