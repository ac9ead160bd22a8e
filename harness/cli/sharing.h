// Options of a run that several processes share: --claim, --shard auto, --lease.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/base/launcher.h"
#include "harness/cli/commands.h"
#include "harness/experiment/config/config.h"
#include "harness/experiment/share/work_share.h"

namespace skipbench::cli {

// --claim and --lease; --shard is the command's own.
std::vector<Option> SharingOptions();

struct Sharing {
  std::optional<ShareOptions> options;  // nothing: the process works alone, or at a fixed shard
  std::optional<Launcher> launcher;     // of --shard auto
  std::string note;                     // what the user should know of it

  explicit operator bool() const { return options.has_value(); }
  // Whether this is the process that speaks for all of them.
  bool speaks() const { return !launcher || launcher->rank == 0; }
};

// Error for options that exclude each other.
Sharing ReadSharing(const Values& values);

// Gives a launched process its GPU, and its part of the processors where the launcher has not divided them.
void Place(Sharing* sharing, ExperimentConfig* config);

}  // namespace skipbench::cli
