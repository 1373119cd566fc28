// The product of rows and a matrix of floats in panels.
//
// A thread takes whole panels. Of a panel it takes kStretchDepth steps of the depth at a time, small enough for the
// innermost cache, and multiplies all rows by them, a tile of rows after the other, whose sums wait in between. So a
// weight is read from memory once, whatever the number of rows, while the next ones are asked for. Each sum starts at
// the bias and adds its products from the first step of the depth to the last, whatever the tile or block; of bfloat16, which
// has an order of its own, see pair_tile_impl.h.
#include "round_bfloats_impl.h"

namespace tokenflare {
namespace {

constexpr int kFloatTileRows = TOKENFLARE_FLOAT_TILE_ROWS;
constexpr int kPanelVectors = kPanelWidth / kWidth;

// 24 KiB of weights; with few tiles half of it, so that the block after it has room beside it.
#ifdef TOKENFLARE_STRETCH_DEPTH
constexpr int64_t kStretchDepth = TOKENFLARE_STRETCH_DEPTH;
#else
constexpr int64_t kStretchDepth = 192;
#endif
static_assert(kStretchDepth / 2 % kBlockDepth == 0, "a stretch has whole blocks");
constexpr int kFewTiles = 4;
// How far ahead one tile alone asks for weights: what is on its way from memory at a time.
constexpr int64_t kFloatBytesAhead = 3072;
// A block more: its columns may be taken in two turns.
constexpr int64_t kPairBytesAhead = 5120;

inline Vector LoadWeights(const float *from) { return Load(from); }
inline Vector LoadWeights(const Float16 *from) { return LoadHalves(reinterpret_cast<const uint8_t *>(from)); }

// Two numbers of the depth of bfloat16, the first one in the lower half: a step of the depth is such a pair.
struct BFloatPair {
  uint32_t bits;
};
// Such a pair in float32. A register's first numbers lie side by side, then its second ones.
struct WidePair {
  float numbers[2];
};
template <typename Weight>
constexpr bool kIsPair = false;
template <>
constexpr bool kIsPair<BFloatPair> = true;
template <>
constexpr bool kIsPair<WidePair> = true;

// Some steps of the depth of a panel, as one tile of rows multiplies them.
template <typename Weight>
struct Stretch {
  const Weight *weights;  // [depth, kPanelWidth]
  int64_t depth;
  const char *ahead;  // what is needed next, as long as the weights: a tile asks for its share of it
  int tile, num_tiles;
};

// Where a tile's sums begin and end.
struct FloatEnds {
  const float *bias;  // [kPanelWidth], where the sums begin in the first block; else null
  float *sums;        // [rows, kPanelWidth], the sums between blocks and after the last
  bool is_last;
  bool gelu;
  const float *residual;  // of the first row and column of the tile, or null
  float *output;          // the same
  int64_t num_out;
  int num_cols;
};

// Leaves what the sums become in the output.
__attribute__((noinline)) void FinishFloats(const FloatEnds &ends, int num_rows) {
  for (int row = 0; row < num_rows; row++) {
    float *sums = ends.sums + row * kPanelWidth;
    const float *residual = ends.residual == nullptr ? nullptr : ends.residual + row * ends.num_out;
    float *output = ends.output + row * ends.num_out;
    float *to = ends.num_cols == kPanelWidth ? output : sums;
    for (int v = 0; v < kPanelWidth; v += kWidth) {
      const Vector sum = Load(sums + v);
      Store(to + v, ends.gelu ? GeluOf(sum) : sum);
    }
    if (to == sums) __builtin_memcpy(output, sums, ends.num_cols * sizeof(float));
    if (residual == nullptr) continue;
    for (int col = 0; col < ends.num_cols; col++) output[col] += residual[col];
  }
}

#ifdef TOKENFLARE_NARROW_TILES
}  // namespace
}  // namespace tokenflare
#include "float_tile_impl.h"
namespace tokenflare {
namespace {
#else

template <int kRows, typename Weight>
inline __attribute__((always_inline)) void MultiplyFloats(const float *x, int64_t x_stride, const Stretch<Weight> &block,
                                                        Vector (&sums)[kRows][kPanelVectors]) {
  int until_prefetch = block.tile;
  for (int64_t k = 0; k < block.depth; k++) {
    if (until_prefetch-- == 0) {
      const char *line = block.ahead + k * kPanelWidth * sizeof(Weight);
      for (size_t byte = 0; byte < kPanelWidth * sizeof(Weight); byte += 64) {
        __builtin_prefetch(line + byte, 0, 2);
      }
      until_prefetch = block.num_tiles - 1;
    }
#ifdef __clang__
    // Clang loads all weights of a step first. With the sums of three rows and a number of a row they take one register more
    // than AVX2 and NEON have, and sums would go through memory. So each register of weights is used before the next is
    // loaded. GCC orders the loads well itself; this order costs it 4 %.
    if constexpr (kParts > 1) {
      Part values[kRows];
#pragma GCC unroll 12
      for (int row = 0; row < kRows; row++) values[row] = x[row * x_stride + k] - Part{};
#pragma GCC unroll 8
      for (int i = 0; i < kPanelVectors * kParts; i++) {
        const int v = i / kParts, part = i % kParts;
        const Part weights = LoadWeights(block.weights + k * kPanelWidth + v * kWidth).parts[part];
#pragma GCC unroll 12
        for (int row = 0; row < kRows; row++) {
          sums[row][v].parts[part] = FmaPart(values[row], weights, sums[row][v].parts[part]);
        }
      }
      continue;
    }
#endif
    Vector weights[kPanelVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kPanelVectors; v++) weights[v] = LoadWeights(block.weights + k * kPanelWidth + v * kWidth);
#pragma GCC unroll 12
    for (int row = 0; row < kRows; row++) {
      const Vector value = Splat(x[row * x_stride + k]);
#pragma GCC unroll 2
      for (int v = 0; v < kPanelVectors; v++) sums[row][v] = Fma(value, weights[v], sums[row][v]);
    }
  }
}

template <int kRows, typename Weight>
__attribute__((noinline)) void FloatTile(const float *x, int64_t x_stride, const Stretch<Weight> &block, const FloatEnds &ends) {
  // Unrolled to the end, or the sums would lie in memory and not in registers.
  Vector sums[kRows][kPanelVectors];
  const float *from = ends.bias != nullptr ? ends.bias : ends.sums;
  const int64_t from_stride = ends.bias != nullptr ? 0 : kPanelWidth;
#pragma GCC unroll 12
  for (int row = 0; row < kRows; row++) {
#pragma GCC unroll 2
    for (int v = 0; v < kPanelVectors; v++) sums[row][v] = Load(from + row * from_stride + v * kWidth);
  }
  MultiplyFloats<kRows, Weight>(x, x_stride, block, sums);
#pragma GCC unroll 12
  for (int row = 0; row < kRows; row++) {
#pragma GCC unroll 2
    for (int v = 0; v < kPanelVectors; v++) Store(ends.sums + row * kPanelWidth + v * kWidth, sums[row][v]);
  }
  if (ends.is_last) FinishFloats(ends, kRows);
}

#endif

}  // namespace
}  // namespace tokenflare
#include "pair_tile_impl.h"
namespace tokenflare {
namespace {

template <int kRows, typename Weight, typename... Rest>
inline void FloatTail(int num_rows, const Rest &...rest) {
  if (num_rows == kRows) {
    if constexpr (kIsPair<Weight>) {
      PairTile<kRows, Weight>(rest...);
    } else {
      FloatTile<kRows, Weight>(rest...);
    }
  } else if constexpr (kRows > 1) {
    FloatTail<kRows - 1, Weight>(num_rows, rest...);
  }
}

// Widening a block once is cheaper than in every tile of rows; with few tiles the copy costs more than it saves.
template <typename Half>
const float *WidenStretch(const Half *weights, int64_t size) {
  float *widened = Scratch(0, size);
  for (int64_t i = 0; i < size; i += kWidth) Store(widened + i, LoadWeights(weights + i));
  return widened;
}

const float *WidenStretch(const float *weights, int64_t) { return weights; }

const WidePair *WidenStretch(const BFloatPair *weights, int64_t size) {
  float *widened = Scratch(0, 2 * size);
  for (int64_t i = 0; i < size; i += kPartWidth) {
    *reinterpret_cast<LoosePart *>(widened + 2 * i) = LoadNumbers<false>(weights + i);
    *reinterpret_cast<LoosePart *>(widened + 2 * i + kPartWidth) = LoadNumbers<true>(weights + i);
  }
  return reinterpret_cast<const WidePair *>(widened);
}

template <typename Weight>
void MultiplyFloatPanel(const Product &product, const PanelOf &panel_of) {
  // Of the depth in a step.
  constexpr int64_t kNumbers = kIsPair<Weight> ? 2 : 1;
  constexpr bool kIsHalf = sizeof(Weight) < kNumbers * sizeof(float);
  const float *x = kIsPair<Weight> ? product.bfloats : product.x, *residual = product.residual;
  const Matrix &matrix = product.matrix;
  const int64_t num_rows = product.num_rows;
  float *output = product.output;
  const int64_t col = panel_of.Column(), depth = kIsPair<Weight> ? PaddedDepth(matrix.depth) / 2 : matrix.depth;
  const int num_cols = panel_of.NumCols();
  const Weight *panel = reinterpret_cast<const Weight *>(panel_of.segment.panels) + panel_of.index * depth * kPanelWidth;
  float panel_bias[kPanelWidth] = {};
  if constexpr (kIsPair<Weight>) LoadBFloatBias(product, panel_of, panel_bias);
  else if (product.bias != nullptr) __builtin_memcpy(panel_bias, product.bias + col, num_cols * sizeof(float));
  const int num_tiles = static_cast<int>((num_rows + kFloatTileRows - 1) / kFloatTileRows);
  const bool widen = kIsHalf && num_tiles >= kFewTiles;
  constexpr int64_t kStretch = kStretchDepth / kNumbers, kBytesAhead = kIsPair<Weight> ? kPairBytesAhead : kFloatBytesAhead;
  const int64_t block_depth = num_tiles == 1 ? depth : num_tiles < kFewTiles ? kStretch / 2 : kStretch;
  float *sums = Scratch(1, num_rows * kPanelWidth);
  for (int64_t k = 0; k < depth; k += block_depth) {
    const int64_t steps = Least(block_depth, depth - k);
    const Weight *weights = panel + k * kPanelWidth;
    const char *ahead = reinterpret_cast<const char *>(weights) +
                        (num_tiles == 1 ? kBytesAhead : steps * kPanelWidth * static_cast<int64_t>(sizeof(Weight)));
    const auto *wide = widen ? WidenStretch(weights, steps * kPanelWidth) : nullptr;
    for (int tile = 0; tile < num_tiles; tile++) {
      const int64_t row = static_cast<int64_t>(tile) * kFloatTileRows;
      const int rows = static_cast<int>(Least<int64_t>(kFloatTileRows, num_rows - row));
      const FloatEnds ends = {k == 0 ? panel_bias : nullptr,
                             sums + row * kPanelWidth,
                             k + steps == depth,
                             product.gelu,
                             residual == nullptr ? nullptr : residual + row * matrix.num_out + col,
                             output + row * matrix.num_out + col,
                             matrix.num_out,
                             num_cols};
      const float *from = x + kNumbers * (row * depth + k);
      const int64_t stride = kNumbers * depth;
      if (widen) {
        using Wide = std::remove_const_t<std::remove_pointer_t<decltype(wide)>>;
        FloatTail<kFloatTileRows, Wide>(rows, from, stride, Stretch<Wide>{wide, steps, ahead, tile, num_tiles}, ends);
      } else {
        FloatTail<kFloatTileRows, Weight>(rows, from, stride, Stretch<Weight>{weights, steps, ahead, tile, num_tiles}, ends);
      }
    }
  }
}

void FloatPanel(const Product &product, const PanelOf &panel) {
  switch (panel.segment.format) {
    case Format::kBF16: return MultiplyFloatPanel<BFloatPair>(product, panel);
    case Format::kF16: return MultiplyFloatPanel<Float16>(product, panel);
    default: return MultiplyFloatPanel<float>(product, panel);
  }
}

}  // namespace
}  // namespace tokenflare
