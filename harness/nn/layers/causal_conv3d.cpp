#include "harness/nn/layers/causal_conv3d.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/nn/cpu/cpu_kernels.h"
#include "harness/nn/layers/macs.h"
#include "harness/runtime/profiler.h"

namespace skipbench {

namespace {
constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;
constexpr double kSmallestNorm = 1e-12;
}  // namespace

CausalConv3d::CausalConv3d(const Weights& w, const CausalConv3dOptions& options)
    : name_(ModuleName(w)), options_(options) {
  const at::Tensor weight = w.Take("weight", {options.out_channels, options.in_channels, options.frames, options.kernel,
                                              options.kernel}),
                   bias = w.Take("bias", {options.out_channels});
  const cpu::Kernels* kernels = weight.is_cpu() ? cpu::KernelsFor(weight.scalar_type()) : nullptr;
  const bool odd_pairs = options.kernel == 1 && weight.scalar_type() == at::kBFloat16 && options.in_channels % 2 != 0;
  if (kernels && !odd_pairs) {
    // Rows of the kernel first: what lies above and below the map is left out at the beginning and at the end.
    packed_ = cpu::PackedMatrix(kernels, {weight.permute({0, 3, 2, 4, 1}).flatten(1, 3)}, bias, false);
  } else {
    weight_ = weight;
    bias_ = bias;
  }
}

at::Tensor CausalConv3d::RunPacked(const std::vector<const ConvInput*>& frames, const at::Tensor& other) const {
  const at::Tensor& map = frames.back()->map();
  const int64_t batch = map.size(0), height = map.size(2), width = map.size(3), reach = options_.kernel / 2;
  cpu::Product product;
  product.weights = &packed_;
  product.images = batch;
  product.lines = height;
  product.places = width;
  product.sample_rows = height * width;
  std::vector<at::Tensor> dense;
  for (const ConvInput* frame : frames)
    dense.push_back(reach ? frame->lines() : frame->map().contiguous(kChannelsLast).permute({0, 2, 3, 1}));
  for (int64_t up = -reach; up <= reach; ++up)
    for (const at::Tensor& lines : dense)
      for (int64_t left = 0; left < options_.kernel; ++left) {  // lines begin with a margin of `reach` places
        const int64_t place = lines.size(3), line = lines.size(2) * place;
        product.sources.push_back({.base = static_cast<const char*>(lines.const_data_ptr()) +
                                           (up * line + left * place) * lines.element_size(),
                                   .image_stride = height * line,
                                   .line_stride = line,
                                   .place_stride = place,
                                   .k = place,
                                   .first_line = up < 0 ? 1 : 0,
                                   .last_line = up > 0 ? height - 1 : height});
      }
  at::Tensor y = at::empty({batch, options_.out_channels, height, width}, map.options().memory_format(kChannelsLast));
  product.out = y.data_ptr();
  product.out_stride = options_.out_channels;
  at::Tensor added;
  if (other.defined()) {
    added = other.contiguous(kChannelsLast);
    product.residual = added.const_data_ptr();
    product.residual_stride = options_.out_channels;
  }
  cpu::Run(product);
  return y;
}

at::Tensor CausalConv3d::RunAten(const std::vector<const ConvInput*>& frames) const {
  std::vector<at::Tensor> clip;
  for (const ConvInput* frame : frames) clip.push_back(frame->map());
  const int64_t reach = options_.kernel / 2;
  return at::conv3d(at::stack(clip, 2), weight_, bias_, {1, 1, 1}, {0, reach, reach}).squeeze(2);
}

at::Tensor CausalConv3d::Forward(const ConvInput& x, Past* past, const at::Tensor& other) const {
  if (x.map().is_meta()) {
    const at::IntArrayRef sizes = x.map().sizes();
    at::Tensor y = at::empty({sizes[0], options_.out_channels, sizes[2], sizes[3]}, x.map().options());
    CountConv(name_, y, options_.in_channels, options_.frames * options_.kernel * options_.kernel, true);
    return y;
  }
  ProfiledRange range(RangeKind::kOperator, "conv3d", x.map().scalar_type(), 0);
  const auto prepare = [&](const ConvInput& frame) {
    const bool margins = packed_.defined() && options_.kernel > 1;
    return margins && !frame.has_margin() ? ConvInput::Prepared(frame.map(), 1) : frame;
  };
  const ConvInput input = prepare(x);
  std::vector<const ConvInput*> frames;
  if (options_.frames > 1) {
    for (std::optional<ConvInput>& frame : *past) {
      if (!frame) frame = prepare(ConvInput(at::zeros_like(x.map())));
      frames.push_back(&*frame);
    }
  }
  frames.push_back(&input);
  at::Tensor y = packed_.defined() ? RunPacked(frames, other) : RunAten(frames);
  if (other.defined() && !packed_.defined()) y = y + other;
  if (options_.frames > 1) *past = {std::move((*past)[1]), input};
  range.Add(y.numel() * options_.in_channels * options_.frames * options_.kernel * options_.kernel);
  return y;
}

ChannelNorm::ChannelNorm(const Weights& w, int64_t channels, int64_t trailing) {
  std::vector<int64_t> shape(static_cast<size_t>(1 + trailing), 1);
  shape[0] = channels;
  factor_ = w.Take("gamma", shape).flatten().to(at::kFloat) * std::sqrt(static_cast<double>(channels));
}

namespace {

template <typename T>
void NormLine(const T* x, int64_t places, int64_t channels, float* y) {
  for (int64_t i = 0; i < places; ++i, x += channels, y += channels) {
    float sums[16] = {};
    int64_t c = 0;
    for (; c + 16 <= channels; c += 16)
      for (int64_t k = 0; k < 16; ++k) sums[k] += static_cast<float>(x[c + k]) * static_cast<float>(x[c + k]);
    for (; c < channels; ++c) sums[c % 16] += static_cast<float>(x[c]) * static_cast<float>(x[c]);
    float total = 0;
    for (float sum : sums) total += sum;
    const float inverse = 1 / std::max(std::sqrt(total), static_cast<float>(kSmallestNorm));
    for (c = 0; c < channels; ++c) y[c] = static_cast<float>(x[c]) * inverse;
  }
}

}  // namespace

// `out` [B, H, line places, C or more].
void ChannelNorm::RunPacked(const at::Tensor& x, bool silu, const at::Tensor& out, int64_t margin) const {
  const at::Tensor map = x.contiguous(kChannelsLast);
  const int64_t width = map.size(3), channels = map.size(1), place = out.size(3), line = out.size(2) * place;
  const at::Tensor zeros = at::zeros({channels}, at::kFloat);
  const float *factor = factor_.const_data_ptr<float>(), *shift = zeros.const_data_ptr<float>();
  const cpu::Kernels& kernels = *cpu::BestKernels();
  const auto run = [&]<typename T>(const T* from, T* to) {
    at::parallel_for(
        0, map.size(0) * map.size(2), std::max<int64_t>(1, 8192 / (width * channels)), [&](int64_t begin, int64_t end) {
          std::vector<float> values(static_cast<size_t>(width * channels));
          for (int64_t i = begin; i < end; ++i) {
            NormLine(from + i * width * channels, width, channels, values.data());
            kernels.f32.affine(values.data(), channels, width, channels, factor, shift, silu, values.data(), channels);
            const float* value = values.data();
            for (int64_t p = 0; p < width; ++p)
              for (int64_t c = 0; c < channels; ++c) to[i * line + (p + margin) * place + c] = static_cast<T>(*value++);
          }
        });
  };
  if (map.scalar_type() == at::kFloat)
    run(map.const_data_ptr<float>(), out.mutable_data_ptr<float>());
  else
    run(map.const_data_ptr<at::BFloat16>(), out.mutable_data_ptr<at::BFloat16>());
}

at::Tensor ChannelNorm::RunAten(const at::Tensor& x) const {
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor length = wide.square().sum({1}, true).sqrt().clamp_min(kSmallestNorm);
  return (wide / length * factor_.view({1, -1, 1, 1})).to(x.scalar_type());
}

namespace {
bool RunsOwn(const at::Tensor& x) {
  return x.is_cpu() && cpu::BestKernels() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}
}  // namespace

at::Tensor ChannelNorm::Forward(const at::Tensor& x) const {
  if (x.is_meta()) return x;
  if (!RunsOwn(x)) return RunAten(x);
  at::Tensor y = at::empty(x.sizes(), x.options().memory_format(kChannelsLast));
  RunPacked(x, false, y.permute({0, 2, 3, 1}), 0);
  return y;
}

ConvInput ChannelNorm::ForwardSilu(const at::Tensor& x) const {
  if (x.is_meta()) return ConvInput(x);
  if (!RunsOwn(x)) return ConvInput(at::silu(RunAten(x)));
  ConvInput y = ConvInput::WithMargin(x, x.size(1), x.size(2), x.size(3), RunsPacked(x) ? 1 : 0);
  RunPacked(x, true, y.lines(), y.margin());
  return y;
}

}  // namespace skipbench
