// Signals that ask a long job to end: SIGTERM, SIGUSR1, SIGINT, SIGHUP. Work that is expected to be done within a time
// of grace is finished first; other work is left at once.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace skipbench {

// The exit code of a job that was asked to stop and can be resumed: sysexits.h's EX_TEMPFAIL.
inline constexpr int kStoppedExit = 75;

// Thrown by StopRequests::Leave() where the job ends; no std::exception, so that nobody takes it for a failure.
struct Stopped {
  std::string why;  // "SIGTERM"
};

// How long a piece of work will still take, from what is known of it. One thread's, times in seconds from any zero.
class WorkEstimate {
 public:
  // Work of so many units begins; `now` as in the other calls.
  void Begin(double units, double now);
  void Report(double fraction, double now);  // of its countable part, 0 to 1; a rest may follow
  void End(double now);                      // done: what it took is remembered for the work after it
  // Nothing while that is not known: the first work, just begun.
  std::optional<double> Left(double now) const;

 private:
  double units_ = 0, begun_ = 0, fraction_ = 0, reported_ = 0;
  std::optional<double> seconds_a_unit_, rest_a_unit_;
};

// "60s", "90" (seconds), "5m", "1h", "500ms" as seconds. Error, which begins with `what`, for anything else.
double ParseDuration(const std::string& text, const std::string& what);

// Takes the signals from its construction to its end; one at a time in a process. Of SIGINT and SIGHUP what was ignored
// before (nohup) stays so. A second SIGINT ends the process at once.
class StopRequests {
 public:
  // `grace_s`: seconds that work in flight may take after the first signal. `farewell`: called once where the job ends
  // before it is done, possibly by a thread of this class, with the signal's name and whether work in flight is given
  // up; it says what is kept.
  StopRequests(double grace_s, std::function<void(const std::string& signal, bool gives_up)> farewell);
  ~StopRequests();
  StopRequests(const StopRequests&) = delete;
  StopRequests& operator=(const StopRequests&) = delete;

  // Work begins that is lost where it is left: `units` (samples) of it, 0 where how long it takes is not known. What is
  // outside of Enter() and Leave() is left at once.
  void Enter(double units);
  void Report(double fraction);
  // The work is done. Throws Stopped where a stop was asked for, unless `last`: then the job is as good as done.
  void Leave(bool last = false);
  // From here on the job ends by itself soon; only a second SIGINT ends it sooner.
  void Finishing();
  bool asked();
  // Is called before the process is ended by this class's thread; empty: nothing is.
  void BeforeEnd(std::function<void()> last);

 private:
  void Watch();
  void TakeSignal(int signal);
  bool MustEnd();
  [[noreturn]] void EndNow();
  double Now() const;

  const double grace_s_;
  const std::function<void(const std::string&, bool)> farewell_;
  const std::chrono::steady_clock::time_point zero_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  bool working_ = false, finishing_ = false, said_ = false;
  WorkEstimate estimate_;
  std::function<void()> before_end_;
  std::string signal_;   // the first; "": none
  double asked_at_ = 0;  // when
  bool again_ = false;   // a second SIGINT
  int pipe_[2] = {-1, -1};
  std::thread watcher_;
};

// Leaves work where its scope ends by an error; null: nobody is asked.
class StoppableWork {
 public:
  StoppableWork(StopRequests* stop, double units) : stop_(stop) {
    if (stop_) stop_->Enter(units);
  }
  ~StoppableWork() {
    if (stop_) stop_->Leave(/*last=*/true);
  }
  StoppableWork(const StoppableWork&) = delete;
  StoppableWork& operator=(const StoppableWork&) = delete;
  void Report(double fraction) {
    if (stop_) stop_->Report(fraction);
  }
  // As StopRequests::Leave().
  void Done() {
    if (StopRequests* stop = std::exchange(stop_, nullptr)) stop->Leave();
  }

 private:
  StopRequests* stop_;
};

}  // namespace skipbench
