#include "harness/runtime/other_load.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>

namespace skipbench {
namespace {

constexpr double kLeastWall = 0.05;  // seconds: five of the kernel's ticks

double SecondsOf(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

}  // namespace

OtherLoad::OtherLoad() : start_(Now()) {}

// The first line of /proc/stat: "cpu user nice system idle iowait irq softirq steal ...", in ticks (proc(5)).
std::optional<OtherLoad::Times> OtherLoad::Now() {
  std::ifstream stat("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0;
  if (!(stat >> name >> user >> nice >> system >> idle >> wait >> irq >> soft) || name != "cpu") return std::nullopt;
  rusage own = {};
  if (getrusage(RUSAGE_SELF, &own) != 0) return std::nullopt;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  return Times{(user + nice + system + irq + soft) / ticks, SecondsOf(own.ru_utime) + SecondsOf(own.ru_stime),
               std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count()};
}

std::optional<double> OtherLoad::BusyProcessors() const {
  const auto now = Now();
  if (!start_ || !now || now->wall - start_->wall < kLeastWall) return std::nullopt;
  return std::max(0.0, (now->all - start_->all - (now->own - start_->own)) / (now->wall - start_->wall));
}

}  // namespace skipbench
