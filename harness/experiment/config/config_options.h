// The keys of an experiment's config, each declared once: what reads them, lists them (`skipbench list config`), writes
// their defaults into the results, and says which of them may differ between a run and its resumption.
#pragma once

#include "harness/experiment/config/config.h"

namespace skipbench {

const OptionTable<ExperimentConfig>& ConfigTable();

// "steps" and "guidance", whose lists are sweeps over runs.
const OptionTable<RunSpec>& RunTable();

}  // namespace skipbench
