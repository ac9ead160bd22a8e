#include "harness/evaluation/set_rows.h"

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/stats/frechet.h"
#include "harness/stats/jackknife.h"
#include "harness/stats/kernel_distance.h"
#include "harness/stats/precision_recall.h"

namespace skipbench {
namespace {

constexpr double kNormal95 = 1.959963984540054;

void RequireFeatures(const SetMetric& metric, const FeatureSet& set) {
  if (!set.has_features())
    Fail(
        "{}: {} holds a mean and a covariance only; this metric compares the features themselves (--save-stats keeps "
        "them with --keep-features)",
        metric.name, set.description);
}

void RequireSameWeights(const SetMetric& metric, const FeatureSet& a, const FeatureSet& b) {
  if (!a.weights.empty() && !b.weights.empty() && a.weights != b.weights)
    Fail("{}: the features of {} and of {} come from different weights (SHA-256 {:.12} and {:.12})", metric.name,
         a.description, b.description, a.weights, b.weights);
}

void RequireSameLength(const SetMetric& metric, const FeatureSet& a, const FeatureSet& b) {
  if (a.frames > 0 && b.frames > 0 && a.frames != b.frames)
    Fail("{}: {} are clips of {} frames, {} of {}; clips of one length can be compared (--frames N takes the first N of each)", metric.name,
         a.description, a.frames, b.description, b.frames);
}

void AddNote(const std::string& note, MetricRow* row) {
  if (note.empty()) return;
  if (!row->note.empty()) row->note += "; ";
  row->note += note;
}

void RequireTwo(const SetMetric& metric, const FeatureSet& set) {
  if (!set.compares_normals() && set.count() < 2)
    Fail("{}: {} has {} sample{}; a covariance needs at least two", metric.name, set.description, set.count(),
         set.count() == 1 ? "" : "s");
}

// Samples that a Frechet distance is of; 0: a file that does not say.
int64_t CountOf(const FeatureSet& set) { return set.compares_normals() && set.normal ? set.normal->count : set.count(); }

Gaussian NormalOf(const FeatureSet& set) { return set.normal ? *set.normal : StatisticsOf(set.view()).Normal(); }

// The distance with what it is without each block of samples.
struct Estimate {
  FrechetResult whole;
  std::vector<double> without_block;
};

Estimate AgainstNormal(const FeatureSet& features, const Gaussian& normal, int64_t blocks, const DenseSolver& solver) {
  std::vector<FeatureStatistics> parts;
  const auto bounds = BlockBounds(features.count(), std::max<int64_t>(1, blocks));
  FeatureStatistics all;
  for (size_t k = 0; k + 1 < bounds.size(); ++k) {
    parts.push_back(StatisticsOf(features.view().Rows(bounds[k], bounds[k + 1])));
    all.Merge(parts.back());
  }
  Estimate estimate{FrechetDistance(all.Normal(), normal, solver), {}};
  if (blocks > 1 && features.count() > 2) estimate.without_block = FrechetWithoutBlock(parts, normal, solver);
  return estimate;
}

Estimate EstimateDistance(const FeatureSet& a, const FeatureSet& b, bool paired, int64_t blocks,
                          const DenseSolver& solver) {
  if (!a.compares_normals() && !b.compares_normals()) {
    Estimate estimate{FrechetDistance(a.view(), b.view(), solver), {}};
    // Leaving out a block has to leave two samples.
    if (blocks > 1 && a.count() > 2 && (!paired || b.count() > 2))
      estimate.without_block = FrechetWithoutBlock(a.view(), b.view(), paired, blocks, solver);
    return estimate;
  }
  if (!a.compares_normals()) return AgainstNormal(a, NormalOf(b), blocks, solver);
  if (!b.compares_normals()) return AgainstNormal(b, NormalOf(a), blocks, solver);
  return {FrechetDistance(NormalOf(a), NormalOf(b), solver), {}};
}

// A distance warned of is not mended; whoever reads it has to know.
std::string TooFew(const SetMetric& metric, const FeatureSet& a, const FeatureSet& b) {
  const char* things = metric.network == "i3d" || metric.network == "motion" ? "clips" : "pictures";
  const auto few = [](const FeatureSet& set) { return CountOf(set) > 0 && CountOf(set) <= set.dimension; };
  if (!few(a) && !few(b)) return "";
  std::string sets = few(a) ? fmt::format("{} {}", CountOf(a), things) : "";
  if (few(b) && !(few(a) && CountOf(a) == CountOf(b)))
    sets += fmt::format("{}{} reference {}", few(a) ? " and " : "", CountOf(b), things);
  return fmt::format("{} for {} dimensions: the covariance is singular and the distance biased upwards", sets,
                     a.dimension);
}

// What is said of the blocks.
std::string JackknifeText(int64_t blocks, bool paired) {
  return fmt::format("jackknife over {} blocks of samples{}", blocks, paired ? ", left out of both sets" : "");
}

// The interval of a value that is known without each block too, within [min, max].
void SetInterval(const std::vector<double>& without_block, bool paired, double min, double max, MetricRow* row) {
  const JackknifeEstimate jackknife = Jackknife(*row->value, without_block);
  if (jackknife.blocks < 2) return;
  row->without_block = without_block;
  row->standard_error = jackknife.standard_error;
  row->low = std::max(min, *row->value - kNormal95 * jackknife.standard_error);
  row->high = std::min(max, *row->value + kNormal95 * jackknife.standard_error);
  row->interval = JackknifeText(jackknife.blocks, paired);
}

// No blocks where intervals are not wanted.
std::vector<int64_t> BoundsFor(const FeatureSet& set, const SetOptions& options) {
  return options.blocks > 1 ? BlockBounds(set.count(), options.blocks) : std::vector<int64_t>();
}

MetricRow FrechetRow(const SetMetric& metric, const FeatureSet& a, const FeatureSet& b, bool paired,
                     const DenseSolver& solver, const SetOptions& options) {
  RequireTwo(metric, a);
  RequireTwo(metric, b);
  paired = paired && !a.compares_normals() && !b.compares_normals();
  const Estimate estimate = EstimateDistance(a, b, paired, options.blocks, solver);
  MetricRow row{.metric = metric.name, .value = estimate.whole.distance, .count = CountOf(a)};
  row.note = TooFew(metric, a, b);
  SetInterval(estimate.without_block, paired, -HUGE_VAL, HUGE_VAL, &row);
  return row;
}

MetricRow KernelRow(const SetMetric& metric, const FeatureSet& a, const FeatureSet& b, bool paired,
                    const DenseSolver& solver, const SetOptions& options) {
  RequireFeatures(metric, a);
  RequireFeatures(metric, b);
  KernelDistanceOptions kernel;
  kernel.subsets = options.kernel_subsets;
  kernel.subset_size = std::min({options.kernel_subset_size, a.count(), b.count()});
  if (kernel.subset_size < 2)
    Fail("{}: {} and {} have {} and {} samples; at least two each are needed", metric.name, a.description,
         b.description, a.count(), b.count());
  MetricRow row{.metric = metric.name, .count = a.count()};
  // A subset of all rows is the same whichever rows are drawn.
  const bool all = kernel.subset_size == a.count() && kernel.subset_size == b.count();
  if (all) kernel.subsets = 1;
  const KernelDistance distance =
      KernelInceptionDistance(a.view(), b.view(), kernel, {BoundsFor(a, options), paired}, solver);
  row.value = distance.mean;
  row.note = all ? "over all pictures at once"
                 : fmt::format("mean over {} subsets of {}, their standard deviation is {:.3g}", distance.subsets,
                               distance.subset_size, distance.stddev);
  if (paired) row.note += "; pairs: a picture is not compared with its own partner";
  SetInterval(distance.without_block, paired, -HUGE_VAL, HUGE_VAL, &row);
  return row;
}

std::vector<MetricRow> PrecisionRecallRows(const SetMetric& metric, const FeatureSet& a, const FeatureSet& b,
                                           bool paired, const SetOptions& options) {
  RequireFeatures(metric, a);
  RequireFeatures(metric, b);
  for (const FeatureSet* set : {&a, &b})
    if (set->count() <= options.neighbours)
      Fail("{}: {} has {} samples; more than {} are needed", metric.name, set->description, set->count(),
           options.neighbours);
  const PrecisionRecallBlocks result =
      ComputePrecisionRecall(a.view(), b.view(), paired, BoundsFor(a, options), options.neighbours);
  const std::string note = fmt::format("k = {}", options.neighbours);
  MetricRow precision{.metric = metric.name + " precision", .value = result.whole.precision, .count = a.count(), .note = note},
      recall{.metric = metric.name + " recall", .value = result.whole.recall, .count = b.count(), .note = note};
  std::vector<double> precisions, recalls;
  for (const auto& one : result.without_block) {
    precisions.push_back(one.precision);
    recalls.push_back(one.recall);
  }
  SetInterval(precisions, paired, 0, 1, &precision);
  SetInterval(recalls, paired, 0, 1, &recall);
  return {precision, recall};
}

}  // namespace

std::vector<MetricRow> SetRows(const SetMetric& metric, const FeatureSet& pictures, const FeatureSet& reference,
                               bool paired, const DenseSolver& solver, const SetOptions& options,
                               const std::string& subject) {
  RequireSameWeights(metric, pictures, reference);
  RequireSameLength(metric, pictures, reference);
  std::vector<MetricRow> rows;
  try {
    if (metric.kind == SetMetricKind::kFrechet)
      rows = {FrechetRow(metric, pictures, reference, paired, solver, options)};
    else if (metric.kind == SetMetricKind::kKernel)
      rows = {KernelRow(metric, pictures, reference, paired, solver, options)};
    else
      rows = PrecisionRecallRows(metric, pictures, reference, paired, options);
  } catch (const Error& e) {
    const std::string what = e.what();
    if (what.starts_with(metric.name)) throw;
    Fail("{}: {} against {}: {}", metric.name, pictures.description, reference.description, what);
  }
  const int64_t frames = std::max(pictures.frames, reference.frames);
  for (auto& row : rows) {
    row.subject = subject;
    if (frames > 0) AddNote(fmt::format("clips of {} frames", frames), &row);
  }
  return rows;
}

std::vector<double> PairedSquaredDistances(const FeatureSet& pictures, const FeatureSet& reference) {
  if (pictures.count() != reference.count() || !pictures.has_features() || !reference.has_features())
    Fail("{} against {}: features of the same samples were expected", pictures.description, reference.description);
  std::vector<double> distances;
  for (int64_t i = 0; i < pictures.count(); ++i)
    distances.push_back(SquaredDistance(pictures.view().row(i), reference.view().row(i)));
  return distances;
}

namespace {

std::vector<MetricRow> SampleRows(const Measurement& measured, const MetricRequest& request,
                                  const std::string& subject) {
  std::vector<MetricRow> rows;
  for (const auto& column : measured.samples.columns)
    if (column.metric == request.name)
      rows.push_back(MeanRow(column.values, request.sample->columns.size() > 1 ? column.column.name : request.name,
                             column.column.unit, subject));
  return rows;
}

MetricRow PaperFrechetRow(const SetMetric& metric, const FeatureSet& pictures, const FeatureSet& reference,
                          const std::string& subject) {
  RequireSameLength(metric, pictures, reference);
  MetricRow row = MeanRow(PairedSquaredDistances(pictures, reference), metric.name, "", subject);
  row.note = kPaperFrechetNote;
  if (pictures.frames > 0) AddNote(fmt::format("clips of {} frames", pictures.frames), &row);
  return row;
}

const FeatureSet& Features(const FeatureSets& sets, const SetMetric& metric) {
  const auto found = sets.find(metric.network);
  if (found == sets.end()) Fail("{}: a second set was expected: pictures or a statistics file", metric.name);
  return found->second;
}

}  // namespace

MetricRow PaperPsnrRow(const PaperPsnr& paper, int64_t samples) {
  MetricRow row{.metric = "psnr:paper", .unit = "dB", .count = samples, .note = kPaperPsnrNote};
  if (paper.batches > paper.dropped) row.value = paper.mean;
  if (paper.dropped > 0)
    row.note += fmt::format("; {} of {} batches had no finite value and were dropped", paper.dropped, paper.batches);
  return row;
}

MetricRow PaperPsnrRow(const SampleTable& table) {
  std::vector<SquaredError> pictures;
  PaperPsnr clips;
  double sum = 0;
  for (const auto& frames : table.errors) {
    if (frames.size() == 1) {
      pictures.push_back(frames[0]);
      continue;
    }
    const PaperPsnr clip = PaperCompatPsnr(frames, static_cast<int64_t>(frames.size()));
    clips.batches += clip.batches;
    clips.dropped += clip.dropped;
    if (!clip.dropped) sum += clip.mean;
  }
  clips.mean = sum / static_cast<double>(clips.batches - clips.dropped);
  return PaperPsnrRow(pictures.empty() ? clips : PaperCompatPsnr(pictures), static_cast<int64_t>(table.errors.size()));
}

std::vector<MetricRow> ReportRows(const Measurement& measured, const std::vector<MetricRequest>& requests,
                                  const MetricNetworks& networks, const DenseSolver& solver, const SetOptions& options,
                                  const std::string& subject) {
  std::vector<MetricRow> rows;
  for (const auto& request : requests) {
    std::vector<MetricRow> more;
    if (!networks.Available(request)) {
      more = {{.subject = subject,
               .metric = request.name,
               .available = false,
               .note = "not available: " + networks.missing.at(request.name)}};
    } else if (const auto why = measured.unmet.find(request.name); why != measured.unmet.end()) {
      const std::string name = request.name + ": ";
      const std::string note = why->second.starts_with(name) ? why->second.substr(name.size()) : why->second;
      more = {{.subject = subject, .metric = request.name, .available = false, .note = note}};
    } else if (request.sample) {
      more = SampleRows(measured, request, subject);
    } else if (request.set->kind == SetMetricKind::kPaperPsnr) {
      more = {PaperPsnrRow(measured.samples)};
      more[0].subject = subject;
    } else {
      const FeatureSet& a = Features(measured.pictures, *request.set);
      const FeatureSet& b = Features(measured.reference, *request.set);
      more = request.set->kind == SetMetricKind::kPaperFrechet
                 ? std::vector{PaperFrechetRow(*request.set, a, b, subject)}
                 : SetRows(*request.set, a, b, measured.paired.contains(request.set->network), solver, options, subject);
    }
    for (auto& row : more)
      if (row.available) AddNote(LeftOutText(measured.left_out), &row);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

}  // namespace skipbench
