#include "harness/models/rows_on_threads.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>

#include "harness/nn/cpu/cpu_gemm.h"
#include "harness/runtime/profiler.h"

namespace skipbench {
namespace {

// Above it a layer takes a thread longer than threads take to meet, and what is computed of a layer by one thread no
// longer fits the caches. Measured, see harness/nn/README.md.
constexpr int64_t kMostRowMacs = 2'000'000'000;

// Rows [begin, begin + count) of what a forward is given.
struct Piece {
  NetworkInputs inputs;
  NetworkWork work;
};

Piece PieceOf(const NetworkInputs& inputs, const NetworkWork& work, int64_t begin, int64_t count) {
  const auto rows = [&](const at::Tensor& t) { return t.defined() ? t.narrow(0, begin, count) : t; };
  // Row b's are number b where nothing says so.
  const auto numbers = [&](const at::Tensor& t) {
    return t.defined() ? rows(t) : at::arange(begin, begin + count, at::kLong);
  };
  Piece piece{inputs, work};
  piece.inputs.sample = rows(inputs.sample);
  piece.inputs.timesteps = rows(inputs.timesteps);
  for (auto& [name, tensor] : piece.inputs.conditioning) tensor = rows(tensor);
  if (inputs.cache && inputs.cache->tokens().defined()) piece.inputs.rows = numbers(inputs.rows);
  piece.work.cached = rows(work.cached);
  if (work.from) piece.work.from_rows = numbers(work.from_rows);
  return piece;
}

}  // namespace

int64_t PiecesOfRows(int64_t rows, int64_t threads, int64_t row_macs) {
  if (threads < 2 || rows < threads || row_macs > kMostRowMacs) return 1;
  const int64_t longest = (rows + threads - 1) / threads;
  return longest * threads * 8 <= rows * 9 ? threads : 1;
}

int64_t PiecesOnThreads(const NetworkInputs& inputs, at::ScalarType dtype, int64_t row_macs) {
  const bool own = inputs.sample.is_cpu() && cpu::KernelsFor(dtype);
  if (!own || inputs.observe || Profiler::active() || at::in_parallel_region()) return 1;
  return PiecesOfRows(inputs.sample.size(0), at::get_num_threads(), row_macs);
}

NetworkOutput ForwardOnThreads(const Network& network, const NetworkInputs& inputs, const NetworkWork& work,
                               int64_t pieces) {
  const int64_t rows = inputs.sample.size(0);
  const auto begin_of = [&](int64_t piece) { return piece * rows / pieces; };
  std::vector<NetworkOutput> made(static_cast<size_t>(pieces));
  const at::ThreadLocalState state;
  at::parallel_for(0, pieces, 1, [&](int64_t first, int64_t end) {
    const at::ThreadLocalStateGuard same(state);
    for (int64_t i = first; i < end; ++i) {
      const Piece piece = PieceOf(inputs, work, begin_of(i), begin_of(i + 1) - begin_of(i));
      made[static_cast<size_t>(i)] = network.Forward(piece.inputs, piece.work);
    }
  });
  const auto together = [&](const auto& part) {
    std::vector<at::Tensor> parts;
    for (const NetworkOutput& one : made) parts.push_back(part(one));
    return at::cat(parts);
  };
  NetworkOutput output;
  output.sample = together([](const NetworkOutput& one) { return one.sample; });
  for (const auto& [site, kept] : made[0].kept)
    output.kept[site] = together([&](const NetworkOutput& one) { return one.kept.at(site); });
  return output;
}

}  // namespace skipbench
