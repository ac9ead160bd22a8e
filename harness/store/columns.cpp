#include "harness/store/columns.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/text.h"

namespace skipbench {
namespace {

using hdf5::Shape;
using hdf5::Type;

// The names of a column's axes: those before a picture's, the picture's, those behind.
std::vector<std::string> WithPicture(std::vector<std::string> axes, size_t spatial, const char* behind = nullptr) {
  if (spatial == 3) axes.push_back("frame");
  if (spatial == 2 || spatial == 3) axes.insert(axes.end(), {"height", "width"});
  for (size_t i = 0; (spatial < 2 || spatial > 3) && i < spatial; ++i) axes.push_back(fmt::format("axis_{}", i));
  if (behind) axes.push_back(behind);
  return axes;
}

// Collects the columns of one setting and checks each one's shape.
class Collector {
 public:
  Collector(int64_t n, const SettingInfo& setting, std::string where)
      : n_(n), setting_(setting), where_(fmt::format("{}, {}", std::move(where), setting.label)) {}

  template <class T>
  void Numbers(const std::string& name, const std::vector<T>& values, const std::string& units) {
    RequireCount(name, values.size());
    Add<T>(name, units, {n_}, {"sample"}, std::span<const T>(values));
  }

  void Metric(const MetricInfo& info, const std::vector<double>& values) {
    Numbers(info.name, values, info.unit);
    columns_.back().info.metric = info;
  }

  // [n, calls]
  template <class T>
  void PerCall(const std::string& name, const Array<T>& array) {
    Require(name, array, array.shape == Shape{n_, setting_.calls}, fmt::format("[{}, {}]", n_, setting_.calls));
    Add<T>(name, "", array.shape, {"sample", "call"}, std::span<const T>(array.values));
  }

  // [n, lead..., C, spatial...]: `lead` are the axes between the samples and the channels.
  template <class T>
  void States(const std::string& name, const Array<T>& array, const std::vector<std::string>& lead, int64_t first) {
    const size_t rank = array.shape.size(), fixed = 1 + lead.size() + 1;
    Require(name, array, rank > fixed && array.shape[0] == n_ && array.shape[1] == first,
            fmt::format("[{}, {}, {}channel, ...]", n_, first, lead.size() > 1 ? lead[1] + ", " : ""));
    std::vector<std::string> axes = lead;
    axes.insert(axes.begin(), "sample");
    axes.push_back("channel");
    Add<T>(name, "", array.shape, WithPicture(axes, rank - fixed), std::span<const T>(array.values));
  }

  void Images(const std::string& name, const Array<uint8_t>& array) {
    const size_t rank = array.shape.size();
    Require(name, array, (rank == 4 || rank == 5) && array.shape[0] == n_ && array.shape.back() == 3,
            fmt::format("[{}, height, width, 3]", n_));
    Add<uint8_t>(name, "", array.shape, WithPicture({"sample"}, rank - 2, "channel"),
                 std::span<const uint8_t>(array.values));
  }

  void Features(const std::string& name, const Array<float>& array) {
    Require(name, array, array.shape.size() == 2 && array.shape[0] == n_, fmt::format("[{}, d]", n_));
    Add<float>(name, "", array.shape, {"sample", "feature"}, std::span<const float>(array.values));
  }

  void Outcome(const std::vector<Status>& status, const std::vector<std::string>& message) {
    RequireCount("status", status.size());
    std::vector<uint8_t> codes;
    for (const Status one : status) codes.push_back(static_cast<uint8_t>(one));
    Add<uint8_t>("status", "", {n_}, {"sample"}, std::move(codes));
    if (!message.empty()) RequireCount("message", message.size());
    std::vector<std::string> texts(static_cast<size_t>(n_));
    for (size_t i = 0; i < message.size(); ++i) texts[i] = CleanText(message[i]);
    Add<std::string>("message", "", {n_}, {"sample"}, std::move(texts));
  }

  std::vector<Column> Take() { return std::move(columns_); }

 private:
  void RequireCount(const std::string& name, size_t count) const {
    if (static_cast<int64_t>(count) != n_) Fail("{}: {} has {} values for {} samples", where_, name, count, n_);
  }

  template <class T>
  void Require(const std::string& name, const Array<T>& array, bool right, const std::string& expected) const {
    if (!right || hdf5::Elements(array.shape) != std::ssize(array.values))
      Fail("{}: {} has the shape [{}] and {} values, expected {}", where_, name, fmt::join(array.shape, ", "),
           array.values.size(), expected);
  }

  template <class T, class Values>
  void Add(const std::string& name, const std::string& units, const Shape& shape, std::vector<std::string> axes,
           Values values) {
    Column column;
    column.info = {name,           std::nullopt, units, hdf5::TypeOf<T>(), Shape(shape.begin() + 1, shape.end()),
                   std::move(axes)};
    column.values = std::move(values);
    columns_.push_back(std::move(column));
  }

  int64_t n_;
  const SettingInfo& setting_;
  std::string where_;
  std::vector<Column> columns_;
};

constexpr const char* kActionCodes = "0 reuse, 1 predict, 2 shallow, 3 combine";
constexpr const char* kStatusCodes = "0 done, 1 failed, 2 not supported, 3 not run";

// Names that the layout needs for itself; a metric cannot have one of them.
bool IsReserved(const std::string& name) {
  static const std::vector<std::string> names = {"timesteps",    "action",       "action_unconditional",
                                                 "branch",       "nfe",          "shallow_nfe",
                                                 "macs_modules", "macs_matmuls", "status",
                                                 "message",      "traces",       "features",
                                                 "auxiliary",    "latents",      "noise_predictions",
                                                 "images",       "thumbnail"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Of a metric only: what the dataset's attributes say. They are those of MetricInfo, by its names.
void WriteInfo(const MetricInfo& info, hdf5::Dataset& dataset) {
  dataset.SetAttribute("kind", std::string("metric"));
  if (info.title.empty()) return;
  dataset.SetAttribute("title", info.title);
  if (!info.part_of.empty()) dataset.SetAttribute("part_of", info.part_of);
  dataset.SetAttribute("better", std::string(DirectionName(info.better)));
  dataset.SetAttribute("order", int64_t{info.order});
  dataset.SetAttribute("per_frame", int64_t{info.per_frame});
  if (info.decimals) dataset.SetAttribute("decimals", int64_t{*info.decimals});
  if (info.limit) dataset.SetAttribute("limit", *info.limit);
  if (info.ceiling) dataset.SetAttribute("ceiling", *info.ceiling);
}

std::optional<MetricInfo> ReadInfo(const hdf5::Dataset& dataset, const std::string& name, const KnownMetrics& known) {
  if (dataset.AttributeOr("kind", "") != "metric") return std::nullopt;
  MetricInfo info{.name = name, .title = dataset.AttributeOr("title", ""), .unit = dataset.Units()};
  if (info.title.empty()) return known.column ? known.column(name).value_or(info) : info;
  info.part_of = dataset.AttributeOr("part_of", "");
  info.better = DirectionOf(dataset.Attribute<std::string>("better"), dataset.Where() + ": better");
  info.order = static_cast<int>(dataset.Attribute<int64_t>("order"));
  info.per_frame = dataset.Attribute<int64_t>("per_frame") != 0;
  if (dataset.HasAttribute("decimals")) info.decimals = static_cast<int>(dataset.Attribute<int64_t>("decimals"));
  if (dataset.HasAttribute("limit")) info.limit = dataset.Attribute<double>("limit");
  if (dataset.HasAttribute("ceiling")) info.ceiling = dataset.Attribute<double>("ceiling");
  RequireSound(info, dataset.Where());
  return info;
}

std::vector<ColumnInfo> ListGroup(const hdf5::Group& group, const std::string& prefix, int64_t n,
                                  const KnownMetrics& known) {
  std::vector<ColumnInfo> columns;
  for (const auto& name : group.Members()) {
    if (prefix.empty() && name == "timesteps") continue;
    if (group.IsGroup(name)) {
      if (!prefix.empty()) continue;  // nothing of ours lies deeper
      for (auto& column : ListGroup(group.OpenGroup(name), name + "/", n, known)) columns.push_back(std::move(column));
      continue;
    }
    const hdf5::Dataset dataset = group.OpenDataset(name);
    if (dataset.shape().empty() || dataset.rows() != n)
      Fail("{}: has {} rows, the file has {} samples", dataset.Where(), dataset.shape().empty() ? 0 : dataset.rows(),
           n);
    columns.push_back({prefix + name, ReadInfo(dataset, name, known), dataset.Units(), dataset.type(),
                       Shape(dataset.shape().begin() + 1, dataset.shape().end()), dataset.AxisNames()});
  }
  return columns;
}

}  // namespace

std::string Describe(const ColumnInfo& column) {
  std::string shape = "n";
  for (const int64_t length : column.row_shape) shape += fmt::format(", {}", length);
  return fmt::format("{} ({}, [{}])", column.name, hdf5::TypeName(column.type), shape);
}

std::vector<Column> ColumnsOf(const SettingWave& wave, int64_t n, const SettingInfo& setting,
                              const std::vector<MetricInfo>& metrics, const std::string& where) {
  Collector collect(n, setting, where);
  collect.Outcome(wave.status, wave.message);
  collect.PerCall("action", wave.action);
  if (!wave.action_unconditional.empty()) collect.PerCall("action_unconditional", wave.action_unconditional);
  if (!wave.branch.empty()) collect.PerCall("branch", wave.branch);
  collect.Numbers("nfe", wave.nfe, "evaluations");
  if (!wave.shallow_nfe.empty()) collect.Numbers("shallow_nfe", wave.shallow_nfe, "evaluations");
  collect.Numbers("macs_modules", wave.macs_modules, "MAC");
  collect.Numbers("macs_matmuls", wave.macs_matmuls, "MAC");
  for (const auto& [name, values] : wave.metrics) {
    if (IsReserved(name)) Fail("{}: a metric cannot be called {}", where, name);
    const auto info = std::ranges::find(metrics, name, &MetricInfo::name);
    if (info == metrics.end()) Fail("{}: the metric {} is not described in the run's header", where, name);
    collect.Metric(*info, values);
  }
  for (const auto& [name, values] : wave.traces) collect.PerCall("traces/" + name, values);
  for (const auto& [name, values] : wave.features) collect.Features("features/" + name, values);
  for (const auto& [name, values] : wave.auxiliary) collect.Numbers("auxiliary/" + name, values, "");
  if (!wave.latents.empty()) collect.States("latents", wave.latents, {"state"}, setting.calls + 1);
  if (!wave.noise_predictions.empty())
    collect.States("noise_predictions", wave.noise_predictions, {"call", "half"}, setting.calls);
  if (!wave.thumbnail.empty()) collect.Images("thumbnail", wave.thumbnail);
  if (!wave.images.empty()) collect.Images("images", wave.images);
  return collect.Take();
}

hdf5::Dataset CreateColumn(hdf5::Group& setting, const ColumnInfo& info, int64_t n) {
  Shape shape = {n};
  shape.insert(shape.end(), info.row_shape.begin(), info.row_shape.end());
  auto make = [&](hdf5::Group& group, const std::string& name) {
    hdf5::Dataset dataset = group.CreateDataset(name, info.type, shape, info.axes, info.units);
    if (info.metric) WriteInfo(*info.metric, dataset);
    if (info.name.starts_with("action")) dataset.SetAttribute("codes", std::string(kActionCodes));
    if (info.name == "status") dataset.SetAttribute("codes", std::string(kStatusCodes));
    return dataset;
  };
  const size_t slash = info.name.find('/');
  if (slash == std::string::npos) return make(setting, info.name);
  const std::string folder = info.name.substr(0, slash);
  hdf5::Group group = setting.Has(folder) ? setting.OpenGroup(folder) : setting.CreateGroup(folder);
  return make(group, info.name.substr(slash + 1));
}

hdf5::Dataset OpenColumn(const hdf5::Group& setting, const std::string& name) {
  const size_t slash = name.find('/');
  if (slash == std::string::npos) return setting.OpenDataset(name);
  return setting.OpenGroup(name.substr(0, slash)).OpenDataset(name.substr(slash + 1));
}

std::vector<ColumnInfo> ListColumns(const hdf5::Group& setting, int64_t n, const KnownMetrics& known) {
  return ListGroup(setting, "", n, known);
}

}  // namespace skipbench
