// One process's part in a run that several processes share by claims (harness/store/claims): it takes items one by one,
// until all of them are done by somebody.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/launcher.h"
#include "harness/base/stop.h"
#include "harness/store/claims/claims.h"
#include "harness/store/claims/shared_plan.h"
#include "harness/store/result_writer.h"

namespace skipbench {

struct ShareOptions {
  double lease_s = 60;    // a process without a sign of life for so long counts as dead
  int64_t processes = 0;  // of the launcher, as far as it says
  bool quiet = false;
  StopRequests* stop = nullptr;
};

// Thrown where another process has joined the result meanwhile: there is nothing left to do. No std::exception, for it
// is no failure.
struct JoinedByAnother {};

class WorkShare {
 public:
  // Enters the folder, which is made. Error where it is in use otherwise.
  WorkShare(const std::filesystem::path& folder, const ShareOptions& options);
  ~WorkShare();
  WorkShare(const WorkShare&) = delete;
  WorkShare& operator=(const WorkShare&) = delete;

  // What is written into: made after the process has entered.
  void Attach(ResultWriter* writer) { writer_ = writer; }

  using Run = std::function<void(size_t index)>;
  using Wanted = std::function<bool(size_t index)>;
  // Runs those of `items` (names of segments) that nobody has stored or works at, in their order; waits for the others,
  // and takes over those whose owner is gone. Returns when all are stored, or not `wanted` any more (asked before each
  // claim; empty: all are). `run` stores its item. Throws JoinedByAnother; an Error of `run` ends this process's part,
  // and others try the item again, after all else.
  void Do(const std::vector<std::string>& items, const Run& run, const Wanted& wanted = {});
  // Runs the item if nobody has; waits for nobody.
  void Try(const std::string& item, const std::function<void()>& run);
  // Joins, or waits until another process has: throws JoinedByAnother then.
  void Join(const std::function<void()>& join);

  // How often the item at work was claimed before: names of files that its owner alone may write end with it.
  int Before(const std::string& item) const { return claims_.Before(item); }
  void Progress(double fraction) { claims_.Progress(fraction); }
  // The item at work was a wave.
  void DoneSamples(int64_t samples) { samples_ = samples; }
  // The result is whole and in place.
  void LeaveNothingOfJoined() { claims_.LeaveNothingOfJoined(); }
  // The folder is none that this process has to do with.
  void LeaveNothing() { claims_.LeaveNothing(); }

 private:
  bool TakeOne(const std::vector<std::string>& items, const Run& run, const Wanted& wanted, bool* open);
  bool Claim(const std::string& item);
  void RunClaimed(const std::string& item, const std::function<void()>& run);
  void Wait();
  void RequireNotJoined();

  const ShareOptions options_;
  Claims claims_;
  ResultWriter* writer_ = nullptr;
  int64_t samples_ = 0;
  int waits_ = 0;
};

}  // namespace skipbench
