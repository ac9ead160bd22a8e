// Work that is taken, not dealt: processes that share a results folder claim its items (waves, parts) one by one.
//
//   FOLDER/claims/ITEM.G            who took the item, the G-th time: G counts from 0; the file is made once and never
//                                   changed
//   FOLDER/claims/worker-ID.json    a process (worker.h)
//   FOLDER/claims/run.h5            the run that all of them work at, and how it is cut into waves (shared_plan.h)
//
// A claim is a file made by a hard link, which one process wins on NFS and Lustre too; locks are not used. An item
// whose last owner is dead is taken by making the file of the next G: again one wins. An owner that was only slow goes
// on; what both bring is stored once (ResultWriter). Ages are differences of times that the file system gave.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "harness/store/claims/worker.h"

namespace skipbench {

class Claims {
 public:
  // Enters FOLDER/claims, which is made, as a worker, and gives signs of life until the end. `size`: of the launcher.
  Claims(const std::filesystem::path& folder, const ProcessName& process, int64_t size, double lease_s);
  ~Claims();
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;

  // Looks who has claimed what.
  void Refresh();
  // Whose the item is, since Refresh().
  enum class Owner {
    kNobody,
    kAlive,  // a process that works at it (this one, too)
    kGone,   // a dead or stopped one, or one that failed
  };
  Owner OwnerOf(const std::string& item);
  // Takes an item that nobody has, or whose owner is gone; false: another process was faster, or the folder of claims
  // is there no more.
  bool Claim(const std::string& item);
  // Whether a process that took less than two thirds of this one's time for a sample is alive, and has nothing to do.
  bool AFasterOneWaits();
  // How often an item that this process has claimed was claimed before.
  int Before(const std::string& item) const;

  // What others see of this process.
  void Working(const std::string& item);
  void Progress(double fraction);
  void Done(int64_t samples, double seconds);  // with the item at work
  void Waiting();
  // The last word: "ended", "stopped" or "failed". What was not done may be taken by others at once.
  void End(const std::string& state, const std::string& message = "");
  // With the end of this process its file goes too.
  void LeaveNothing();
  // The result is joined: and with it what processes left that were killed since.
  void LeaveNothingOfJoined();

 private:
  void Beat();
  void Write();

  const std::filesystem::path folder_;  // of claims
  FileClock clock_;
  std::map<std::string, int> newest_;  // by item: the largest G; since Refresh()
  std::map<std::string, int> own_;
  std::map<std::string, std::string> owners_;  // by the claim's file: id of the worker

  std::mutex mutex_;  // of all below
  WorkerState self_;
  bool over_ = false, leave_nothing_ = false, joined_ = false;
  std::condition_variable wake_;
  std::thread beats_;
};

}  // namespace skipbench
