#include "harness/nn/layers/norm.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "harness/base/error.h"
#include "harness/nn/cpu/cpu_kernels.h"
#include "harness/nn/layers/macs.h"
#include "harness/runtime/profiler.h"

namespace skipbench {

namespace {

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

// Normalises one batch of maps with the kernels. Parallel over images where there are enough of them, else in three
// steps over stretches of each map; how a map is cut depends on its size alone.
class CpuGroupNorm {
 public:
  CpuGroupNorm(const cpu::Kernels& kernels, const std::vector<at::Tensor>& maps, const at::Tensor& out, int64_t margin)
      : k_(cpu::KernelsOf(kernels, maps[0].scalar_type())), margin_(margin), out_(out) {
    for (const at::Tensor& map : maps) {
      parts_.push_back(map.contiguous(kChannelsLast));
      channels_ += map.size(1);
    }
    batch_ = parts_[0].size(0);
    height_ = parts_[0].size(2);
    width_ = parts_[0].size(3);
    pixels_ = height_ * width_;
    stretch_ = 64 * ((pixels_ / 64 + kMaxStretches) / kMaxStretches);
    stretches_ = (pixels_ + stretch_ - 1) / stretch_;
  }

  int64_t groups = 1;
  double eps = 0;
  const float *weight = nullptr, *bias = nullptr;  // [C]
  const float* shift = nullptr;                    // [1 or B, C]
  int64_t shift_stride = 0;                        // 0: one row for all
  bool silu = false;

  void Run() {
    const int64_t moments = stretches_ * channels_;
    mean_.resize(batch_ * moments);
    m2_.resize(batch_ * moments);
    scale_.resize(batch_ * channels_);
    offset_.resize(batch_ * channels_);
    const int64_t threads = at::get_num_threads();
    if (batch_ >= 2 * threads || (batch_ % threads == 0 && pixels_ * channels_ < 1 << 18)) {
      at::parallel_for(0, batch_, 1, [&](int64_t begin, int64_t end) {
        for (int64_t image = begin; image < end; ++image) {
          for (int64_t s = 0; s < stretches_; ++s) Measure(image, s);
          Combine(image, 0, groups);
          Write(image, 0, height_);
        }
      });
      return;
    }
    const auto over = [&](int64_t count, int64_t grain, const auto& one) {
      at::parallel_for(0, batch_ * count, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) one(i / count, i % count);
      });
    };
    over(stretches_, 1, [&](int64_t image, int64_t s) { Measure(image, s); });
    over(groups, std::max<int64_t>(1, 4096 / (moments / groups + 1)),
         [&](int64_t image, int64_t group) { Combine(image, group, group + 1); });
    over(height_, std::max<int64_t>(1, 8192 / (width_ * channels_)),
         [&](int64_t image, int64_t line) { Write(image, line, line + 1); });
  }

 private:
  static constexpr int64_t kMaxStretches = 64;

  const void* Place(size_t part, int64_t image, int64_t pixel) const {
    const at::Tensor& map = parts_[part];
    return static_cast<const char*>(map.const_data_ptr()) +
           (image * pixels_ + pixel) * map.size(1) * map.element_size();
  }

  void Measure(int64_t image, int64_t s) {
    const int64_t begin = s * stretch_, count = std::min(stretch_, pixels_ - begin);
    int64_t at = (image * stretches_ + s) * channels_;
    for (size_t i = 0; i < parts_.size(); ++i) {
      const int64_t c = parts_[i].size(1);
      k_.moments(Place(i, image, begin), c, count, c, &mean_[at], &m2_[at]);
      at += c;
    }
  }

  // Groups [begin, end) of an image: from the moments of its stretches and channels to a factor and an offset per
  // channel.
  void Combine(int64_t image, int64_t begin, int64_t end) {
    const int64_t size = channels_ / groups;
    for (int64_t group = begin; group < end; ++group) {
      double count = 0, mean = 0, m2 = 0;
      for (int64_t c = group * size; c < (group + 1) * size; ++c) {
        const double added = shift ? shift[image * shift_stride + c] : 0;
        for (int64_t s = 0; s < stretches_; ++s) {
          const double n = static_cast<double>(std::min(stretch_, pixels_ - s * stretch_));
          const int64_t at = (image * stretches_ + s) * channels_ + c;
          const double delta = mean_[at] + added - mean, total = count + n;
          mean += delta * n / total;
          m2 += m2_[at] + delta * delta * count * n / total;
          count = total;
        }
      }
      const double inverse = 1 / std::sqrt(m2 / count + eps);
      for (int64_t c = group * size; c < (group + 1) * size; ++c) {
        const double added = shift ? shift[image * shift_stride + c] : 0;
        scale_[image * channels_ + c] = static_cast<float>(inverse * weight[c]);
        offset_[image * channels_ + c] = static_cast<float>((added - mean) * inverse * weight[c] + bias[c]);
      }
    }
  }

  void Write(int64_t image, int64_t line_begin, int64_t line_end) {
    const int64_t place = out_.size(3), line_places = out_.size(2);
    const bool whole = margin_ == 0 && line_places == width_;  // lines follow one another without a gap
    int64_t first = 0;
    for (size_t i = 0; i < parts_.size(); ++i) {
      const int64_t c = parts_[i].size(1);
      const float *scale = &scale_[image * channels_ + first], *offset = &offset_[image * channels_ + first];
      for (int64_t line = line_begin; line < line_end; line = whole ? line_end : line + 1) {
        const int64_t count = whole ? (line_end - line_begin) * width_ : width_;
        char* y = static_cast<char*>(out_.data_ptr()) +
                  (((image * height_ + line) * line_places + margin_) * place + first) * out_.element_size();
        k_.affine(Place(i, image, line * width_), c, count, c, scale, offset, silu, y, place);
      }
      first += c;
    }
  }

  const cpu::ElementKernels& k_;
  int64_t margin_;
  const at::Tensor& out_;
  std::vector<at::Tensor> parts_;
  int64_t channels_ = 0, batch_ = 0, height_ = 0, width_ = 0, pixels_ = 0, stretch_ = 0, stretches_ = 0;
  std::vector<double> mean_, m2_;      // [B, stretches, C]
  std::vector<float> scale_, offset_;  // [B, C]
};

// Whether the kernels of norms take it; there are some for both types wherever there are any.
bool HasKernels(const at::Tensor& x) {
  return x.is_cpu() && cpu::BestKernels() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

}  // namespace

NormWeights::NormWeights(const Weights& w, int64_t features)
    : weight(w.Take("weight", {features})),
      bias(w.Take("bias", {features})),
      wide_weight(weight.to(at::kFloat).contiguous()),
      wide_bias(bias.to(at::kFloat).contiguous()) {}

GroupNorm::GroupNorm(const Weights& w, int64_t groups, int64_t channels, double eps)
    : name_(ModuleName(w)), groups_(groups), eps_(eps), w_(w, channels) {
  if (groups < 1 || channels % groups != 0)
    Fail("{}: {} channels cannot be split into {} groups", name_, channels, groups);
}

void GroupNorm::RunPacked(const std::vector<at::Tensor>& parts, const at::Tensor& shift, bool silu,
                          const at::Tensor& out, int64_t margin) const {
  CpuGroupNorm norm(*cpu::BestKernels(), parts, out, margin);
  norm.groups = groups_;
  norm.eps = eps_;
  norm.weight = w_.wide_weight.const_data_ptr<float>();
  norm.bias = w_.wide_bias.const_data_ptr<float>();
  norm.silu = silu;
  at::Tensor wide_shift;
  if (shift.defined()) {
    wide_shift = shift.to(at::kFloat).contiguous();
    norm.shift = wide_shift.const_data_ptr<float>();
    norm.shift_stride = shift.size(0) == 1 ? 0 : shift.size(1);
  }
  norm.Run();
}

at::Tensor GroupNorm::Run(const at::Tensor& x, bool silu) const {
  if (x.is_meta()) {
    CountNorm(name_, x);
    return at::empty_like(x);
  }
  const ProfiledRange range(RangeKind::kOperator, "group_norm", x.scalar_type(), 0);
  if (HasKernels(x)) {
    at::Tensor y = at::empty(x.sizes(), x.options().memory_format(kChannelsLast));
    RunPacked({x}, {}, silu, y.permute({0, 2, 3, 1}), 0);
    return y;
  }
  // On a CPU ATen sums channels_last maps carelessly (squares in float32, without a shift).
  const at::Tensor y =
      at::group_norm(x.is_cpu() ? x.contiguous() : x, groups_, w_.weight, w_.bias, eps_).contiguous(kChannelsLast);
  return silu ? at::silu(y) : y;
}

ConvInput GroupNorm::ForwardSilu(const std::vector<at::Tensor>& parts, const at::Tensor& shift) const {
  const at::Tensor& first = parts[0];
  if (HasKernels(first)) {
    const ProfiledRange range(RangeKind::kOperator, "group_norm", first.scalar_type(), 0);
    int64_t channels = 0;
    for (const at::Tensor& part : parts) channels += part.size(1);
    ConvInput y = ConvInput::WithMargin(first, channels, first.size(2), first.size(3), RunsPacked(first) ? 1 : 0);
    RunPacked(parts, shift, true, y.lines(), y.margin());
    return y;
  }
  at::Tensor x = parts.size() == 1 ? first : at::cat(parts, 1);
  if (shift.defined()) x = x + shift.unsqueeze(-1).unsqueeze(-1);
  return ConvInput(Run(x, true));
}

LayerNorm::LayerNorm(const Weights& w, int64_t features, double eps)
    : name_(ModuleName(w)), features_(features), eps_(eps), w_(w, features) {}

at::Tensor LayerNorm::RunPacked(const at::Tensor& tensor) const {
  const cpu::ElementKernels& kernels = cpu::KernelsOf(*cpu::BestKernels(), tensor.scalar_type());
  const at::Tensor x = tensor.contiguous();
  at::Tensor y = at::empty_like(x);
  at::parallel_for(0, x.numel() / features_, std::max<int64_t>(1, 8192 / features_), [&](int64_t begin, int64_t end) {
    const int64_t at = begin * features_ * x.element_size();
    kernels.layer_norm(static_cast<const char*>(x.const_data_ptr()) + at, end - begin, features_,
                       w_.wide_weight.const_data_ptr<float>(), w_.wide_bias.const_data_ptr<float>(),
                       static_cast<float>(eps_), static_cast<char*>(y.data_ptr()) + at);
  });
  return y;
}

at::Tensor LayerNorm::Forward(const at::Tensor& x) const {
  if (x.is_meta()) {
    CountNorm(name_, x);
    return at::empty_like(x);
  }
  const ProfiledRange range(RangeKind::kOperator, "layer_norm", x.scalar_type(), 0);
  return HasKernels(x) ? RunPacked(x) : at::layer_norm(x, {features_}, w_.weight, w_.bias, eps_);
}

}  // namespace skipbench
