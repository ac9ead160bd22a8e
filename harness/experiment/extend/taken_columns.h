// Rows of a result, as a wave has them.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <set>
#include <string>
#include <vector>

#include "harness/store/columns.h"
#include "harness/store/result_reader.h"

namespace skipbench {

// `columns` of the rows [place, place + count) of a setting of `result`, but for `missing` ones.
SettingWave ReadColumns(const ResultReader& result, size_t setting, int64_t place, int64_t count,
                        const std::vector<ColumnInfo>& columns, const std::set<std::string>& missing);

// The saved pictures, uint8 [3, H, W] or [F, 3, H, W] each; undefined where `status` is not kDone.
std::vector<at::Tensor> ReadPictures(const ResultReader& result, size_t setting, int64_t place,
                                     const std::vector<Status>& status);
// The last of the saved latents, likewise.
std::vector<at::Tensor> ReadFinalLatents(const ResultReader& result, size_t setting, int64_t place,
                                         const std::vector<Status>& status, at::ScalarType dtype, at::Device device);

// The columns `names` of `from` in the place of those of `to`.
void MoveColumns(SettingWave&& from, const std::set<std::string>& names, SettingWave* to);

// In which of the values that both have they differ, and how: "nfe: 50 stored, 49 now"; empty: in none. Without `bits`
// only what was done counts, and pictures that differ by more than rounding does.
std::string StoredDifference(const SettingWave& stored, const SettingWave& now, const SettingInfo& setting, bool bits);

}  // namespace skipbench
