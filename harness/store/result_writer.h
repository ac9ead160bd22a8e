// Writes a result folder, wave by wave: whatever is killed whenever, what was committed is there and whole.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "harness/store/columns.h"
#include "harness/store/folder_lock.h"
#include "harness/store/join.h"
#include "harness/store/records.h"
#include "harness/store/schema.h"
#include "harness/store/source.h"

namespace skipbench {

// The folder: segments/<ordinal of the first sample>.h5 for each wave, segments/<name>.h5 for extras; results.h5 joined
// from them at the end. Errors name the file and the cause; none costs what was committed before.
class ResultWriter {
 public:
  // What becomes of a result that is in the folder already.
  enum class Existing {
    kRefuse,   // an error
    kResume,   // it must be of the same run (FirstDifference in schema.h), and is continued
    kReplace,  // it is removed (RemoveOutputs in outputs.h)
    kShare,    // as kResume, beside other processes that have claimed parts of it (claims/claims.h)
  };

  // Error where the folder holds a result, as kRefuse has it.
  static void RefuseResult(const std::filesystem::path& folder);

  // Makes and locks the folder before anything in it is touched, and clears a killed run's leftovers away.
  ResultWriter(std::filesystem::path folder, RunHeader header, Existing existing);
  ResultWriter(std::filesystem::path folder, RunHeader header, bool resume)
      : ResultWriter(std::move(folder), std::move(header), resume ? Existing::kResume : Existing::kRefuse) {}

  const std::filesystem::path& folder() const { return folder_; }
  const RunHeader& header() const { return header_; }

  // Ids of the samples whose wave is committed: a resumed run leaves them out.
  const std::set<int64_t>& CommittedSamples() const { return committed_ids_; }
  // The same samples as they are stored.
  const std::vector<SampleInfo>& CommittedInfos() const { return committed_; }

  // Stores a wave for good. Error, and nothing stored, when a shape is not what records.h says, a sample is there
  // already, or the columns are not those of the waves before. False where folders are shared and another process has
  // stored it, or has joined the result, meanwhile.
  bool Commit(const Wave& wave);

  // Stores the measurements of latency mode: all records so far; each call replaces what the last one stored.
  void CommitLatency(std::span<const LatencyRecord> records);
  // Those stored already.
  std::vector<LatencyRecord> CommittedLatency() const;

  // Stores something of the run's own (a search's progress, a study) as the group /<name>, in place of the last one.
  void CommitExtra(const std::string& name, const std::function<void(hdf5::Group&)>& fill);

  // Hands such a part, if it is stored already, to `read`; says whether it was.
  bool ReadExtra(const std::string& name, const std::function<void(const hdf5::Group&)>& read) const;

  // Joins everything into results.h5, then removes the segments; with nothing new it does nothing. Error, and the
  // segments stay, when somebody has removed or moved parts of what was committed.
  // `join`: what of the samples counts, for a run that stops early.
  void Finish(const JoinOptions& join = {});

  // Of a folder that is shared: whether a wave or part is stored by now (segments are listed by Refresh()), and whether
  // another process has joined everything into results.h5.
  bool IsStored(const std::string& name) const;
  void Refresh();
  bool IsJoinedByAnother() const;
  // Takes up again what is committed by now, by whomever.
  void TakeUpAll();
  // Names of the segments, since Refresh().
  const std::set<std::string>& Segments() const { return segments_; }
  std::filesystem::path SegmentPath(const std::string& name) const;

 private:
  void TakeUpExisting();
  void NoteCommitted(const std::vector<SampleInfo>& samples);
  void RequireAllThere(const std::vector<Source>& sources) const;
  // `once`: of several processes the first one's stays; false: it is another's.
  bool WriteSegment(const std::string& name, const std::function<void(hdf5::Group&)>& fill, bool once = false) const;
  bool WriteShared(const std::string& name, const std::function<void(hdf5::Group&)>& fill, bool once) const;
  void RequireFits(const Wave& wave, const std::vector<std::vector<Column>>& columns) const;

  std::filesystem::path folder_;
  RunHeader header_;
  const bool shared_;
  FolderLock lock_;
  ProcessName process_ = ThisProcess();
  std::string joined_;              // what identified results.h5 at first; "": there was none
  std::set<std::string> segments_;  // names, since Refresh()
  std::vector<SampleInfo> committed_;
  std::set<int64_t> committed_ids_, committed_ordinals_;
  std::set<std::string> committed_extras_;
  std::vector<std::vector<ColumnInfo>> columns_;  // of the waves so far, for each setting; empty: none yet
};

}  // namespace skipbench
