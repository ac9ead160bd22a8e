// Weights by formula: networks are filled from a closed form (fixtures/metrics/README.md) instead of shipped files,
// under the names of the files that people have.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"

namespace skipbench::testing {

uint32_t Crc32(std::string_view text);

// The value in [-1, 1) of element `k` of the tensor `name`.
float FormulaUnit(std::string_view name, uint64_t k, uint32_t salt);

// What a tensor is, by its name.
std::string RoleOf(const std::string& name, const std::vector<int64_t>& shape);

// float32; `role`: "matrix", "scale", "var" or "small".
at::Tensor FormulaTensor(const std::string& name, const std::vector<int64_t>& shape, const std::string& role,
                         uint32_t salt);

// Writes the tensors that `listing` (weights/*.json) describes to a safetensors file, integers ("zero") left out;
// checks what the listing says of them: shapes, first values and sums. gtest failures otherwise.
void WriteFormulaWeights(const Json& listing, const std::filesystem::path& out);

}  // namespace skipbench::testing
