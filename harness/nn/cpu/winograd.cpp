#include "harness/nn/cpu/winograd.h"

#include <algorithm>

#include "harness/nn/cpu/aligned.h"
#include "harness/nn/cpu/share.h"

namespace skipbench::cpu {

namespace {

constexpr int64_t kPositions = 16;  // of a transformed tile
// Transformed inputs that are made at once, for all panels of weights to pass: as many bytes as stay in the last-level
// cache, but so many tiles (16 KiB for each channel) that the transform of the weights is a small part.
constexpr int64_t kInputBytes = 8 << 20, kInputTiles = 256;
// Tiles until their sums are transformed: those of a panel stay in the second-level cache.
constexpr int64_t kTilesTogether = 112;
// Fewer tiles, channels or columns are not worth the transforms.
constexpr int64_t kFewTiles = 64, kFewChannels = 64, kFewColumns = 64;

class Runner {
 public:
  explicit Runner(const WinogradConv& conv)
      : conv_(conv),
        w_(*conv.weights),
        k_(w_.kernels()),
        channels_(w_.depth()),
        tiles_across_(conv.width / 2),
        tiles_down_(conv.height / 2),
        tiles_(conv.images * tiles_down_ * tiles_across_) {
    // Rows that are a whole number of pages apart would all want the same places of the first-level cache.
    constexpr int64_t kPage = 4096 / sizeof(float), kLine = 64 / sizeof(float);
    row_stride_ = channels_ % kPage == 0 ? channels_ + kLine : channels_;
    const int64_t at_once = std::max<int64_t>(kInputBytes / (kPositions * row_stride_ * sizeof(float)), kInputTiles);
    stretch_ = CeilDiv(tiles_, CeilDiv(tiles_, at_once));
    position_stride_ = stretch_ * row_stride_ + kLine;
    inputs_ = AllocateAligned<float>(kPositions * position_stride_);
  }

  void Run() {
    for (int64_t begin = 0; begin < tiles_; begin += stretch_) {
      const int64_t count = std::min(stretch_, tiles_ - begin);
      constexpr int64_t kTilesOfPart = 8;
      Share(CeilDiv(count, kTilesOfPart), [&](const NextPart& next) {
        for (int64_t part; next(&part);)
          for (int64_t i = part * kTilesOfPart; i < std::min((part + 1) * kTilesOfPart, count); ++i)
            TransformInput(begin + i, inputs_.get() + i * row_stride_);
      });
      const int64_t panels = w_.panels(), wanted = CeilDiv(kParts * at::get_num_threads(), panels);
      const int64_t ranges = std::clamp<int64_t>(CeilDiv(count, kTilesTogether), 1, wanted);
      Share(panels * ranges, [&](const NextPart& next) {
        Scratch scratch(*this);
        for (int64_t part; next(&part);) {
          const int64_t range = part % ranges;
          scratch.Take(part / ranges);
          Multiply(scratch, begin, count * range / ranges, count * (range + 1) / ranges);
        }
      });
    }
  }

 private:
  // A thread's panel of transformed weights, and its sums ([position][tile][panel width]).
  class Scratch {
   public:
    explicit Scratch(const Runner& r)
        : r_(r),
          weights_(AllocateAligned<float>(kPositions * r.channels_ * r.k_.panel_width)),
          sums_(AllocateAligned<float>(kPositions * kTilesTogether * r.k_.panel_width)) {}

    void Take(int64_t index) {
      if (index == index_) return;
      index_ = index;
      panel_ = r_.w_.At(index);
      r_.k_.winograd.weights(reinterpret_cast<const float*>(panel_.rows), r_.channels_, Width(), weights_.get());
    }
    const PackedMatrix::Panel& panel() const { return panel_; }
    const float* Weights(int64_t position) const { return weights_.get() + position * r_.channels_ * Width(); }
    float* Sums(int64_t position, int64_t tile) const {
      return sums_.get() + (position * kTilesTogether + tile) * r_.k_.panel_width;
    }

   private:
    int64_t Width() const { return panel_.narrow ? r_.k_.lanes : r_.k_.panel_width; }

    const Runner& r_;
    Aligned<float> weights_, sums_;
    int64_t index_ = -1;
    PackedMatrix::Panel panel_;
  };

  struct TilePlace {
    int64_t image, line, column;  // of its first output
  };
  TilePlace Place(int64_t tile) const {
    const int64_t line = tile / tiles_across_;
    return {line / tiles_down_, line % tiles_down_ * 2, tile % tiles_across_ * 2};
  }

  void TransformInput(int64_t tile, float* to) const {
    const TilePlace at = Place(tile);
    const int64_t line_size = (conv_.width + 2) * channels_;
    const float* lines[4];
    for (int64_t i = 0; i < 4; ++i) {
      const int64_t line = at.line - 1 + i;
      const bool inside = line >= 0 && line < conv_.height;
      lines[i] = inside ? conv_.lines + (at.image * conv_.height + line) * line_size + at.column * channels_ : nullptr;
    }
    k_.winograd.input(lines, channels_, to, position_stride_);
  }

  // The tiles [begin, end) of the stretch that starts at tile `first`, for the panel in `scratch`.
  void Multiply(const Scratch& scratch, int64_t first, int64_t begin, int64_t end) const {
    for (int64_t at = begin; at < end; at += kTilesTogether) {
      const int64_t tiles = std::min(kTilesTogether, end - at), groups = CeilDiv(tiles, k_.f32.gemm.rows);
      for (int64_t position = 0; position < kPositions; ++position) {
        const float* inputs = inputs_.get() + position * position_stride_ + at * row_stride_;
        for (int64_t g = 0; g < groups; ++g) {
          const int64_t row = tiles * g / groups;
          const GemmSegment rows = {.a = inputs + row * row_stride_, .row_stride = row_stride_, .k = channels_};
          GemmTile t;
          t.rows = static_cast<int>(tiles * (g + 1) / groups - row);
          t.segments = 1;
          t.segment = &rows;
          t.panel = scratch.Weights(position);
          t.narrow = scratch.panel().narrow;
          t.partial = scratch.Sums(position, row);
          k_.f32.gemm.run(t);
        }
      }
      for (int64_t i = 0; i < tiles; ++i) TransformSums(scratch, i, Place(first + at + i));
    }
  }

  void TransformSums(const Scratch& scratch, int64_t tile, const TilePlace& place) const {
    const int64_t columns = w_.columns(), line_stride = conv_.width * columns;
    const int64_t at =
        (place.image * conv_.height + place.line) * line_stride + place.column * columns + scratch.panel().column;
    k_.winograd.output({.sums = scratch.Sums(0, tile),
                        .position_stride = kTilesTogether * k_.panel_width,
                        .bias = scratch.panel().bias,
                        .residual = conv_.residual ? conv_.residual + at : nullptr,
                        .out = conv_.out + at,
                        .line_stride = line_stride,
                        .place_stride = columns,
                        .columns = scratch.panel().columns});
  }

  const WinogradConv& conv_;
  const PackedMatrix& w_;
  const Kernels& k_;
  const int64_t channels_, tiles_across_, tiles_down_, tiles_;
  int64_t row_stride_ = 0, position_stride_ = 0, stretch_ = 0;
  Aligned<float> inputs_;  // [position][tile][channel]
};

}  // namespace

bool WinogradSuits(const PackedMatrix& weights, int64_t height, int64_t width) {
  return weights.dtype() == at::kFloat && height % 2 == 0 && width % 2 == 0 && height / 2 * (width / 2) >= kFewTiles &&
         weights.depth() >= kFewChannels && weights.columns() >= kFewColumns;
}

void Run(const WinogradConv& conv) { Runner(conv).Run(); }

}  // namespace skipbench::cpu
