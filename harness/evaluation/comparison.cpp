#include "harness/evaluation/comparison.h"

#include <algorithm>
#include <mutex>

#include "harness/analysis/set_distances.h"
#include "harness/analysis/settings.h"
#include "harness/base/error.h"
#include "harness/evaluation/picture_pairs.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

using Unmet = std::map<std::string, std::string>;

// The pictures that a result keeps of a setting's samples that were done; their names are the samples' ids in six
// digits.
class ResultPictures : public PictureSet {
 public:
  ResultPictures(const ResultReader& result, size_t setting)
      : result_(result), setting_(setting), label_(result.header().settings[setting].label) {
    const auto& shape = result.FindColumn(setting, "images")->row_shape;
    clips_ = shape.size() == 4;
    if (clips_) frames_ = shape[0];
    const std::vector<bool> done = DoneSamples(result, setting);
    for (size_t row = 0; row < done.size(); ++row)
      if (done[row]) rows_.push_back(static_cast<int64_t>(row));
  }

  std::string description() const override {
    return fmt::format("{}, {} ({} {}{})", result_.header().name, label_, rows_.size(), clips_ ? "clip" : "picture",
                       rows_.size() == 1 ? "" : "s");
  }
  bool clips() const override { return clips_; }
  int64_t size() const override { return std::ssize(rows_); }
  std::string name(int64_t index) const override { return fmt::format("{:06}", result_.samples()[rows_[index]].id); }
  int64_t known_frames(int64_t) const override { return frames_; }
  std::string where(int64_t index) const override {
    return fmt::format("{}, {}, sample {}", result_.header().name, label_, result_.samples()[rows_[index]].id);
  }
  std::vector<Image> ReadFrames(int64_t index) const override {
    Array<uint8_t> one;
    {
      static std::mutex hdf5;  // the library is for one thread at a time
      const std::lock_guard lock(hdf5);
      one = result_.ReadSamples<uint8_t>(setting_, "images", rows_[index], 1);
    }
    const size_t rank = one.shape.size();  // [1, H, W, 3] or [1, T, H, W, 3]
    const auto height = static_cast<int>(one.shape[rank - 3]), width = static_cast<int>(one.shape[rank - 2]);
    const size_t size = static_cast<size_t>(height) * static_cast<size_t>(width) * 3;
    std::vector<Image> frames;
    for (auto begin = one.values.begin(); begin != one.values.end(); begin += static_cast<std::ptrdiff_t>(size))
      frames.push_back(
          {.width = width, .height = height, .pixels = {begin, begin + static_cast<std::ptrdiff_t>(size)}});
    return frames;
  }

 private:
  const ResultReader& result_;
  size_t setting_;
  std::string label_;
  bool clips_ = false;
  int64_t frames_ = 1;
  std::vector<int64_t> rows_;
};

bool IsOfFeatures(const MetricRequest& request) { return request.set && !request.set->network.empty(); }

std::string ColumnOf(const std::string& network) { return "features/" + FeatureColumn(network); }

// Why the set has no features for a metric; empty: it has.
std::string WhyNoFeatures(const ComparedSet& set, const SetMetric& metric, const FeatureNetwork& network) {
  if (set.pictures && network.info().clips && !set.pictures->clips())
    return fmt::format("is for clips, {} are pictures; --clips reads a folder as clips", set.description());
  if (set.statistics) return set.statistics->WhyNot(metric, network.info());
  if (set.stored && !set.stored->result->FindColumn(set.stored->setting, ColumnOf(metric.network)))
    return fmt::format("{} holds neither pictures nor features of {}; run with \"save\": [\"images\"]",
                       set.description(), metric.network);
  return "";
}

std::string WhyNoPictures(const ComparedSet& set) {
  if (set.pictures) return "";
  return fmt::format("needs pictures; {} holds {} of features", set.description(),
                     set.statistics ? "statistics" : "columns");
}

// Why a set has no samples; empty: it has.
std::string WhyEmpty(const ComparedSet& set) {
  bool empty = set.pictures && set.pictures->size() == 0;
  if (set.stored) {
    const auto done = DoneSamples(*set.stored->result, set.stored->setting);
    empty = std::find(done.begin(), done.end(), true) == done.end();
  }
  return empty ? fmt::format("no sample of {} was done", set.description()) : "";
}

std::string WhyNoPairs(const ComparedSet& a, const ComparedSet& b, const ComparisonOptions& options) {
  try {
    if (options.measure.common_only)
      return CommonPairs(*a.pictures, *b.pictures).empty() ? "no sample was done by both" : "";
    PairByName(*a.pictures, *b.pictures);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

// Of one request, in the order in which a reader would ask; empty: it can be met.
std::string WhyUnmet(const ComparedSet& a, const ComparedSet* b, const MetricRequest& request,
                     const MetricNetworks& networks, const ComparisonOptions& options) {
  if (auto why = WhyEmpty(a); !why.empty()) return why;
  if (b)
    if (auto why = WhyEmpty(*b); !why.empty()) return why;
  const bool of_features = IsOfFeatures(request);
  const FeatureNetwork* network = of_features ? networks.features.at(request.set->network).get() : nullptr;
  const auto of_set = [&](const ComparedSet& set) {
    return of_features ? WhyNoFeatures(set, *request.set, *network) : WhyNoPictures(set);
  };
  if (auto why = of_set(a); !why.empty()) return why;
  if (!request.needs_pairs() && !of_features) return "";  // looks at A alone
  if (!b && of_features && options.features_only) return "";
  if (!b && request.needs_pairs())
    return "compares every picture with its partner; a second set of pictures was expected";
  if (!b) return "a second set was expected: pictures or a statistics file";
  if (auto why = of_set(*b); !why.empty()) return why;
  if (!a.pictures || !b->pictures) return "";
  if (a.pictures->clips() != b->pictures->clips())
    return fmt::format("{} and {}: clips cannot be compared with pictures", a.description(), b->description());
  return request.needs_pairs() ? WhyNoPairs(a, *b, options) : "";
}

// The requests as of no pairs: reading a set by itself is enough.
std::vector<MetricRequest> Alone(std::vector<MetricRequest> requests) {
  for (auto& request : requests)
    if (request.set) request.set->needs_pairs = false;
  return requests;
}

// All features that the metrics need of a set by itself; what could not be read joins `left_out`.
FeatureSets FeaturesOf(const ComparedSet& set, std::vector<MetricRequest> requests, const MetricNetworks& networks,
                       const MeasureOptions& options, std::vector<std::string>* left_out) {
  std::erase_if(requests, [](const auto& request) { return !IsOfFeatures(request); });
  std::map<std::string, std::vector<SetMetric>> by_network;
  for (const auto& request : requests) by_network[request.set->network].push_back(*request.set);
  FeatureSets features;
  if (by_network.empty()) return features;
  if (set.pictures) {
    Measurement measured = Measure(*set.pictures, nullptr, Alone(requests), networks, options);
    left_out->insert(left_out->end(), measured.left_out.begin(), measured.left_out.end());
    return std::move(measured.pictures);
  }
  for (const auto& [network, metrics] : by_network) {
    if (set.statistics) {
      features[network] = set.statistics->Read(metrics, *networks.features.at(network), options);
    } else {
      const auto& stored = *set.stored;
      features[network] =
          StoredFeatures(*stored.result, stored.setting, network, DoneSamples(*stored.result, stored.setting));
    }
  }
  return features;
}

// Rows of samples that both have; sets without names stay as they are.
void KeepCommon(FeatureSet* a, FeatureSet* b) {
  if (a->names.empty() || b->names.empty()) return;
  const auto keep = [](FeatureSet* set, const FeatureSet& other) {
    const std::set<std::string> names(other.names.begin(), other.names.end());
    std::vector<int64_t> rows;
    for (size_t i = 0; i < set->names.size(); ++i)
      if (names.contains(set->names[i])) rows.push_back(static_cast<int64_t>(i));
    if (rows.size() != set->names.size()) set->Reorder(rows);
  };
  keep(a, *b);
  keep(b, *a);
}

// `common`: rows without a partner are left out.
void PairSets(const ComparisonOptions& options, bool common, Measurement* measured) {
  for (auto& [network, a] : measured->pictures) {
    const auto b = measured->reference.find(network);
    if (b == measured->reference.end()) continue;
    if (common) KeepCommon(&a, &b->second);
    if (options.pair && OrderLike(a, &b->second)) measured->paired.insert(network);
  }
}

}  // namespace

std::string ComparedSet::description() const {
  if (pictures) return pictures->description();
  if (statistics) return statistics->path().string();
  return fmt::format("{}, {}", stored->result->header().name, stored->result->header().settings[stored->setting].label);
}

ComparedSet OpenComparedSet(const fs::path& path, const PictureSetOptions& collections) {
  ComparedSet set;
  if (path.extension() == ".npz" && HoldsStatistics(path)) {
    set.statistics.emplace(path);
  } else {
    set.pictures = OpenPictureSet(path, collections);
  }
  return set;
}

ComparedSet OpenComparedSet(const ResultReader& result, size_t setting) {
  ComparedSet set;
  if (result.FindColumn(setting, "images")) {
    set.pictures = std::make_unique<ResultPictures>(result, setting);
  } else {
    set.stored = {&result, setting};
  }
  return set;
}

Unmet FindUnmet(const ComparedSet& a, const ComparedSet* b, const std::vector<MetricRequest>& requests,
                const MetricNetworks& networks, const ComparisonOptions& options) {
  Unmet unmet;
  for (const auto& request : requests) {
    if (!networks.Available(request)) continue;
    const std::string why = WhyUnmet(a, b, request, networks, options);
    if (why.empty()) continue;
    // "psnr needs pictures": a sentence; else the metric's name and the reason.
    const bool sentence = why.starts_with("needs ") || why.starts_with("compares ") || why.starts_with("is for ");
    unmet[request.name] = request.name + (sentence ? " " : ": ") + why;
  }
  return unmet;
}

Measurement CompareSets(const ComparedSet& a, const ComparedSet* b, const std::vector<MetricRequest>& requests,
                        const MetricNetworks& networks, const ComparisonOptions& options, const FeatureSets* known) {
  const Unmet unmet = FindUnmet(a, b, requests, networks, options);
  std::vector<MetricRequest> met;
  for (const auto& request : requests)
    if (networks.Available(request) && !unmet.contains(request.name)) met.push_back(request);
  Measurement measured;
  MeasureOptions measure = options.measure;
  measure.reference_features = !known;
  const bool both = a.pictures && b && b->pictures;
  if (both && !met.empty()) {
    measured = Measure(*a.pictures, b->pictures.get(), met, networks, measure);
  } else if (a.pictures && !met.empty()) {
    measured = Measure(*a.pictures, nullptr, Alone(met), networks, measure);
  } else {
    measured.pictures = FeaturesOf(a, met, networks, measure, &measured.left_out);
  }
  if (known) {
    for (const auto& [network, set] : *known)
      if (measured.pictures.contains(network)) measured.reference[network] = set;
  } else if (b && !both) {
    measured.reference = FeaturesOf(*b, met, networks, measure, &measured.left_out);
  }
  measured.unmet = unmet;
  // The partner of a picture that could not be read is left out of sets that pair, whatever else is asked for.
  const bool broken_pairs = both && options.pair && !measured.left_out.empty() && WhyNoPairs(a, *b, options).empty();
  PairSets(options, options.measure.common_only || broken_pairs, &measured);
  for (const auto& request : met)
    if (b && IsOfFeatures(request) && request.set->needs_pairs && !measured.paired.contains(request.set->network))
      measured.unmet[request.name] =
          fmt::format("{} compares every clip with its partner; the names of {} and {} are not the same{}",
                      request.name, a.description(), b->description(), options.pair ? "" : " (--unpaired)");
  return measured;
}

std::vector<std::string> ComparisonNotes(const ComparedSet& a, const ComparedSet* b, const Measurement& measured,
                                         const std::vector<MetricRequest>& requests, const MetricNetworks& networks,
                                         const ComparisonOptions& options) {
  std::vector<std::string> notes;
  for (const ComparedSet* one : {&a, b})
    if (one && one->pictures)
      for (auto& note : one->pictures->notes()) notes.push_back(std::move(note));
  if (!b) return notes;
  for (const auto& [network, set] : measured.pictures) {
    const auto other = measured.reference.find(network);
    if (other == measured.reference.end()) continue;
    const int64_t partners = CountPartners(set, other->second);
    if (measured.paired.contains(network)) {
      notes.push_back(fmt::format(
          "A and B pair by name: metrics of sets compare {} pairs; --unpaired compares them as independent sets",
          partners));
    } else if (!options.pair) {
      notes.push_back("metrics of sets compare independent sets (--unpaired)");
    } else if (partners > 0) {
      notes.push_back(
          fmt::format("{} of A's {} names are among B's {}: metrics of sets take A and B as independent; pairs would "
                      "need the same names in both",
                      partners, set.names.size(), other->second.names.size()));
    }
    break;  // the same for every network
  }
  for (const auto& request : requests) {
    if (!IsOfFeatures(request) || !networks.Available(request) || measured.unmet.contains(request.name)) continue;
    for (const ComparedSet* one : {&a, b})
      if (one->statistics)
        if (auto note = one->statistics->NoteOn(*request.set, networks.features.at(request.set->network)->info());
            !note.empty())
          notes.push_back(std::move(note));
  }
  return notes;
}

}  // namespace skipbench
