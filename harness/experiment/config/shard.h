// Shards: the samples of one run spread over several processes or machines.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "harness/store/records.h"

namespace skipbench {

// "2/5": the third of five shards; the index counts from 0, as SLURM_ARRAY_TASK_ID of --array=0-4 does. Error for
// anything else, an index out of range, and more than 1,000,000 shards.
Shard ParseShard(const std::string& text);

// The places [first, second) of the plan that belong to a shard: consecutive, together all samples, as even as whole
// units allow. The unit is the wave where there is one for each shard (then the results are those of an undivided run
// in every bit), else the group of `group_size` samples that decide together (then with "batch_invariant" only). Error
// when there are fewer groups than shards.
std::pair<int64_t, int64_t> ShardRange(const Shard& shard, int64_t samples, int64_t wave_size, int64_t group_size);

}  // namespace skipbench
