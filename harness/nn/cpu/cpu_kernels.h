// The arithmetic of the layers on x86-64 CPUs: what costs the time of a forward pass, written once with vectors of any
// width (cpu_kernels.inc) and compiled for AVX2, for AVX-512 and for AVX-512 with bfloat16 dot products; and products
// of bfloat16 on AMX, the matrix unit (cpu_amx.inc). A program built anywhere picks the best set that the machine at
// hand has; a machine with none runs on ATen alone.
//
// bfloat16 is the type of what lies in memory: weights, activations, and the two factors of a product, which is made in
// float32 where the CPU has no instruction for it. Sums of products, moments, softmax and everything between a load and
// a store are float32 (moments are joined in float64).
//
// Kernels work on raw memory, on one thread, on a part of the problem; the callers split the work. Every output element
// is computed by the same operations in the same order however the work is split: results depend neither on the number
// of threads nor on the batch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skipbench::cpu {

// Rows of the left matrix of a product: `k` consecutive values each, row i at a + i * row_stride (in elements). A
// product runs over several segments one after the other: the taps of a convolution, the two halves of a concatenation.
// Rows of a second group (see GemmTile) lie elsewhere, at the same distance. Null: the group has zeros there.
struct GemmSegment {
  const void* a = nullptr;
  const void* second = nullptr;
  int64_t row_stride = 0;
  int64_t k = 0;
};

// What is done with a product's sums and its bias.
enum class Activation {
  kNone,
  kGeglu,     // a panel's halves are h and g: h * gelu(g), half as wide
  kGeluTanh,  // 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
};

// out[rows, columns] = activation(sum over segments of A * panel + bias) (+ residual), for the rows of one tile and one
// panel of packed weights: [k][panel_width] (bfloat16: [k / 2][panel_width][2]), all segments one after the other. A
// tile is a group of rows, or two whose output rows follow each other; sums of the second begin at row
// GemmKernel::rows.
struct GemmTile {
  int rows = 0;
  int second_rows = 0;
  int segments = 0;
  const GemmSegment* segment = nullptr;
  const void* panel = nullptr;
  bool narrow = false;             // the panel is only half as wide
  const float* start = nullptr;    // [rows][panel_width] sums so far; null: zero
  float* partial = nullptr;        // if set, the sums go here and nothing below is done
  const float* bias = nullptr;     // [panel_width]; null: none
  const void* residual = nullptr;  // added, row i at residual + i * residual_stride; null: none
  int64_t residual_stride = 0;
  void* out = nullptr;
  int64_t out_stride = 0;
  int columns = 0;  // valid columns of the output
  Activation activation = Activation::kNone;
  const void* ahead = nullptr;  // packed weights that will be wanted next: a kernel may ask the memory for them
  int64_t ahead_bytes = 0;
};

// A kernel of products, and how it wants them cut.
struct GemmKernel {
  void (*run)(const GemmTile&) = nullptr;
  int rows = 0;    // of a group of a tile, at most
  int groups = 1;  // of a tile, at most
  // Bytes of a panel (of full width) that are worked through together, so that they stay in a cache while all tiles of
  // a block pass.
  int64_t panel_bytes = 0;
  // Tiles of a block and panels that take turns; their sums, when a product takes several passes over the depth, stay
  // in a cache, too.
  int64_t block_tiles = 1, block_panels = 1;
  // Products whose whole panels are no larger than this many bytes: a tile's rows stay in the first-level cache while
  // as many panels pass, which stay in the second-level one. Of wide outputs a tile then writes the panels' columns of
  // a row side by side. 0: none are so small.
  int64_t small_panel_bytes = 0, small_panels = 1;
};

// One head of attention for a block of queries: out = softmax(scale * q k^T) v. Scores and softmax are float32.
struct AttentionBlockArgs {
  const void* q = nullptr;  // [queries][dim], rows at q_stride (in elements)
  int64_t q_stride = 0;
  int queries = 0;               // at most AttentionKernel::queries * groups
  const void* keys = nullptr;    // packed by pack_keys
  const void* values = nullptr;  // packed by pack_values
  int64_t length = 0;            // keys
  int64_t dim = 0;
  float scale = 1;
  void* out = nullptr;
  int64_t out_stride = 0;
  float* scratch = nullptr;  // AttentionKernel::scratch() floats, aligned like a cache line
};

// Keys and values of a head ([length][dim], rows at `stride`) are packed once for all blocks of queries; sizes are in
// elements. `dim` of bfloat16 must be even.
struct AttentionKernel {
  void (*run)(const AttentionBlockArgs&) = nullptr;
  int queries = 0;  // of a group, at most: those whose sums are in the registers together
  int groups = 1;   // of a block, at most: those that the same keys pass while they are in a cache
  int64_t (*keys_size)(int64_t length, int64_t dim) = nullptr;
  int64_t (*values_size)(int64_t length, int64_t dim) = nullptr;
  void (*pack_keys)(const void* k, int64_t stride, int64_t length, int64_t dim, void* packed) = nullptr;
  void (*pack_values)(const void* v, int64_t stride, int64_t length, int64_t dim, void* packed) = nullptr;
  int64_t (*scratch)(int64_t dim) = nullptr;
};

// The kernels for one type of elements, float32 or bfloat16, which are what lies behind `void`.
struct ElementKernels {
  GemmKernel gemm;
  AttentionKernel attention;
  // By a matrix unit; `run` is null where there is none. Panels are the same as gemm's, but the order of additions is
  // not: which of the two computes a product follows from the layer and the rows of one sample, never from the batch.
  GemmKernel tile_gemm;
  AttentionKernel tile_attention;
  void (*release_tiles)() = nullptr;  // for a thread to call when it has used the two above; null: nothing to do

  // Per channel of `pixels` places ([pixels][channels], places at `stride`): mean and sum of squared deviations.
  void (*moments)(const void* x, int64_t stride, int64_t pixels, int64_t channels, double* mean, double* m2);
  // y = x * scale[c] + shift[c], then SiLU if asked.
  void (*affine)(const void* x, int64_t stride, int64_t pixels, int64_t channels, const float* scale,
                 const float* shift, bool silu, void* y, int64_t y_stride);
  // Rows of `features` values: (x - mean) / sqrt(var + eps) * weight + bias.
  void (*layer_norm)(const void* x, int64_t rows, int64_t features, const float* weight, const float* bias, float eps,
                     void* y);
  // h = x + gate * h for rows of `features` values.
  void (*gated_add)(const void* x, int64_t rows, int64_t features, const float* gate, void* h);
};

// The sums of one tile of a convolution (winograd.h), and where its 2 x 2 outputs go.
struct WinogradSums {
  const float* sums = nullptr;  // [16][columns], positions at position_stride
  int64_t position_stride = 0;
  const float* bias = nullptr;      // [columns]; null: none
  const float* residual = nullptr;  // added, laid out like `out`; null: none
  float* out = nullptr;             // the first output
  int64_t line_stride = 0, place_stride = 0;
  int columns = 0;
};

struct WinogradKernels {
  // Packed taps ([9][channels][width]) -> [16][channels][width].
  void (*weights)(const float* taps, int64_t channels, int64_t width, float* out) = nullptr;
  // Four lines (null: zeros) of four places of `channels` values -> [16][channels], positions at position_stride.
  void (*input)(const float* const lines[4], int64_t channels, float* out, int64_t position_stride) = nullptr;
  void (*output)(const WinogradSums& sums) = nullptr;
};

struct Kernels {
  const char* name;
  int lanes;        // floats in a vector
  int panel_width;  // columns of a panel of packed weights: 2 * lanes
  ElementKernels f32;
  ElementKernels bf16;
  WinogradKernels winograd;
};

// The set for this machine, or null. The variable SKIPBENCH_CPU_KERNELS (amx, avx512_bf16, avx512, avx2 or none) asks
// for less; amx_emulated computes what amx does, slowly, without a matrix unit. Another value throws Error.
const Kernels* BestKernels();
// Its name, and why it is less than what the machine has or what was asked for.
std::string DescribeKernels();
// All the sets that this machine can run, best first; amx_emulated is the last.
std::vector<const Kernels*> RunnableKernels();

// What BestKernels() chooses from, whether or not the machine has the instructions; null where the compiler cannot make
// them.
const Kernels* AmxKernels();
const Kernels* Avx512Bf16Kernels();
const Kernels* Avx512Kernels();
const Kernels* Avx2Kernels();
// Like AmxKernels(), with the matrix unit's instructions written out for AVX2.
const Kernels* AmxEmulatedKernels();

// Calls release_tiles() when a thread leaves the scope in which it used the matrix unit.
class TileUse {
 public:
  explicit TileUse(const ElementKernels& kernels) : release_(kernels.release_tiles) {}
  ~TileUse() {
    if (release_) release_();
  }
  TileUse(const TileUse&) = delete;
  TileUse& operator=(const TileUse&) = delete;

 private:
  void (*release_)();
};

}  // namespace skipbench::cpu
