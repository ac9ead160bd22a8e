#include "harness/store/source.h"

#include <algorithm>
#include <map>

#include "harness/io/hdf5/hdf5_guarded.h"

namespace skipbench {

namespace fs = std::filesystem;

Source::Source(const fs::path& path, const OpenOptions& options) : path_(path) {
  if (options.own) {
    root_ = hdf5::OpenFile(path);
  } else {
    hdf5::GuardedFile file = hdf5::OpenGuarded(path, options.unchecked);
    root_ = std::move(file.root);
    copied_ = file.copied;
    notes_ = std::move(file.notes);
  }
  header_ = ReadHeader(*root_);
  environments_ = ReadEnvironments(*root_);
  for (const auto& name : root_->Members())
    if (name != "settings" && name != "samples" && name != "waves" && root_->IsGroup(name)) extras_.push_back(name);
  ReadSamples();
  ReadWaves();
  for (size_t i = 0; i < header_.settings.size(); ++i)
    columns_.push_back(samples_.empty()
                           ? std::vector<ColumnInfo>{}
                           : ListColumns(Setting(i), static_cast<int64_t>(samples_.size()), options.known));
}

const hdf5::Group& Source::root() {
  if (!root_) root_ = hdf5::OpenFile(path_);
  return *root_;
}

void Source::ReadSamples() {
  if (!root_->Has("samples")) return;
  const hdf5::Group group = root_->OpenGroup("samples");
  const auto ordinals = group.Read<int64_t>("ordinal");
  const auto ids = group.Read<int64_t>("id");
  const auto captions = group.Read<std::string>("caption");
  const auto seeds = group.Read<uint64_t>("seed");
  const auto labels = group.Read<int64_t>("label");
  const size_t n = ordinals.size();
  if (ids.size() != n || captions.size() != n || seeds.size() != n || labels.size() != n)
    Fail("{}: its datasets have different lengths", group.Where());
  for (size_t i = 0; i < n; ++i) samples_.push_back({ordinals[i], ids[i], captions[i], seeds[i], labels[i]});
}

void WriteSamples(hdf5::Group& root, const std::vector<SampleInfo>& samples) {
  hdf5::Group group = root.CreateGroup("samples");
  std::vector<int64_t> ordinals, ids, labels;
  std::vector<uint64_t> seeds;
  std::vector<std::string> captions;
  for (const auto& sample : samples) {
    ordinals.push_back(sample.ordinal);
    ids.push_back(sample.id);
    captions.push_back(sample.caption);
    seeds.push_back(sample.seed);
    labels.push_back(sample.label);
  }
  const hdf5::Shape shape = {static_cast<int64_t>(samples.size())};
  group.Write("ordinal", ordinals, shape, {"sample"});
  group.Write("id", ids, shape, {"sample"});
  group.Write("caption", captions, shape, {"sample"});
  group.Write("seed", seeds, shape, {"sample"});
  group.Write("label", labels, shape, {"sample"});
}

void Source::ReadWaves() {
  if (!root_->Has("waves")) return;
  const hdf5::Group group = root_->OpenGroup("waves");
  const auto first = group.Read<int64_t>("first_ordinal");
  waves_.resize(first.size());
  auto each = [&](const hdf5::Group& from, const std::string& name, auto store) {
    using Value = std::decay_t<decltype(store(waves_[0]))>;
    const auto values = from.Read<Value>(name);
    if (values.size() != waves_.size()) Fail("{}: {} has another length than first_ordinal", from.Where(), name);
    for (size_t i = 0; i < values.size(); ++i) store(waves_[i]) = values[i];
  };
  each(group, "first_ordinal", [](WaveRecord& w) -> int64_t& { return w.first_ordinal; });
  each(group, "samples", [](WaveRecord& w) -> int64_t& { return w.samples; });
  each(group, "evaluations", [](WaveRecord& w) -> int64_t& { return w.cost.evaluations; });
  each(group, "separate_evaluations", [](WaveRecord& w) -> int64_t& { return w.cost.separate_evaluations; });
  each(group, "shallow_evaluations", [](WaveRecord& w) -> int64_t& { return w.cost.shallow_evaluations; });
  each(group, "separate_shallow_evaluations",
       [](WaveRecord& w) -> int64_t& { return w.cost.separate_shallow_evaluations; });
  each(group, "wall_s", [](WaveRecord& w) -> double& { return w.cost.wall_s; });
  const hdf5::Group stages = group.OpenGroup("stages");
  for (const auto& name : stages.Members())
    each(stages, name, [&](WaveRecord& w) -> double& { return w.cost.stage_s[name]; });
}

void WriteWaves(hdf5::Group& root, const std::vector<WaveRecord>& waves) {
  hdf5::Group group = root.CreateGroup("waves");
  const hdf5::Shape shape = {static_cast<int64_t>(waves.size())};
  auto each = [&](hdf5::Group& to, const std::string& name, const std::string& units, auto value) {
    std::vector<std::decay_t<decltype(value(waves[0]))>> values;
    for (const auto& wave : waves) values.push_back(value(wave));
    to.Write(name, values, shape, {"wave"}, units);
  };
  each(group, "first_ordinal", "", [](const WaveRecord& w) { return w.first_ordinal; });
  each(group, "samples", "", [](const WaveRecord& w) { return w.samples; });
  each(group, "evaluations", "evaluations", [](const WaveRecord& w) { return w.cost.evaluations; });
  each(group, "separate_evaluations", "evaluations", [](const WaveRecord& w) { return w.cost.separate_evaluations; });
  each(group, "shallow_evaluations", "evaluations", [](const WaveRecord& w) { return w.cost.shallow_evaluations; });
  each(group, "separate_shallow_evaluations", "evaluations",
       [](const WaveRecord& w) { return w.cost.separate_shallow_evaluations; });
  each(group, "wall_s", "s", [](const WaveRecord& w) { return w.cost.wall_s; });
  hdf5::Group stages = group.CreateGroup("stages");
  std::set<std::string> names;
  for (const auto& wave : waves)
    for (const auto& [name, seconds] : wave.cost.stage_s) names.insert(name);
  for (const auto& name : names)
    each(stages, name, "s", [&](const WaveRecord& w) {
      const auto found = w.cost.stage_s.find(name);
      return found == w.cost.stage_s.end() ? 0.0 : found->second;
    });
}

std::vector<fs::path> ResultFiles(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  if (fs::exists(folder / kJoinedFile, error)) files.push_back(folder / kJoinedFile);
  std::vector<fs::path> segments;
  for (fs::directory_iterator entry(folder / kSegmentFolder, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == ".h5") segments.push_back(entry->path());
  if (error && error != std::errc::no_such_file_or_directory)
    Fail("{}: cannot be read: {}", (folder / kSegmentFolder).string(), error.message());
  std::sort(segments.begin(), segments.end());
  files.insert(files.end(), segments.begin(), segments.end());
  return files;
}

namespace {

std::vector<Source> OpenFiles(const std::vector<fs::path>& files, std::vector<fs::path>& leftovers,
                              const OpenOptions& options) {
  std::vector<Source> sources;
  std::set<int64_t> joined;
  for (const auto& path : files) {
    Source source(path, options);
    if (files.size() > kKeepOpen) source.Close();
    const auto& samples = source.samples();
    if (path.filename() == kJoinedFile) {
      for (const auto& sample : samples) joined.insert(sample.ordinal);
    } else if (!samples.empty() &&
               std::all_of(samples.begin(), samples.end(), [&](const auto& s) { return joined.contains(s.ordinal); })) {
      leftovers.push_back(path);
      continue;
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace

std::vector<Source> OpenFolder(const fs::path& folder, std::vector<fs::path>& leftovers, const OpenOptions& options) {
  for (int attempt = 0;; ++attempt) {
    const std::vector<fs::path> files = ResultFiles(folder);
    try {
      leftovers.clear();
      std::vector<Source> sources = OpenFiles(files, leftovers, options);
      RequireOneRun(sources, /*shards=*/false);
      return sources;
    } catch (const Error&) {
      // A run that finishes meanwhile joins its segments and removes them; then there is a new list of files.
      if (attempt == 3 || ResultFiles(folder) == files) throw;
    }
  }
}

std::vector<Source> OpenResult(const fs::path& path, const OpenOptions& options) {
  std::error_code error;
  if (!fs::exists(path, error)) Fail("{}: no such result", path.string());
  std::vector<Source> sources;
  if (!fs::is_directory(path, error)) {
    sources.emplace_back(path, options);
    return sources;
  }
  std::vector<fs::path> leftovers;
  sources = OpenFolder(path, leftovers, options);
  if (sources.empty())
    Fail("{}: holds no results (neither {} nor {}/*.h5)", path.string(), kJoinedFile, kSegmentFolder);
  return sources;
}

void RequireOneRun(const std::vector<Source>& sources, bool shards) {
  std::map<int64_t, const Source*> by_id, by_ordinal;
  for (const auto& source : sources) {
    const Source& first = sources.front();
    if (auto difference = FirstDifference(first.header(), source.header(), shards); !difference.empty())
      Fail("{} and {} are not of one run: {}", first.path().string(), source.path().string(), difference);
    for (const auto& sample : source.samples()) {
      const auto [same_id, new_id] = by_id.emplace(sample.id, &source);
      const auto [same_ordinal, new_ordinal] = by_ordinal.emplace(sample.ordinal, &source);
      if (new_id && new_ordinal) continue;
      const Source* other = (new_id ? same_ordinal : same_id)->second;
      Fail("the sample with id {} (number {} of the plan) is in both {} and {}", sample.id, sample.ordinal,
           other->path().string(), source.path().string());
    }
  }
}

}  // namespace skipbench
