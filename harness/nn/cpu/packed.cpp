#include "harness/nn/cpu/packed.h"

#include "harness/nn/cpu/winograd.h"
#include "harness/runtime/profiler.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace skipbench {

namespace {

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

const cpu::Kernels* KernelsFor(const at::Tensor& t) {
  return t.is_cpu() && !t.is_meta() ? cpu::KernelsFor(t.scalar_type()) : nullptr;
}

bool Pairs(const at::Tensor& t) { return t.scalar_type() == at::kBFloat16; }

at::Tensor Dense(const at::Tensor& map) { return map.defined() ? map.contiguous(kChannelsLast) : map; }

// Runs `product` into `y`. `other`, if defined, lies in memory as y does and is added.
at::Tensor RunInto(cpu::Product product, const cpu::PackedMatrix& weights, at::Tensor y, const at::Tensor& other) {
  product.weights = &weights;
  product.out = y.data_ptr();
  product.residual_stride = weights.columns();
  if (product.out_stride == 0) product.out_stride = weights.columns();
  if (other.defined()) product.residual = other.const_data_ptr();
  if (y.numel() > 0) cpu::Run(product);
  return y;
}

at::Tensor Join(const std::vector<at::Tensor>& parts) {
  if (parts.empty()) return {};
  return parts.size() == 1 ? parts[0] : at::cat(parts);
}
}  // namespace

bool RunsPacked(const at::Tensor& x) { return KernelsFor(x) != nullptr; }

PackedLinear::PackedLinear(const std::vector<at::Tensor>& weights, const std::vector<at::Tensor>& biases, bool gated)
    : gated_(gated) {
  const at::Tensor& first = weights[0];
  for (const at::Tensor& weight : weights) out_ += weight.size(0);
  const cpu::Kernels* kernels = KernelsFor(first);
  if (kernels && !(Pairs(first) && first.size(1) % 2 != 0)) {
    std::vector<at::Tensor> matrices;
    const bool alike = std::all_of(weights.begin(), weights.end(),
                                   [&](const at::Tensor& w) { return w.strides() == first.strides(); });
    for (const at::Tensor& weight : weights) matrices.push_back((alike ? weight : weight.contiguous()).unsqueeze(1));
    packed_ = cpu::PackedMatrix(kernels, matrices, Join(biases), gated);
  } else {
    weight_ = Join(weights);
    bias_ = Join(biases);
  }
}

at::Tensor PackedLinear::RunPacked(const at::Tensor& x, const LinearEnd& end) const {
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = packed_.columns();
  const at::Tensor rows = x.contiguous(), add = end.add.defined() ? end.add.contiguous() : end.add;
  const at::Tensor y = end.into.defined() ? end.into : at::empty(shape, x.options());
  if (y.numel() == 0) return y;
  cpu::Product product;
  product.places = rows.numel() / packed_.depth();
  product.sample_rows = x.dim() > 2 && x.size(0) > 0 ? product.places / x.size(0) : 1;  // [B, in] or [B, ..., in]
  product.sources = {{.base = rows.const_data_ptr(), .place_stride = packed_.depth(), .k = packed_.depth()}};
  if (y.dim() > 1) product.out_stride = y.stride(-2);
  if (end.gelu_tanh) product.activation = cpu::Activation::kGeluTanh;
  return RunInto(std::move(product), packed_, y, add);
}

at::Tensor PackedLinear::Forward(const at::Tensor& x, const LinearEnd& end) const {
  const ProfiledRange range(RangeKind::kOperator, "linear", x.scalar_type(), x.numel() * out_);
  if (packed_.defined()) return RunPacked(x, end);
  at::Tensor y = at::linear(x, weight_, bias_);
  if (gated_) y = at::gelu(y.narrow(-1, out_ / 2, out_ / 2)).mul_(y.narrow(-1, 0, out_ / 2));
  if (end.gelu_tanh) at::gelu_(y, "tanh");
  if (end.add.defined()) y.add_(end.add);
  if (!end.into.defined()) return y;
  at::Tensor into = end.into;
  return into.copy_(y);
}

ConvInput ConvInput::WithMargin(const at::Tensor& like, int64_t channels, int64_t height, int64_t width,
                                int64_t margin) {
  const int64_t padded = Pairs(like) ? (channels + 1) / 2 * 2 : channels;
  ConvInput input({});
  input.margin_ = margin;
  input.lines_ = at::empty({like.size(0), height, width + 2 * margin, padded},
                           like.options().memory_format(at::MemoryFormat::Contiguous));
  const size_t place = padded * like.element_size(), line = (width + 2 * margin) * place;
  char* data = static_cast<char*>(input.lines_.data_ptr());
  for (int64_t i = 0; i < like.size(0) * height; ++i) {
    std::memset(data + i * line, 0, margin * place);
    std::memset(data + (i + 1) * line - margin * place, 0, margin * place);
  }
  input.map_ = input.lines_.narrow(2, margin, width).narrow(3, 0, channels).permute({0, 3, 1, 2});
  if (padded != channels) input.lines_.narrow(3, channels, 1).zero_();
  return input;
}

ConvInput ConvInput::Upsampled(const at::Tensor& x, int64_t height, int64_t width) {
  if (!RunsPacked(x)) return ConvInput(at::upsample_nearest2d(x, {height, width}));
  const at::Tensor from = Dense(x);
  ConvInput input = WithMargin(x, x.size(1), height, width, 1);
  // The place that ATen's nearest-neighbour interpolation takes.
  const auto source = [](int64_t at, int64_t in, int64_t out) {
    if (in == out) return at;
    if (out == 2 * in) return at / 2;
    const float scale = static_cast<float>(in) / static_cast<float>(out);
    return std::min(static_cast<int64_t>(std::floor(static_cast<float>(at) * scale)), in - 1);
  };
  const size_t bytes = x.size(1) * x.element_size(), place = input.lines_.size(3) * x.element_size();
  const int64_t lines = x.size(0) * height;
  at::parallel_for(
      0, lines, std::max<int64_t>(1, 16384 / (width * static_cast<int64_t>(bytes))), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t from_line = i / height * x.size(2) + source(i % height, x.size(2), height);
          const char* src = static_cast<const char*>(from.const_data_ptr()) + from_line * x.size(3) * bytes;
          char* to = static_cast<char*>(input.lines_.data_ptr()) + (i * (width + 2) + 1) * place;
          for (int64_t column = 0; column < width; ++column)
            std::memcpy(to + column * place, src + source(column, x.size(3), width) * bytes, bytes);
        }
      });
  return input;
}

ConvInput ConvInput::Prepared(const at::Tensor& x, int64_t margin) {
  if (!RunsPacked(x) || margin == 0) return ConvInput(x);
  return Upsampled(x, x.size(2), x.size(3));
}

PackedConv2d::PackedConv2d(const at::Tensor& weight, const at::Tensor& bias, int64_t stride, int64_t padding,
                           int64_t end_padding)
    : out_(weight.size(0)),
      height_(weight.size(2)),
      width_(weight.size(3)),
      stride_(stride),
      padding_(padding),
      end_padding_(end_padding) {
  const cpu::Kernels* kernels = KernelsFor(weight);
  const bool column = (height_ == 1 || height_ == 3) && width_ == 1 && stride == 1 && padding == height_ / 2 &&
                      end_padding == padding && !(Pairs(weight) && weight.size(1) % 2 != 0);
  const bool square = height_ == 3 && width_ == 3 && padding <= 1 && end_padding <= 1;
  if (kernels && (column || square)) {
    packed_ = cpu::PackedMatrix(kernels, {weight.flatten(2).transpose(1, 2)}, bias, false);
  } else {
    weight_ = weight;
    bias_ = bias;
  }
}

at::Tensor PackedConv2d::RunPacked(const ConvInput& x, const at::Tensor& other) const {
  const at::Tensor& map = x.map();
  const int64_t batch = map.size(0), height = map.size(2);
  const auto extent = [&](int64_t n, int64_t kernel) {
    return (n + (kernel > 1 ? padding_ + end_padding_ : 0) - kernel) / stride_ + 1;
  };
  at::Tensor y = at::empty({batch, out_, extent(height, height_), extent(map.size(3), width_)},
                           map.options().memory_format(kChannelsLast));
  const at::Tensor lines = width_ > 1 ? x.lines() : Dense(map).permute({0, 2, 3, 1});
  cpu::Product product;
  product.sample_rows = y.size(2) * y.size(3);
  if (height_ == 1) {
    product.places = batch * height * map.size(3);
    product.sources = {{.base = lines.const_data_ptr(), .place_stride = packed_.depth(), .k = packed_.depth()}};
    return RunInto(std::move(product), packed_, y, Dense(other));
  }
  if (y.numel() > 0 && ByWinograd(map)) {
    const at::Tensor add = Dense(other);
    cpu::Run(cpu::WinogradConv{.weights = &packed_,
                               .lines = lines.const_data_ptr<float>(),
                               .images = batch,
                               .height = height,
                               .width = map.size(3),
                               .out = y.data_ptr<float>(),
                               .residual = add.defined() ? add.const_data_ptr<float>() : nullptr});
    return y;
  }
  const int64_t place = lines.size(3), line = lines.size(2) * place;
  product.images = batch;
  product.lines = y.size(2);
  product.places = y.size(3);
  for (int64_t dy = 0; dy < height_; ++dy) {
    for (int64_t dx = 0; dx < width_; ++dx) {
      // Output line y reads input line stride * y + up, where that is in [0, height).
      const int64_t up = dy - padding_, left = width_ > 1 ? dx - padding_ + x.margin() : 0;
      const int64_t first = up < 0 ? (-up + stride_ - 1) / stride_ : 0, last = (height - up + stride_ - 1) / stride_;
      product.sources.push_back(
          {.base = static_cast<const char*>(lines.const_data_ptr()) + (up * line + left * place) * lines.element_size(),
           .image_stride = height * line,
           .line_stride = stride_ * line,
           .place_stride = stride_ * place,
           .k = place,
           .first_line = first,
           .last_line = last});
    }
  }
  return RunInto(std::move(product), packed_, y, Dense(other));
}

bool PackedConv2d::ByWinograd(const at::Tensor& map) const {
  const bool same_size = width_ == 3 && stride_ == 1 && padding_ == 1 && end_padding_ == 1;
  return packed_.defined() && same_size && cpu::WinogradSuits(packed_, map.size(2), map.size(3));
}

at::Tensor PackedConv2d::Forward(const ConvInput& x, const at::Tensor& other) const {
  const char* name = ByWinograd(x.map()) ? kWinogradConv : "conv2d";
  ProfiledRange range(RangeKind::kOperator, name, x.map().scalar_type(), 0);
  const at::Tensor y = Run(x, other);
  range.Add(y.numel() * x.map().size(1) * height_ * width_);
  return y;
}

at::Tensor PackedConv2d::Run(const ConvInput& x, const at::Tensor& other) const {
  if (packed_.defined()) {
    const bool ready = width_ == 1 || x.has_margin();
    return ready ? RunPacked(x, other) : RunPacked(ConvInput::Prepared(x.map(), 1), other);
  }
  const int64_t more = end_padding_ - padding_;
  const at::Tensor map = more > 0 ? at::constant_pad_nd(x.map(), {0, more, 0, more}) : x.map();
  at::Tensor y =
      at::conv2d(map, weight_, bias_, {stride_, stride_}, {padding_, width_ == 1 && height_ > 1 ? 0 : padding_});
  return other.defined() ? y.add_(other) : y;
}

at::Tensor PackedConv2d::ForwardParts(const std::vector<at::Tensor>& parts) const {
  const auto odd = [](const at::Tensor& part) { return Pairs(part) && part.size(1) % 2 != 0; };
  if (!packed_.defined() || std::any_of(parts.begin(), parts.end(), odd)) return Forward(ConvInput(at::cat(parts, 1)));
  ProfiledRange range(RangeKind::kOperator, "conv2d", parts[0].scalar_type(), 0);
  cpu::Product product;
  std::vector<at::Tensor> dense;
  for (const at::Tensor& part : parts) {
    dense.push_back(Dense(part));
    product.sources.push_back({.base = dense.back().const_data_ptr(), .place_stride = part.size(1), .k = part.size(1)});
  }
  const at::Tensor& first = parts[0];
  product.places = first.size(0) * first.size(2) * first.size(3);
  product.sample_rows = first.size(2) * first.size(3);
  range.Add(product.places * packed_.depth() * out_);
  return RunInto(
      std::move(product), packed_,
      at::empty({first.size(0), out_, first.size(2), first.size(3)}, first.options().memory_format(kChannelsLast)), {});
}

}  // namespace skipbench
