#include "harness/pipelines/network_denoiser.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <ranges>

#include "harness/base/error.h"
#include "harness/models/rows_on_threads.h"
#include "harness/runtime/device_index.h"

namespace skipbench {

namespace {

struct Begun : DenoiserProbe {
  std::unique_ptr<NetworkProbe> probe;
  int64_t halves = 1, rows = 0;
  int guidance_row = -1;
};

}  // namespace

NetworkDenoiser::NetworkDenoiser(const Network& network, Conditioning conditioning,
                                 std::function<MacCount(const Work&)> macs)
    : network_(network),
      replayed_(network),
      conditioning_(std::move(conditioning)),
      macs_(std::move(macs)),
      cache_(conditioning_.tokens, conditioning_.one_by_one) {}

const NetworkInputs& NetworkDenoiser::RowsFor(std::span<const int64_t> conditioning, int half) {
  if (half == half_ && std::equal(rows_.begin(), rows_.end(), conditioning.begin(), conditioning.end())) return inputs_;
  rows_.assign(conditioning.begin(), conditioning.end());
  half_ = half;
  const bool all = std::ranges::equal(rows_, std::views::iota(int64_t{0}, conditioning_.samples));
  at::Tensor index;
  auto gather = [&](const at::Tensor& t) {
    if (!t.defined()) return t;
    const at::Tensor halves = half < 0 ? t : t.narrow(0, half, 1);
    if (!all && !index.defined()) index = DeviceIndex(rows_, t.device());
    return (all ? halves : halves.index_select(1, index)).flatten(0, 1);
  };
  inputs_ = {};
  inputs_.cache = &cache_;
  inputs_.rows = gather(conditioning_.rows);
  for (const auto& [name, tensor] : conditioning_.inputs) inputs_.conditioning[name] = gather(tensor);
  return inputs_;
}

NetworkInputs NetworkDenoiser::InputsFor(const DenoiserInput& input) {
  if (input.guidance_row >= conditioning_.guidance_rows)
    Fail("guidance row {}: the predictions have {}", input.guidance_row, conditioning_.guidance_rows);
  NetworkInputs inputs = RowsFor(input.conditioning, input.guidance_row);
  const at::Tensor sample = conditioning_.packed.Unpack(input.sample);
  inputs.sample = HalvesOf(input) == 2 ? at::cat({sample, sample}) : sample;
  inputs.timestep = input.timestep;
  return inputs;
}

DenoiserOutput NetworkDenoiser::Predict(const DenoiserInput& input) {
  const int64_t halves = HalvesOf(input), n = input.sample.size(0);
  const NetworkInputs inputs = InputsFor(input);
  const auto unfold = [&](const at::Tensor& t) { return t.unflatten(0, {halves, n}); };
  NetworkWork work{.keep = input.keep, .site = input.site};
  if (input.site && input.cached.defined()) work.cached = input.cached.flatten(0, 1);
  if (input.from) {
    const auto* begun = dynamic_cast<const Begun*>(input.from);
    if (!begun || begun->guidance_row != input.guidance_row) Fail("a prediction from a probe of other guidance rows");
    work.from = begun->probe.get();
    if (!std::ranges::equal(input.from_rows, std::views::iota(int64_t{0}, begun->rows))) {
      std::vector<int64_t> rows;
      for (int64_t half = 0; half < halves; ++half)
        for (const int64_t row : input.from_rows) rows.push_back(half * begun->rows + row);
      work.from_rows = DeviceIndex(rows, input.sample.device());
    }
  }
  const int64_t pieces = PiecesOnThreads(inputs, network_.info().dtype, macs_({Action::kPredict}).matmuls);
  const NetworkOutput made =
      pieces > 1 ? ForwardOnThreads(network_, inputs, work, pieces) : replayed_.Forward(inputs, work);
  // Of as many channels as the sample: what comes after them is a learned variance.
  const int64_t channels = network_.info().in_channels;
  const at::Tensor sample =
      made.sample.size(1) > channels ? made.sample.narrow(1, 0, channels).contiguous() : made.sample;
  DenoiserOutput output;
  output.model_output = unfold(conditioning_.packed.Pack(sample));
  for (const auto& [site, kept] : made.kept) output.kept[site] = unfold(kept);
  return output;
}

std::unique_ptr<DenoiserProbe> NetworkDenoiser::Probe(const DenoiserInput& input, const ProbeSite& site) {
  auto begun = std::make_unique<Begun>();
  begun->halves = HalvesOf(input);
  begun->rows = input.sample.size(0);
  begun->guidance_row = input.guidance_row;
  begun->probe = network_.Probe(InputsFor(input), site);
  const at::Tensor& signal = begun->probe->signal;
  std::vector<int64_t> shared = signal.sizes().vec();
  shared.insert(shared.begin(), begun->halves);
  begun->signal = signal.size(0) == begun->halves * begun->rows ? signal.unflatten(0, {begun->halves, begun->rows})
                                                                : signal.unsqueeze(0).expand(shared);
  return begun;
}

at::Tensor NetworkDenoiser::Guide(const at::Tensor& model_output) const {
  if (conditioning_.guidance_rows == 1) return model_output.select(0, 0);
  const at::Tensor unconditional = model_output.select(0, 0), conditional = model_output.select(0, 1);
  // Classifier-free guidance: u + g (c - u).
  return at::add(unconditional, conditional - unconditional, conditioning_.guidance);
}

}  // namespace skipbench
