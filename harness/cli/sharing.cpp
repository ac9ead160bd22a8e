#include "harness/cli/sharing.h"

#include <algorithm>

#include "harness/base/stop.h"
#include "harness/runtime/device.h"

namespace skipbench::cli {
namespace {

constexpr double kLease = 60;  // seconds

void AddNote(std::string text, Sharing* sharing) {
  if (text.empty()) return;
  sharing->note += (sharing->note.empty() ? "" : "; ") + text;
}

}  // namespace

std::vector<Option> SharingOptions() {
  return {Flag("claim",
               "share the run with all processes that are given the same config and --out, on any machines, now or "
               "later: each takes waves that nobody has, and goes on with what is there"),
          Optional<std::string>("lease",
                                "with --claim or --shard auto: a process on another machine that gives no sign of life "
                                "for so long counts as dead, and others take its wave (default: 60s)")};
}

Sharing ReadSharing(const Values& values) {
  Sharing sharing;
  const bool automatic = values.Text("shard") == "auto", claims = values.IsSet("claim");
  if (claims && values.Has("shard") && !automatic)
    Fail("skipbench run: --claim and --shard {} exclude each other: waves are claimed, or dealt", values.Text("shard"));
  if (!automatic && !claims) {
    if (values.Has("lease")) Fail("skipbench run: --lease is for --claim and --shard auto, of which none is given");
    return sharing;
  }
  const double lease = values.Has("lease") ? ParseDuration(values.Text("lease"), "skipbench run: --lease") : kLease;
  if (lease < 1) Fail("skipbench run: --lease: expected 1s or more, found {}", values.Text("lease"));
  const std::string option = automatic ? "--shard auto" : "--claim";
  if (values.IsSet("overwrite"))
    Fail(
        "skipbench run: {} and --overwrite exclude each other: of several processes each would remove what the others "
        "have done; remove the folder first, or give another --out",
        option);
  if (!values.All("with").empty())
    Fail("skipbench run: {} and --with exclude each other: the processes of one folder see each other anyway", option);
  if (values.IsSet("profile"))
    Fail("skipbench run: {} and --profile exclude each other: profile one process that runs alone", option);
  sharing.options = ShareOptions{.lease_s = lease, .quiet = values.IsSet("quiet")};
  if (!automatic) return sharing;
  sharing.launcher = FindLauncher();
  if (!sharing.launcher) {
    sharing.note =
        "--shard auto: no launcher is found in the environment: this is one process; others that are given the "
        "same line share its waves";
    return sharing;
  }
  sharing.options->processes = sharing.launcher->size;
  AddNote(NoteOnBinding(*sharing.launcher, ProcessorsAllowed(), ProcessorsOnline()), &sharing);
  return sharing;
}

void Place(Sharing* sharing, ExperimentConfig* config) {
  if (!sharing->launcher) return;
  const Launcher& launcher = *sharing->launcher;
  const int gpus = GpuCount();
  if (gpus > 1 && (config->device == "auto" || config->device == "cuda"))
    config->device = fmt::format("cuda:{}", launcher.local_rank % gpus);
  const int allowed = ProcessorsAllowed();
  if (config->threads != 0 || launcher.local_size <= 1 || allowed < ProcessorsOnline() || allowed == 1) return;
  config->threads = static_cast<int>(std::max<int64_t>(1, allowed / launcher.local_size));
  AddNote(fmt::format("{} processes on this machine: {} of its {} processors for each (\"threads\" says otherwise)",
                      launcher.local_size, config->threads, allowed),
          sharing);
}

}  // namespace skipbench::cli
