// The product of rounded rows and a matrix of integers in panels.
//
// Integers are exact, and each float sum starts at zero and adds its blocks from the first to the last: a result has
// the same bits whatever the tile, the thread or the instruction set.
#include "activation_impl.h"
#include "round_rows_impl.h"

namespace tokenflare {
namespace {

// Sixteen scales or factors.
TOKENFLARE_INLINE Vector LoadScale(const uint8_t *from) {
  if constexpr (kScaleSize == 2) return LoadHalves(from);
  return Load(reinterpret_cast<const float *>(from));
}

// What the integers of a block are multiplied by, and what is added, for outputs 0 to 15 and 16 to 31.
template <Format kFormat>
struct BlockScales {
  Vector scales[LayoutOf(kFormat).scales][2];
  Vector minimums[2];
};

// `set`: the factors before the set of blocks that this one belongs to, where the format has sets.
template <Format kFormat>
TOKENFLARE_INLINE BlockScales<kFormat> LoadScales(const uint8_t *set, const uint8_t *block) {
  constexpr IntegerLayout kLayout = LayoutOf(kFormat);
  BlockScales<kFormat> loaded;
#pragma GCC unroll 2
  for (int half = 0; half < 2; half++) {
    const int64_t output = half * kWidth;
    if constexpr (!kLayout.is_set) {
      loaded.scales[0][half] = LoadScale(block + kScaleSize * output);
      if constexpr (kLayout.has_minimum) loaded.minimums[half] = LoadScale(block + kScaleBytes + kScaleSize * output);
    } else if constexpr (kLayout.has_minimum) {
      loaded.scales[0][half] = WidenUnsigned(block + output) * LoadScale(set + kScaleSize * output);
      loaded.minimums[half] = WidenUnsigned(block + kPanelWidth + output) * LoadScale(set + kScaleBytes + kScaleSize * output);
    } else {
      const Vector factor = LoadScale(set + kScaleSize * output);
      loaded.scales[0][half] = WidenSigned(block + output) * factor;
      loaded.scales[1][half] = WidenSigned(block + kPanelWidth + output) * factor;
    }
  }
  return loaded;
}

// The sums of a tile: of outputs 0 to 15 and 16 to 31, register by register.
template <int kRows>
using TileSums = Part[kRows][2][kParts];

// Adds what one part of a block and the rows of a tile make, for a register of outputs 0 to 15 and one of 16 to 31.
template <Format kFormat, int kPart, int kRows>
TOKENFLARE_INLINE void MultiplyGroup(const uint8_t *quads, const RowBlock &rows, const Vector (&scales)[2], int group,
                                     TileSums<kRows> &sums) {
  IntPart dots[kRows][2];
  DotGroup<kFormat, kPart, kRows>(quads, rows, group, dots);
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    const Part scale = rows.scales[row] - Part{};
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
      const Part dot = __builtin_convertvector(dots[row][half], Part);
      sums[row][half][group] = FmaPart(dot, scales[half].parts[group] * scale, sums[row][half][group]);
    }
  }
}

// Adds what one part of a block makes for all outputs. Where registers are short, the sums of 32 outputs would not stay in
// them: a loop is as fast and has less code. Else there must be none, or a compiler keeps them in memory.
template <Format kFormat, int kPart, int kRows>
TOKENFLARE_INLINE void MultiplyPart(const uint8_t *quads, const RowBlock &rows, const Vector (&scales)[2],
                                    TileSums<kRows> &sums) {
  if constexpr (kParts == 1) {
    MultiplyGroup<kFormat, kPart, kRows>(quads, rows, scales, 0, sums);
  } else {
#pragma GCC unroll 1
    for (int group = 0; group < kParts; group++) {
      MultiplyGroup<kFormat, kPart, kRows>(quads, rows, scales, group, sums);
    }
  }
}

// One block of a panel, times the rows of a tile.
template <Format kFormat, int kRows>
TOKENFLARE_INLINE void MultiplyBlock(const uint8_t *set, const uint8_t *block, const RowBlock &rows,
                                     TileSums<kRows> &sums) {
  const BlockScales<kFormat> loaded = LoadScales<kFormat>(set, block);
  const uint8_t *quads = block + ScalesBytes(kFormat);
  MultiplyPart<kFormat, 0, kRows>(quads, rows, loaded.scales[0], sums);
  if constexpr (LayoutOf(kFormat).scales == 2) MultiplyPart<kFormat, 1, kRows>(quads, rows, loaded.scales[1], sums);
  if constexpr (LayoutOf(kFormat).has_minimum) {
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      const Part sum = rows.scales[row] * static_cast<float>(rows.sums[row]) - Part{};
#pragma GCC unroll 2
      for (int half = 0; half < 2; half++) {
#pragma GCC unroll 4
        for (int group = 0; group < kParts; group++) {
          sums[row][half][group] = FmaPart(loaded.minimums[half].parts[group], sum, sums[row][half][group]);
        }
      }
    }
  }
}

// What a tile asks memory for while it computes: of blocks as long as its own, from `from` on, each `num_tiles`th.
struct Ahead {
  const uint8_t *from;
  int tile, num_tiles;
};

// A tile of rows and a panel.
struct TileProduct {
  const uint8_t *panel;
  const RowBlock *rows;
  int64_t num_blocks;
  Ahead ahead;
  const float *bias;      // [32], or null
  const float *residual;  // of the tile's first row and the panel's first output, or null
  float *output;          // the same
  int64_t stride;         // from row to row of residual and output
  int num_cols;
  bool gelu;
};

// Leaves what a tile's sums, [rows][32], become in the output. Apart from the tiles: their code is there many times.
__attribute__((noinline)) void FinishTile(const TileProduct &product, int num_rows, float *sums) {
  for (int row = 0; row < num_rows; row++, sums += kPanelWidth) {
    float *output = product.output + row * product.stride;
    const float *residual = product.residual == nullptr ? nullptr : product.residual + row * product.stride;
    const bool is_whole = product.num_cols == kPanelWidth;
#pragma GCC unroll 2
    for (int v = 0; v < kPanelWidth; v += kWidth) {
      Vector sum = Load(sums + v);
      if (product.bias != nullptr) sum += Load(product.bias + v);
      if (product.gelu) sum = GeluOf(sum);
      if (is_whole && residual != nullptr) sum += Load(residual + v);
      Store(is_whole ? output + v : sums + v, sum);
    }
    for (int col = 0; !is_whole && col < product.num_cols; col++) {
      output[col] = residual == nullptr ? sums[col] : sums[col] + residual[col];
    }
  }
}

// How far ahead a tile that is alone asks for weights. Of several each asks for its share of the next panel, so that
// memory is at work as long as the processor is.
constexpr int64_t kBytesAhead = 4096;

template <Format kFormat, int kRows>
__attribute__((noinline)) void MultiplyTile(const TileProduct &product, int num_rows) {
  TileSums<kRows> sums;
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
#pragma GCC unroll 4
    for (int group = 0; group < kParts; group++) sums[row][0][group] = sums[row][1][group] = Part{};
  }
  int until_asked = product.ahead.tile;
  const uint8_t *set = product.panel, *block = product.panel + SetBytes(kFormat);
  for (int64_t b = 0; b < product.num_blocks; b++, block += BlockBytes(kFormat)) {
    if (IsSet(kFormat) && b > 0 && b % kSetBlocks == 0) {
      set = block;
      block += SetBytes(kFormat);
    }
    if (until_asked-- == 0) {
      until_asked = product.ahead.num_tiles - 1;
      const uint8_t *ahead = product.ahead.from + (block - product.panel);
      if (product.ahead.num_tiles == 1) {
        for (int64_t byte = 0; byte < BlockBytes(kFormat); byte += 64) __builtin_prefetch(ahead + byte, 0, 3);
      } else {
        for (int64_t byte = 0; byte < BlockBytes(kFormat); byte += 64) __builtin_prefetch(ahead + byte, 0, 2);
      }
    }
    MultiplyBlock<kFormat, kRows>(set, block, product.rows[b], sums);
  }
  alignas(64) float stored[kRows][kPanelWidth];
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
      Store(stored[row] + half * kWidth, EachPart([&](int p) -> Part { return sums[row][half][p]; }));
    }
  }
  FinishTile(product, num_rows, stored[0]);
}

// With TOKENFLARE_FEW_TILES there is less code: three rows are computed as four, and five as six. The last row then has no
// meaning, and is not stored.
template <Format kFormat>
inline void MultiplyRows(int num_rows, const TileProduct &product) {
  switch (num_rows) {
    case 1: return MultiplyTile<kFormat, 1>(product, num_rows);
    case 2: return MultiplyTile<kFormat, 2>(product, num_rows);
#ifdef TOKENFLARE_FEW_TILES
    case 3:
    case 4: return MultiplyTile<kFormat, 4>(product, num_rows);
#ifndef __wasm__
    case 5:
#endif
#else
    case 3: return MultiplyTile<kFormat, 3>(product, num_rows);
    case 4: return MultiplyTile<kFormat, 4>(product, num_rows);
    case 5: return MultiplyTile<kFormat, 5>(product, num_rows);
#endif
#ifndef __wasm__
    case 6: return MultiplyTile<kFormat, 6>(product, num_rows);
#endif
  }
}
static_assert(kTileRows == 6 || kTileRows == 4, "a tile of each size has its code");

// The rows are rounded.
template <Format kFormat>
void MultiplyIntegerPanel(const Product &product, const PanelOf &panel) {
  const int64_t num_out = product.matrix.num_out, num_blocks = NumBlocks(product.matrix.depth), col = panel.Column();
  const int num_cols = panel.NumCols();
  const TileSplit split(product.num_rows);
  float bias[kPanelWidth] = {};
  if (product.bias != nullptr) __builtin_memcpy(bias, product.bias + col, num_cols * sizeof(float));
  const uint8_t *numbers = panel.segment.panels + panel.index * PanelBytes(kFormat, product.matrix.depth);
  const int num_tiles = static_cast<int>(split.num_tiles);
  const uint8_t *ahead = numbers + (num_tiles == 1 ? kBytesAhead : PanelBytes(kFormat, product.matrix.depth));
  for (int tile = 0; tile < num_tiles; tile++) {
    const int64_t row = split.FirstRow(tile);
    const float *residual = product.residual == nullptr ? nullptr : product.residual + row * num_out + col;
    MultiplyRows<kFormat>(static_cast<int>(split.FirstRow(tile + 1) - row),
                          {numbers, product.rounded + tile * num_blocks, num_blocks, {ahead, tile, num_tiles}, bias, residual,
                           product.output + row * num_out + col, num_out, num_cols, product.gelu});
  }
}

}  // namespace
}  // namespace tokenflare
