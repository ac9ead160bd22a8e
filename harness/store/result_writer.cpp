#include "harness/store/result_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "harness/base/text.h"
#include "harness/io/files/atomic_file.h"
#include "harness/store/claims/shared_plan.h"
#include "harness/store/join.h"
#include "harness/store/latency.h"
#include "harness/store/outputs.h"
#include "harness/store/source.h"

namespace skipbench {

namespace fs = std::filesystem;

namespace {

std::string Where(const Wave& wave) {
  return fmt::format("the wave of {} samples from number {} of the plan (id {}) on", wave.samples.size(),
                     wave.samples.front().ordinal, wave.samples.front().id);
}

// Captions are data: they are stored as they are or not at all.
void RequireText(const SampleInfo& sample) {
  if (CleanText(sample.caption) != sample.caption)
    Fail("the caption of sample {} is not valid UTF-8, or holds a zero byte: \"{}\"", sample.id,
         CleanText(sample.caption));
}

std::vector<ColumnInfo> InfosOf(const std::vector<Column>& columns) {
  std::vector<ColumnInfo> infos;
  for (const auto& column : columns) infos.push_back(column.info);
  return infos;
}

void WriteColumn(hdf5::Group& setting, const Column& column, int64_t n) {
  hdf5::Dataset dataset = CreateColumn(setting, column.info, n);
  std::visit(
      [&](const auto& values) {
        using T = std::remove_const_t<typename std::decay_t<decltype(values)>::value_type>;
        dataset.WriteRows<T>(0, std::span<const T>(values));
      },
      column.values);
}

// Another file has another one; "": there is none.
std::string IdentityOf(const fs::path& path) {
  struct stat found {};
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);  // a network's file system looks it up anew
  const bool there = file >= 0 && fstat(file, &found) == 0;
  if (file >= 0) close(file);
  if (!there) return "";
  return fmt::format("{} {} {}.{:09} {}", found.st_dev, found.st_ino, found.st_mtim.tv_sec, found.st_mtim.tv_nsec,
                     found.st_size);
}

}  // namespace

ResultWriter::ResultWriter(fs::path folder, RunHeader header, Existing existing)
    : folder_(std::move(folder)),
      header_(std::move(header)),
      shared_(existing == Existing::kShare),
      lock_(folder_, shared_ ? FolderLock::Use::kShared : FolderLock::Use::kAlone) {
  if (shared_) {
    joined_ = IdentityOf(folder_ / kJoinedFile);
    MakeFolder(folder_ / kSegmentFolder);
    TakeUpExisting();
    Refresh();
    return;
  }
  if (existing == Existing::kReplace) RemoveOutputs(folder_, header_.settings);
  RemoveUnfinished(folder_);
  if (existing != Existing::kResume) RefuseResult(folder_);
  MakeFolder(folder_ / kSegmentFolder);
  if (existing == Existing::kResume) TakeUpExisting();
}

void ResultWriter::RefuseResult(const fs::path& folder) {
  if (!ResultFiles(folder).empty())
    Fail("{}: holds a result already: --resume continues it, another --out starts a new one", folder.string());
}

void ResultWriter::TakeUpExisting() {
  std::vector<fs::path> leftovers;
  const std::vector<Source> sources = OpenFolder(folder_, leftovers, {.own = true});
  for (const auto& source : sources) {
    if (auto difference = FirstDifference(source.header(), header_, /*shards=*/false); !difference.empty())
      Fail("{}: holds the result of another run, which cannot be resumed as this one: {}", folder_.string(),
           difference);
    NoteCommitted(source.samples());
    committed_extras_.insert(source.extras().begin(), source.extras().end());
    if (columns_.empty() && !source.samples().empty())
      for (size_t k = 0; k < header_.settings.size(); ++k) columns_.push_back(source.columns(k));
  }
  RequireSameColumns(sources);
  if (shared_) return;  // what is left over is another's, who is just joining
  for (const auto& path : leftovers) RemoveFile(path);
}

void ResultWriter::NoteCommitted(const std::vector<SampleInfo>& samples) {
  for (const auto& sample : samples) {
    committed_.push_back(sample);
    committed_ids_.insert(sample.id);
    committed_ordinals_.insert(sample.ordinal);
  }
}

fs::path ResultWriter::SegmentPath(const std::string& name) const { return folder_ / kSegmentFolder / (name + ".h5"); }

// Finish() removes the folder of segments; a later commit needs it again.
bool ResultWriter::WriteSegment(const std::string& name, const std::function<void(hdf5::Group&)>& fill,
                                bool once) const {
  lock_.RequireFolder();
  if (shared_) return WriteShared(name, fill, once);
  const fs::path path = SegmentPath(name);
  if (!fs::exists(path.parent_path())) MakeFolder(path.parent_path());
  hdf5::FileWriter writer(path);
  WriteHeader(writer.root(), header_, EnvironmentsOf(header_));
  fill(writer.root());
  writer.Commit();
  return true;
}

// Whoever joins puts results.h5 in place first, then removes segments, then looks again for late ones: a segment that
// comes between is seen there or here.
bool ResultWriter::WriteShared(const std::string& name, const std::function<void(hdf5::Group&)>& fill,
                               bool once) const {
  bool mine = true;
  try {
    if (IsJoinedByAnother()) return false;
    hdf5::FileWriter writer(SegmentPath(name));
    WriteHeader(writer.root(), header_, EnvironmentsOf(header_));
    fill(writer.root());
    if (once)
      mine = writer.CommitNew(/*may_replace=*/true);
    else
      writer.Commit();
  } catch (const Error&) {
    if (IsJoinedByAnother()) return false;
    throw;
  }
  if (!mine || !IsJoinedByAnother()) return mine;
  std::error_code ignored;
  fs::remove(SegmentPath(name), ignored);
  fs::remove(folder_ / kSegmentFolder, ignored);
  return false;
}

void ResultWriter::TakeUpAll() {
  committed_.clear();
  committed_ids_.clear();
  committed_ordinals_.clear();
  TakeUpExisting();
}

bool ResultWriter::IsStored(const std::string& name) const {
  return segments_.contains(name) || committed_extras_.contains(name);
}

void ResultWriter::Refresh() {
  segments_.clear();
  for (const auto& file : ResultFiles(folder_))
    if (file.filename() != kJoinedFile) segments_.insert(file.stem().string());
}

bool ResultWriter::IsJoinedByAnother() const { return shared_ && IdentityOf(folder_ / kJoinedFile) != joined_; }

void ResultWriter::RequireFits(const Wave& wave, const std::vector<std::vector<Column>>& columns) const {
  std::set<int64_t> ids, ordinals;
  for (const auto& sample : wave.samples) {
    RequireText(sample);
    if (sample.ordinal < 0) Fail("{}: a sample has the number {}", Where(wave), sample.ordinal);
    if (committed_ids_.contains(sample.id) || committed_ordinals_.contains(sample.ordinal) ||
        !ids.insert(sample.id).second || !ordinals.insert(sample.ordinal).second)
      Fail("the sample with id {} (number {} of the plan) is stored already in {}", sample.id, sample.ordinal,
           folder_.string());
  }
  for (size_t k = 0; k < columns_.size(); ++k) {
    const auto require = [&](const std::vector<ColumnInfo>& has, const std::vector<ColumnInfo>& lacks,
                             const char* what) {
      for (const auto& column : has)
        if (std::find(lacks.begin(), lacks.end(), column) == lacks.end())
          Fail("{}, {}: unlike the waves before it {} the column {}", Where(wave), header_.settings[k].label, what,
               Describe(column));
    };
    const std::vector<ColumnInfo> here = InfosOf(columns[k]);
    require(here, columns_[k], "has");
    require(columns_[k], here, "lacks");
  }
}

bool ResultWriter::Commit(const Wave& wave) {
  if (wave.samples.empty()) Fail("{}: a wave without samples cannot be stored", folder_.string());
  if (wave.settings.size() != header_.settings.size())
    Fail("{}: has {} settings, the run has {}", Where(wave), wave.settings.size(), header_.settings.size());
  const int64_t n = std::ssize(wave.samples);
  std::vector<std::vector<Column>> columns;
  for (size_t k = 0; k < wave.settings.size(); ++k)
    columns.push_back(ColumnsOf(wave.settings[k], n, header_.settings[k], header_.metrics, Where(wave)));
  RequireFits(wave, columns);

  int64_t first = wave.samples.front().ordinal;
  for (const auto& sample : wave.samples) first = std::min(first, sample.ordinal);
  const auto fill = [&](hdf5::Group& root) {
    WriteSamples(root, wave.samples);
    WriteWaves(root, {{first, n, wave.cost, process_}});
    const hdf5::Group settings = root.OpenGroup("settings");
    for (size_t k = 0; k < columns.size(); ++k) {
      hdf5::Group setting = settings.OpenGroup(std::to_string(k));
      for (const auto& column : columns[k]) WriteColumn(setting, column, n);
    }
  };
  if (!WriteSegment(WaveName(first), fill, /*once=*/true)) return false;

  if (columns_.empty())
    for (const auto& of_setting : columns) columns_.push_back(InfosOf(of_setting));
  NoteCommitted(wave.samples);
  return true;
}

void ResultWriter::CommitExtra(const std::string& name, const std::function<void(hdf5::Group&)>& fill) {
  // Digits alone are the name of a wave.
  const bool fits = !name.empty() && std::islower(static_cast<unsigned char>(name[0])) &&
                    std::all_of(name.begin(), name.end(), [](unsigned char c) {
                      return std::islower(c) || std::isdigit(c) || c == '_' || c == '-';
                    });
  if (!fits || name == "samples" || name == "settings" || name == "waves")
    Fail("{}: \"{}\" cannot be the name of a part of the results", folder_.string(), name);
  WriteSegment(name, [&](hdf5::Group& root) {
    hdf5::Group group = root.CreateGroup(name);
    fill(group);
  });
  committed_extras_.insert(name);
}

void ResultWriter::CommitLatency(std::span<const LatencyRecord> records) {
  CommitExtra(kLatencyGroup, [&](hdf5::Group& group) { WriteLatency(group, records, header_); });
}

std::vector<LatencyRecord> ResultWriter::CommittedLatency() const {
  std::vector<LatencyRecord> records;
  ReadExtra(kLatencyGroup, [&](const hdf5::Group& group) { records = ReadLatency(group, header_); });
  return records;
}

bool ResultWriter::ReadExtra(const std::string& name, const std::function<void(const hdf5::Group&)>& read) const {
  // The segment is newer than what was joined.
  for (const auto& path : {SegmentPath(name), folder_ / kJoinedFile}) {
    if (!fs::exists(path)) continue;
    Source source(path, {.own = true});
    if (!source.root().Has(name)) continue;
    read(source.root().OpenGroup(name));
    return true;
  }
  return false;
}

void ResultWriter::RequireAllThere(const std::vector<Source>& sources) const {
  std::set<int64_t> ids;
  std::set<std::string> extras;
  for (const auto& source : sources) {
    if (auto difference = FirstDifference(source.header(), header_, /*shards=*/false); !difference.empty())
      Fail("{}: was replaced by a file of another run: {}", source.path().string(), difference);
    for (const auto& sample : source.samples()) ids.insert(sample.id);
    extras.insert(source.extras().begin(), source.extras().end());
  }
  for (const auto& sample : committed_)
    if (!ids.contains(sample.id))
      Fail(
          "{}: {} of the {} samples that were stored here are gone, the sample with id {} among them: somebody removed "
          "or moved files while the run was at work; --resume makes them again",
          folder_.string(),
          std::count_if(committed_.begin(), committed_.end(), [&](const auto& s) { return !ids.contains(s.id); }),
          committed_.size(), sample.id);
  for (const auto& name : committed_extras_)
    if (!extras.contains(name))
      Fail("{}: the part {} that was stored here is gone; --resume makes it again", folder_.string(), name);
}

void ResultWriter::Finish(const JoinOptions& join) {
  lock_.RequireFolder();
  std::vector<fs::path> leftovers;
  std::vector<Source> sources = OpenFolder(folder_, leftovers, {.own = true});
  RequireAllThere(sources);
  if (sources.empty()) Fail("{}: there is nothing to finish: no wave was committed", folder_.string());
  const bool joined_only = sources.size() == 1 && sources[0].path().filename() == kJoinedFile;
  if (!joined_only) {
    Join(sources, folder_ / kJoinedFile, join);
    if (shared_) joined_ = IdentityOf(folder_ / kJoinedFile);
    for (const auto& source : sources)
      if (source.path().filename() != kJoinedFile) RemoveFile(source.path());
  }
  for (const auto& path : leftovers) RemoveFile(path);
  if (shared_) {
    Refresh();
    for (const auto& name : segments_) RemoveFile(SegmentPath(name));
    segments_.clear();
    RemoveSearches(folder_);
    RemoveUnfinished(folder_);
  }
  std::error_code ignored;  // the folder may hold something of somebody else
  fs::remove(folder_ / kSegmentFolder, ignored);
}

}  // namespace skipbench
