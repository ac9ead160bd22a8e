#include "harness/nn/cpu/cpu_gemm.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <functional>
#ifdef __linux__
#include <sys/mman.h>
#endif

#include "harness/nn/cpu/aligned.h"
#include "harness/nn/cpu/share.h"

namespace skipbench::cpu {

namespace {

// One panel; `rows[c]` is the weight's row for the panel's column c, or null: zeros.
template <typename T>
void PackPanel(const std::vector<const void*>& rows, int64_t stride_tap, int64_t stride_k, int64_t taps, int64_t k_real,
               int64_t k, int64_t pair, T* out) {
  const int64_t width = static_cast<int64_t>(rows.size());
  for (int64_t c = 0; c < width; ++c) {
    const T* row = static_cast<const T*>(rows[c]);
    for (int64_t tap = 0; tap < taps; ++tap) {
      T* to = out + tap * k * width + c * pair;
      const T* from = row ? row + tap * stride_tap : nullptr;
      for (int64_t i = 0; i < k; ++i)
        to[(i / pair) * width * pair + i % pair] = from && i < k_real ? from[i * stride_k] : T(0);
    }
  }
}

// Weights are read from end to end in every forward, more of them than a table of small pages can keep track of. Asked
// for before the memory is first written; what the system makes of it changes nothing but time.
void PreferHugePages(const at::Tensor& t) {
#ifdef MADV_HUGEPAGE
  constexpr uintptr_t kHugePage = uintptr_t{1} << 21;
  const uintptr_t begin = std::bit_cast<uintptr_t>(t.data_ptr()), end = begin + t.nbytes();
  const uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage, last = end / kHugePage * kHugePage;
  if (first < last) madvise(std::bit_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
}

// Where the rows of all `weights` begin.
std::vector<const void*> RowsOf(const std::vector<at::Tensor>& weights) {
  std::vector<const void*> rows;
  for (const at::Tensor& weight : weights)
    for (int64_t n = 0; n < weight.size(0); ++n)
      rows.push_back(static_cast<const char*>(weight.const_data_ptr()) + n * weight.stride(0) * weight.element_size());
  return rows;
}

}  // namespace

const Kernels* KernelsFor(at::ScalarType dtype) {
  return dtype == at::kFloat || dtype == at::kBFloat16 ? BestKernels() : nullptr;
}

PackedMatrix::PackedMatrix(const Kernels* kernels, const std::vector<at::Tensor>& weights, const at::Tensor& bias,
                           bool gated)
    : kernels_(kernels), dtype_(weights[0].scalar_type()), taps_(weights[0].size(1)), gated_(gated) {
  const std::vector<const void*> all_rows = RowsOf(weights);
  const int64_t n = static_cast<int64_t>(all_rows.size()), k = weights[0].size(2);
  const int64_t stride_tap = weights[0].stride(1), stride_k = weights[0].stride(2);
  const int64_t pair = dtype_ == at::kBFloat16 ? 2 : 1;
  depth_ = CeilDiv(k, pair) * pair;
  columns_ = gated ? n / 2 : n;
  const int64_t width = kernels->panel_width, step = gated ? kernels->lanes : width;  // output columns of a panel
  panels_ = CeilDiv(columns_, step);
  const int64_t rows = taps_ * depth_;
  data_ = at::empty({panels_, rows * width}, weights[0].options());
  PreferHugePages(data_);
  if (bias.defined()) bias_ = at::zeros({panels_, width}, at::kFloat);
  const at::Tensor wide_bias = bias.defined() ? bias.to(at::kFloat).contiguous() : at::Tensor();
  at::parallel_for(0, panels_, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const auto column = [&](int64_t c) -> int64_t {
        const int64_t at = gated ? p * step + c % step : p * width + c;
        if (at >= columns_) return -1;
        return gated && c >= step ? columns_ + at : at;
      };
      std::vector<const void*> panel_rows(Narrow(p) ? kernels->lanes : width, nullptr);
      float* panel_bias = bias.defined() ? bias_.data_ptr<float>() + p * width : nullptr;
      for (size_t c = 0; c < panel_rows.size(); ++c) {
        const int64_t from = column(static_cast<int64_t>(c));
        if (from < 0) continue;
        panel_rows[c] = all_rows[from];
        if (panel_bias) panel_bias[c] = wide_bias.const_data_ptr<float>()[from];
      }
      const auto pack = [&]<typename T>(T* to) {
        PackPanel(panel_rows, stride_tap, stride_k, taps_, k, depth_, pair, to + p * rows * width);
      };
      dtype_ == at::kFloat ? pack(data_.data_ptr<float>()) : pack(data_.data_ptr<at::BFloat16>());
    }
  });
}

PackedMatrix::Panel PackedMatrix::At(int64_t panel) const {
  const int64_t width = kernels_->panel_width, step = gated_ ? kernels_->lanes : width;
  const int64_t size = static_cast<int64_t>(at::elementSize(dtype_));
  Panel p;
  p.narrow = Narrow(panel);
  p.row_bytes = (p.narrow ? kernels_->lanes : width) * size;
  p.rows = static_cast<const char*>(data_.const_data_ptr()) + panel * taps_ * depth_ * width * size;
  p.bias = bias_.defined() ? static_cast<const float*>(bias_.const_data_ptr()) + panel * width : nullptr;
  p.column = panel * step;
  p.columns = static_cast<int>(std::min(step, columns_ - p.column));
  return p;
}

namespace {

// Below this number of multiply-accumulates waking other threads costs more than it saves.
constexpr int64_t kSerialMacs = 1 << 15;

// The kernel for this product: a fact of the layer and of one sample's rows.
const GemmKernel& GemmFor(const Product& product) {
  const ElementKernels& kernels = KernelsOf(product.weights->kernels(), product.weights->dtype());
  return kernels.tile_gemm.run && product.sample_rows >= kFewRows ? kernels.tile_gemm : kernels.gemm;
}

// A product cut into passes over the depth, tiles over the rows and panels over the columns.
class Runner {
 public:
  explicit Runner(const Product& product)
      : p_(product),
        w_(*product.weights),
        k_(w_.kernels()),
        size_(static_cast<int64_t>(at::elementSize(w_.dtype()))),
        gemm_(GemmFor(product)) {
    groups_per_line_ = CeilDiv(p_.places, gemm_.rows);
    groups_ = p_.images * p_.lines * groups_per_line_;
    tiles_ = CeilDiv(groups_, gemm_.groups);
    CutDepth();
    rows_stay_ = total_depth_ * k_.panel_width * size_ <= gemm_.small_panel_bytes;
  }

  void Run() {
    const int64_t threads = at::get_num_threads();
    const int64_t macs = p_.images * p_.lines * p_.places * total_depth_ * w_.columns();
    if (macs < kSerialMacs || threads == 1 || at::in_parallel_region()) {
      const TileUse use(KernelsOf(k_, w_.dtype()));
      Rows(0, tiles_, 0, w_.panels());
    } else if (tiles_ >= kParts * threads && SourceBytes() > WeightBytes()) {
      const int64_t part = std::min(CeilDiv(tiles_, kParts * threads), gemm_.block_tiles);
      InParts(CeilDiv(tiles_, part),
              [&](int64_t i) { Rows(i * part, std::min((i + 1) * part, tiles_), 0, w_.panels()); });
    } else {
      // Little to read but the weights, which every thread reads a part of: stretches of the (panel, tile) pairs, whole
      // panels where there are enough of them.
      const int64_t panels = w_.panels(), whole = kParts * threads;
      const int64_t part = panels >= whole ? CeilDiv(panels, whole) * tiles_ : CeilDiv(panels * tiles_, threads);
      const int64_t all = panels * tiles_;
      InParts(CeilDiv(all, part), [&](int64_t i) { Stretch(i * part, std::min((i + 1) * part, all)); });
    }
  }

 private:
  struct Pass {
    int64_t first, count;  // pieces
  };
  struct Piece {  // part of a source
    size_t source;
    int64_t offset, k, row;  // from value `offset` of the source's rows; `row`: of the packed weights
  };

  void InParts(int64_t parts, const std::function<void(int64_t)>& run) const {
    Share(parts, [&](const NextPart& next) {
      const TileUse use(KernelsOf(k_, w_.dtype()));
      for (int64_t i; next(&i);) run(i);
    });
  }

  // The taps of a convolution read the same memory.
  int64_t SourceBytes() const {
    int64_t place = 0;
    for (const RowSource& source : p_.sources) place = std::max(place, source.k);
    return p_.images * p_.lines * p_.places * place * size_;
  }
  int64_t WeightBytes() const { return w_.panels() * total_depth_ * k_.panel_width * size_; }

  void CutDepth() {
    const int64_t limit = std::max<int64_t>(gemm_.panel_bytes / (k_.panel_width * size_) / 2 * 2, 2);
    int64_t in_pass = limit;
    for (size_t s = 0; s < p_.sources.size(); ++s) {
      for (int64_t offset = 0; offset < p_.sources[s].k;) {
        // Whole sources where they are short; a long one is cut into equal parts.
        const int64_t parts = CeilDiv(p_.sources[s].k, limit);
        const int64_t k = std::min(CeilDiv(CeilDiv(p_.sources[s].k, parts), 32) * 32, p_.sources[s].k - offset);
        if (in_pass + k > limit) {
          passes_.push_back({static_cast<int64_t>(pieces_.size()), 0});
          in_pass = 0;
        }
        pieces_.push_back({s, offset, k, total_depth_});
        ++passes_.back().count;
        in_pass += k;
        offset += k;
        total_depth_ += k;
      }
    }
  }

  // Pairs [begin, end) in the order panel, tile.
  void Stretch(int64_t begin, int64_t end) const {
    while (begin < end) {
      const int64_t panel = begin / tiles_, tile = begin % tiles_;
      const int64_t count = std::min(tiles_ - tile, end - begin);
      if (tile == 0 && count == tiles_) {
        const int64_t whole = (end - begin) / tiles_;
        Rows(0, tiles_, panel, panel + whole);
        begin += whole * tiles_;
      } else {
        Rows(tile, tile + count, panel, panel + 1);
        begin += count;
      }
    }
  }

  // A tile's rows of the output: of one group or two, which follow each other.
  struct TilePlace {
    int64_t row = 0;
    int rows = 0, second_rows = 0;
  };
  // The tiles of a block, their sums where a product takes several passes, and where their rows lie, all pieces of a
  // tile one after the other.
  struct Block {
    std::vector<TilePlace> places;
    std::vector<GemmSegment> segments;
    Aligned<float> sums;  // [panel][tile]; null: one pass
  };

  void Rows(int64_t tile_begin, int64_t tile_end, int64_t panel_begin, int64_t panel_end) const {
    const int64_t pieces = static_cast<int64_t>(pieces_.size());
    const int64_t tiles = std::min(gemm_.block_tiles, tile_end - tile_begin);
    const int64_t together = std::min(rows_stay_ ? gemm_.small_panels : gemm_.block_panels, panel_end - panel_begin);
    Block block;
    if (passes_.size() > 1) block.sums = AllocateAligned<float>(together * tiles * TileSums());
    block.places.resize(tiles);
    block.segments.resize(tiles * pieces);
    for (int64_t begin = tile_begin; begin < tile_end; begin += tiles) {
      block.places.resize(std::min(tiles, tile_end - begin));
      for (size_t i = 0; i < block.places.size(); ++i)
        block.places[i] = Place(begin + static_cast<int64_t>(i), block.segments.data() + i * pieces);
      for (int64_t p = panel_begin; p < panel_end; p += together)
        Panels(block, p, std::min(p + together, panel_end), panel_end);
    }
  }

  // All passes for panels that take turns; `limit`: the end of those that come after them.
  void Panels(const Block& block, int64_t begin, int64_t end, int64_t limit) const {
    const int64_t tiles = static_cast<int64_t>(block.places.size()), panels = end - begin;
    for (size_t pass = 0; pass < passes_.size(); ++pass) {
      Weights next;
      for (int64_t i = 0; i < tiles * panels; ++i) {
        const int64_t tile = rows_stay_ ? i / panels : i % tiles;
        const int64_t p = begin + (rows_stay_ ? i % panels : i / tiles);
        GemmTile t = Tile(block, tile, w_.At(p), pass, (p - begin) * tiles + tile);
        if (!rows_stay_) {
          if (tile == 0) next = Following(pass, p, begin, end, limit);
          t.ahead_bytes = CeilDiv(next.bytes, tiles);
          if (next.from) t.ahead = next.from + tile * t.ahead_bytes;
        }
        gemm_.run(t);
      }
    }
  }

  struct Weights {
    const char* from = nullptr;
    int64_t bytes = 0;
  };
  Weights Part(int64_t panel, size_t pass) const {
    const PackedMatrix::Panel p = w_.At(panel);
    const Piece &first = pieces_[passes_[pass].first], &last = pieces_[passes_[pass].first + passes_[pass].count - 1];
    return {p.rows + first.row * p.row_bytes, (last.row + last.k - first.row) * p.row_bytes};
  }
  // What is read after this panel in this pass.
  Weights Following(size_t pass, int64_t panel, int64_t begin, int64_t end, int64_t limit) const {
    if (panel + 1 < end) return Part(panel + 1, pass);
    if (pass + 1 < passes_.size()) return Part(begin, pass + 1);
    return end < limit ? Part(end, 0) : Weights{};
  }

  int64_t TileSums() const { return static_cast<int64_t>(gemm_.rows) * gemm_.groups * k_.panel_width; }

  struct GroupPlace {
    int64_t image = 0, line = 0, begin = 0;  // place of the first row
    int64_t row = 0;                         // of the output
    int rows = 0;
  };
  GroupPlace Group(int64_t group) const {
    const int64_t line_index = group / groups_per_line_, in_line = group % groups_per_line_;
    // Groups of a line are as equal as they can be; those of a matrix unit, which has to be told of a change, as large.
    const bool equal = gemm_.groups == 1;
    const auto at = [&](int64_t i) {
      return equal ? p_.places * i / groups_per_line_ : std::min(i * gemm_.rows, p_.places);
    };
    const int64_t begin = at(in_line);
    return {line_index / p_.lines, line_index % p_.lines, begin, line_index * p_.places + begin,
            static_cast<int>(at(in_line + 1) - begin)};
  }
  // Where the group's rows begin; null: outside.
  const void* At(const GroupPlace& place, const Piece& piece) const {
    const RowSource& source = p_.sources[piece.source];
    if (place.line < source.first_line || place.line >= source.last_line) return nullptr;
    const int64_t at = place.image * source.image_stride + place.line * source.line_stride +
                       place.begin * source.place_stride + piece.offset;
    return static_cast<const char*>(source.base) + at * size_;
  }

  TilePlace Place(int64_t tile, GemmSegment* segments) const {
    const GroupPlace first = Group(tile * gemm_.groups);
    const bool two = gemm_.groups == 2 && 2 * tile + 1 < groups_;
    const GroupPlace second = two ? Group(2 * tile + 1) : GroupPlace{};
    for (const Piece& piece : pieces_)
      *segments++ = {At(first, piece), two ? At(second, piece) : nullptr, p_.sources[piece.source].place_stride,
                     piece.k};
    return {first.row, first.rows, second.rows};
  }

  GemmTile Tile(const Block& block, size_t tile, const PackedMatrix::Panel& panel, size_t pass,
                int64_t sums_place) const {
    const TilePlace& place = block.places[tile];
    const GemmSegment* segments = block.segments.data() + tile * pieces_.size();
    float* sums = block.sums ? block.sums.get() + sums_place * TileSums() : nullptr;
    // Pieces whose line lies outside are at the beginning and at the end.
    const auto outside = [&](int64_t piece) { return !segments[piece].a && !segments[piece].second; };
    int64_t first = passes_[pass].first, end = first + passes_[pass].count;
    while (first < end && outside(first)) ++first;
    while (first < end && outside(end - 1)) --end;
    const bool last = pass + 1 == passes_.size();
    GemmTile t;
    t.rows = place.rows;
    t.second_rows = place.second_rows;
    t.segments = static_cast<int>(end - first);
    t.segment = segments + first;
    if (first < end) t.panel = panel.rows + pieces_[first].row * panel.row_bytes;
    t.narrow = panel.narrow;
    t.start = pass == 0 ? nullptr : sums;
    t.partial = last ? nullptr : sums;
    t.bias = panel.bias;
    if (p_.residual)
      t.residual = static_cast<const char*>(p_.residual) + (place.row * p_.residual_stride + panel.column) * size_;
    t.residual_stride = p_.residual_stride;
    t.out = static_cast<char*>(p_.out) + (place.row * p_.out_stride + panel.column) * size_;
    t.out_stride = p_.out_stride;
    t.columns = panel.columns;
    t.activation = w_.gated() ? Activation::kGeglu : p_.activation;
    return t;
  }

  const Product& p_;
  const PackedMatrix& w_;
  const Kernels& k_;
  int64_t size_;
  const GemmKernel& gemm_;
  int64_t groups_per_line_ = 1, groups_ = 0, tiles_ = 0, total_depth_ = 0;
  bool rows_stay_ = false;
  std::vector<Pass> passes_;
  std::vector<Piece> pieces_;
};

}  // namespace

void Run(const Product& product) { Runner(product).Run(); }

}  // namespace skipbench::cpu
