#include "harness/store/source.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "harness/io/hdf5/hdf5_guarded.h"

namespace skipbench {

namespace fs = std::filesystem;

namespace {

// The columns of /samples and of /waves, each with its units and the place of its value in a record.
template <class Use>
void EachSampleColumn(Use&& use) {
  use("ordinal", "", [](auto& s) { return &s.ordinal; });
  use("id", "", [](auto& s) { return &s.id; });
  use("caption", "", [](auto& s) { return &s.caption; });
  use("seed", "", [](auto& s) { return &s.seed; });
  use("label", "", [](auto& s) { return &s.label; });
}

template <class Use>
void EachWaveColumn(Use&& use) {
  use("first_ordinal", "", [](auto& w) { return &w.first_ordinal; });
  use("samples", "", [](auto& w) { return &w.samples; });
  use("evaluations", "evaluations", [](auto& w) { return &w.cost.evaluations; });
  use("separate_evaluations", "evaluations", [](auto& w) { return &w.cost.separate_evaluations; });
  use("shallow_evaluations", "evaluations", [](auto& w) { return &w.cost.shallow_evaluations; });
  use("separate_shallow_evaluations", "evaluations", [](auto& w) { return &w.cost.separate_shallow_evaluations; });
  use("wall_s", "s", [](auto& w) { return &w.cost.wall_s; });
}

// Results of earlier builds do not have it.
constexpr const char* kFinishedAt = "finished_at";
template <class Use>
void UseFinishedAt(Use&& use) {
  use(kFinishedAt, "s", [](auto& w) { return &w.cost.finished_at; });
}

// Who ran a wave: results of earlier builds do not say it.
template <class Use>
void EachProcessColumn(Use&& use) {
  use("host", "", [](auto& w) { return &w.process.host; });
  use("pid", "", [](auto& w) { return &w.process.pid; });
  use("rank", "", [](auto& w) { return &w.process.rank; });
  use("job", "", [](auto& w) { return &w.process.job; });
}

// Writes one value of each record; reads it into as many records as there are, or as many as the first column has.
template <class Record>
auto WriterOf(hdf5::Group& group, const std::vector<Record>& records, const char* axis) {
  return [&group, &records, axis](const std::string& name, const char* units, auto place) {
    std::vector<std::decay_t<decltype(*place(records[0]))>> values;
    for (const auto& record : records) values.push_back(*place(record));
    group.Write(name, values, {std::ssize(records)}, {axis}, units);
  };
}
// The `first` column says how many records there are; all others have to be as long.
template <class Record>
auto ReaderOf(const hdf5::Group& group, std::vector<Record>& records, bool first) {
  return [&group, &records, first](const std::string& name, const char*, auto place) mutable {
    const auto values = group.Read<std::decay_t<decltype(*place(records[0]))>>(name);
    if (std::exchange(first, false)) records.resize(values.size());
    if (values.size() != records.size()) Fail("{}: its datasets have different lengths", group.Where());
    for (size_t i = 0; i < values.size(); ++i) *place(records[i]) = values[i];
  };
}

}  // namespace

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
    columns_.push_back(samples_.empty() ? std::vector<ColumnInfo>{}
                                        : ListColumns(Setting(i), std::ssize(samples_), options.known));
}

const hdf5::Group& Source::root() {
  if (!root_) root_ = hdf5::OpenFile(path_);
  return *root_;
}

void Source::ReadSamples() {
  if (!root_->Has("samples")) return;
  const hdf5::Group group = root_->OpenGroup("samples");
  EachSampleColumn(ReaderOf(group, samples_, true));
}

void WriteSamples(hdf5::Group& root, const std::vector<SampleInfo>& samples) {
  hdf5::Group group = root.CreateGroup("samples");
  EachSampleColumn(WriterOf(group, samples, "sample"));
}

void Source::ReadWaves() {
  if (!root_->Has("waves")) return;
  const hdf5::Group group = root_->OpenGroup("waves"), stages = group.OpenGroup("stages");
  EachWaveColumn(ReaderOf(group, waves_, true));
  if (group.Has(kFinishedAt)) UseFinishedAt(ReaderOf(group, waves_, false));
  if (group.Has("host")) EachProcessColumn(ReaderOf(group, waves_, false));
  for (const auto& name : stages.Members())
    ReaderOf(stages, waves_, false)(name, "s", [&](WaveRecord& w) { return &w.cost.stage_s[name]; });
}

void WriteWaves(hdf5::Group& root, const std::vector<WaveRecord>& waves) {
  hdf5::Group group = root.CreateGroup("waves");
  EachWaveColumn(WriterOf(group, waves, "wave"));
  UseFinishedAt(WriterOf(group, waves, "wave"));
  EachProcessColumn(WriterOf(group, waves, "wave"));
  hdf5::Group stages = group.CreateGroup("stages");
  std::set<std::string> names;
  for (const auto& wave : waves)
    for (const auto& [name, seconds] : wave.cost.stage_s) names.insert(name);
  for (const auto& name : names)
    WriterOf(stages, waves, "wave")(name, "s", [&name, none = 0.0](const WaveRecord& w) {
      const auto found = w.cost.stage_s.find(name);
      return found == w.cost.stage_s.end() ? &none : &found->second;
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

// Of opening a folder whose files are being joined: some seconds in all.
constexpr int kMostAttempts = 40;

std::vector<Source> OpenFolder(const fs::path& folder, std::vector<fs::path>& leftovers, const OpenOptions& options) {
  for (int attempt = 0;; ++attempt) {
    const std::vector<fs::path> files = ResultFiles(folder);
    try {
      leftovers.clear();
      std::vector<Source> sources = OpenFiles(files, leftovers, options);
      RequireOneRun(sources, /*shards=*/false);
      return sources;
    } catch (const Error&) {
      // A run that finishes meanwhile joins its segments and removes them one by one; then there is a new list of
      // files.
      if (attempt == kMostAttempts || ResultFiles(folder) == files) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(5 * attempt));
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
