#include "harness/sampling/active_batch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <ranges>
#include <set>

#include "harness/runtime/device_index.h"

namespace skipbench::tree {
namespace {

// Rows of State that the trajectories stand on, ascending.
std::vector<int64_t> RowsOf(const std::vector<Trajectory>& trajectories) {
  std::set<int64_t> rows;
  for (const auto& trajectory : trajectories) rows.insert(trajectory.row);
  return {rows.begin(), rows.end()};
}

// The same; the trajectories are renumbered to their places in that list.
std::vector<int64_t> Renumber(std::vector<Trajectory>* trajectories) {
  const std::vector<int64_t> rows = RowsOf(*trajectories);
  for (auto& trajectory : *trajectories)
    trajectory.row = std::lower_bound(rows.begin(), rows.end(), trajectory.row) - rows.begin();
  return rows;
}

}  // namespace

void Select(State* state, const std::vector<int64_t>& rows) {
  if (std::ranges::equal(rows, std::views::iota(int64_t{0}, state->latent.size(0)))) return;
  const at::Tensor index = DeviceIndex(rows, state->latent.device());
  std::map<const void*, at::Tensor> done;  // the newest past latent is the latent: one copy for both
  const auto select = [&](at::Tensor* t) {
    at::Tensor& selected = done[t->unsafeGetTensorImpl()];
    if (!selected.defined()) selected = t->index_select(0, index);
    *t = selected;
  };
  select(&state->latent);
  for (auto& t : state->scheduler.history) select(&t);
  for (auto& t : state->past_latents) select(&t);
  for (auto& t : state->past_predictions) select(&t);
}

int64_t ActiveBatch::rows() const { return static_cast<int64_t>(RowsOf(trajectories).size()); }

int64_t StatesAtLeast(int64_t rows, int64_t weight) {
  const int64_t halvings = std::bit_width(static_cast<uint64_t>(std::max<int64_t>(weight, 1))) - 1;
  return std::min(weight, rows * (1 + halvings));
}

int64_t Unit::need() const { return StatesAtLeast(static_cast<int64_t>(trajectories.size()), weight); }

std::vector<Unit> UnitsOf(const ActiveBatch& batch, const std::vector<Lane>& lanes) {
  std::vector<int> root(batch.trajectories.size());
  std::iota(root.begin(), root.end(), 0);
  const auto find = [&](int b) {
    while (root[b] != b) b = root[b] = root[root[b]];
    return b;
  };
  for (int w : batch.lanes)
    for (int b : lanes[w].trajectory) root[find(b)] = find(lanes[w].trajectory[0]);
  std::map<int, Unit> by_root;
  for (size_t b = 0; b < batch.trajectories.size(); ++b) {
    Unit& unit = by_root[find(static_cast<int>(b))];
    unit.trajectories.push_back(static_cast<int>(b));
    unit.weight += static_cast<int64_t>(batch.trajectories[b].lanes.size());
  }
  std::vector<Unit> units;
  for (auto& [b, unit] : by_root) units.push_back(std::move(unit));
  std::stable_sort(units.begin(), units.end(), [](const Unit& a, const Unit& b) { return a.weight < b.weight; });
  return units;
}

ActiveBatch Take(ActiveBatch* rest, const std::vector<int>& trajectories, std::vector<Lane>* lanes) {
  ActiveBatch part, left;
  part.call = left.call = rest->call;
  part.decided = left.decided = rest->decided;
  std::vector<bool> taken(rest->trajectories.size(), false);
  for (int b : trajectories) taken[b] = true;
  std::vector<int> place(rest->trajectories.size());
  for (size_t b = 0; b < taken.size(); ++b) {
    ActiveBatch& to = taken[b] ? part : left;
    place[b] = static_cast<int>(to.trajectories.size());
    to.trajectories.push_back(std::move(rest->trajectories[b]));
  }
  for (int w : rest->lanes) {
    std::vector<int>& stands = (*lanes)[w].trajectory;
    (taken[stands[0]] ? part : left).lanes.push_back(w);
    for (int& b : stands) b = place[b];
  }
  part.state = rest->state;
  left.state = std::move(rest->state);
  Select(&part.state, Renumber(&part.trajectories));
  if (left.trajectories.empty())
    left.state = {};
  else
    Select(&left.state, Renumber(&left.trajectories));
  *rest = std::move(left);
  return part;
}

namespace {

// References to rows of blocks, by the memory that they stand in: guidance rows are views of one block, and inputs and
// signals may be stretches of a call's latents.
class RowUsers {
 public:
  explicit RowUsers(int64_t dim) : dim_(dim) {}
  void Add(RowRef& ref) {
    if (ref.block.defined())
      users_[ref.block.storage().unsafeGetStorageImpl()][ref.block.sizes().vec()][ref.block.const_data_ptr()].push_back(
          &ref);
  }
  void Add(PerGuidanceRow<Ring>& rings) {
    for (Ring& ring : rings)
      for (RowRef& ref : ring) Add(ref);
  }

  // Copies what is used out of the memory that is used in part; one block for the views of one shape.
  void Compact() const {
    for (const auto& [memory, shapes] : users_) {
      size_t used_bytes = 0;
      for (const auto& [shape, views] : shapes) {
        const at::Tensor& block = views.begin()->second[0]->block;
        used_bytes += views.size() * UsedRows(views).size() * block.select(dim_, 0).nbytes();
      }
      if (used_bytes >= memory->nbytes()) continue;
      for (const auto& [shape, views] : shapes) Copy(views);
    }
  }

 private:
  using Views = std::map<const void*, std::vector<RowRef*>>;  // of one shape, each with those that refer to it

  static std::vector<int64_t> UsedRows(const Views& views) {
    std::set<int64_t> used;
    for (const auto& [view, refs] : views)
      for (const RowRef* ref : refs) used.insert(ref->row);
    return {used.begin(), used.end()};
  }

  void Copy(const Views& views) const {
    const std::vector<int64_t> rows = UsedRows(views);
    const at::Tensor first = views.begin()->second[0]->block;
    const at::Tensor index = DeviceIndex(rows, first.device());
    std::vector<int64_t> shape = first.sizes().vec();
    shape[static_cast<size_t>(dim_)] = index.numel();
    shape.insert(shape.begin(), static_cast<int64_t>(views.size()));
    const at::Tensor copies = at::empty(shape, first.options());
    int64_t place = 0;
    for (const auto& [view, refs] : views) {
      at::Tensor copy = copies.select(0, place++);
      at::index_select_out(copy, refs[0]->block, dim_, index);
      for (RowRef* ref : refs) *ref = {copy, std::lower_bound(rows.begin(), rows.end(), ref->row) - rows.begin()};
    }
  }

  int64_t dim_;
  std::map<c10::StorageImpl*, std::map<std::vector<int64_t>, Views>> users_;
};

}  // namespace

void Compact(ActiveBatch* batch) {
  RowUsers outputs(1), kept(0);
  for (Trajectory& trajectory : batch->trajectories) {
    outputs.Add(trajectory.model_output);
    for (auto& [site, rings] : trajectory.rings) kept.Add(rings);
    for (auto& [site, rings] : trajectory.inputs) kept.Add(rings);
    for (auto& [site, signals] : trajectory.signals)
      for (Signal& signal : signals) kept.Add(signal.now), kept.Add(signal.previous), kept.Add(signal.computed);
  }
  outputs.Compact();
  kept.Compact();
}

}  // namespace skipbench::tree
