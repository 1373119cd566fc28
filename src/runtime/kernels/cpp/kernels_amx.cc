// Compiled with the instructions of AMX beside those of AVX-512: products of many rows by tiles, with the sums and thus the
// bits of AVX-512 VNNI, whose kernels have all else. For bfloat16 see linear_tiles_bfloat_impl.h.
//
// A tile instruction multiplies the integers of one block of the depth, of 16 rows and 16 outputs, as exactly as VNNI does.
// Vectors then scale them. Tiles and vectors share ports: what limits this is the scaling.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels.h"
#include "pool.h"
#include "scratch.h"
#include "tiles.h"

#define TOKENFLARE_PART_WIDTH 16
#include "vector.h"

#include "integer_avx512.h"
#include "for_panels.h"
#include "linear_int8_impl.h"
#include "round_bfloats_impl.h"

namespace tokenflare {
namespace {

constexpr int kRows = kHighTileRows;

// 16 rows of activations, rounded by a block of 32 of the depth.
struct TileBlock {
  int8_t numbers[kRows][kBlockDepth];
  float scales[kRows];
  // The sum of a row's integers, times its scale.
  float scaled_sums[kRows];
};
static_assert(6 * sizeof(TileBlock) < kRows * sizeof(RowBlock), "RoundedBlocks has room for them");

// x [rows, depth] -> [tiles][blocks]
void RoundTiles(const float *x, int64_t depth, int64_t num_tiles, TileBlock *blocks) {
  const int64_t num_blocks = NumBlocks(depth);
  ParallelFor(num_tiles * kRows, [&](int64_t row) {
    TileBlock *to = blocks + row / kRows * num_blocks;
    const int64_t place = row % kRows;
    for (int64_t b = 0; b < num_blocks; b++, to++) {
      RowBlock block;
      RoundBlock(x + row * depth + b * kBlockDepth, Least(kBlockDepth, depth - b * kBlockDepth), 0, &block);
      __builtin_memcpy(to->numbers[place], block.numbers[0], kBlockDepth);
      to->scales[place] = block.scales[0];
      to->scaled_sums[place] = block.scales[0] * static_cast<float>(block.sums[0]);
    }
  });
}

// Four tiles of sums, then rows and weights of a block, and those of half a block.
constexpr TileShapes kTileShapes = {{64, 64, 64, 64, 32, 64, 16, 64}, {16, 16, 16, 16, 16, 8, 16, 4}};

// Blocks of a panel's depth that are unpacked at a time: they stay in the first level of the cache.
constexpr int kUnpacked = kSetBlocks;

template <Format kFormat>
struct alignas(64) UnpackedBlock {
  int8_t numbers[2][kBlockDepth / kQuad][kWidth][kQuad];  // of outputs 0 to 15 and 16 to 31
  BlockScales<kFormat> scales;
};

template <Format kFormat>
TOKENFLARE_INLINE void Unpack(const uint8_t *set, const uint8_t *block, UnpackedBlock<kFormat> *to) {
  const uint8_t *quads = block + ScalesBytes(kFormat);
  const Bytes zero_point = _mm512_set1_epi8(static_cast<char>(LayoutOf(kFormat).zero_point));
#pragma GCC unroll 8
  for (int quad = 0; quad < kBlockDepth / kQuad; quad++) {
    Bytes stored[2];
    LoadQuad<kFormat>(quads, quad, stored);
    _mm512_store_si512(to->numbers[0][quad], _mm512_sub_epi8(stored[0], zero_point));
    _mm512_store_si512(to->numbers[1][quad], _mm512_sub_epi8(stored[1], zero_point));
  }
  to->scales = LoadScales<kFormat>(set, block);
}

// The integers of rows and weights, over the part of a block's depth that has one scale, into tile kSums.
#define TOKENFLARE_MULTIPLY_TILE(sums, rows_tile, weights_tile, rows, weights) \
  TILE_ZERO(sums);                                                            \
  TILE_LOAD(rows_tile, rows, kBlockDepth);                                    \
  TILE_LOAD(weights_tile, weights, kWidth *kQuad);                            \
  TILE_DOT(sums, rows_tile, weights_tile)

template <bool kIsHalf>
TOKENFLARE_INLINE void MultiplyIntegers(int tile, const int8_t *rows, const void *weights) {
  if constexpr (kIsHalf) {
    switch (tile) {
      case 0: TOKENFLARE_MULTIPLY_TILE(0, 6, 7, rows, weights); break;
      case 1: TOKENFLARE_MULTIPLY_TILE(1, 6, 7, rows, weights); break;
      case 2: TOKENFLARE_MULTIPLY_TILE(2, 6, 7, rows, weights); break;
      case 3: TOKENFLARE_MULTIPLY_TILE(3, 6, 7, rows, weights); break;
    }
  } else {
    switch (tile) {
      case 0: TOKENFLARE_MULTIPLY_TILE(0, 4, 5, rows, weights); break;
      case 1: TOKENFLARE_MULTIPLY_TILE(1, 4, 5, rows, weights); break;
      case 2: TOKENFLARE_MULTIPLY_TILE(2, 4, 5, rows, weights); break;
      case 3: TOKENFLARE_MULTIPLY_TILE(3, 4, 5, rows, weights); break;
    }
  }
}

using Dots = int32_t[kRows][kWidth];

TOKENFLARE_INLINE void StoreDots(int tile, Dots &dots) {
  switch (tile) {
    case 0: TILE_STORE(0, dots, sizeof dots[0]); break;
    case 1: TILE_STORE(1, dots, sizeof dots[0]); break;
    case 2: TILE_STORE(2, dots, sizeof dots[0]); break;
    case 3: TILE_STORE(3, dots, sizeof dots[0]); break;
  }
}

// Adds what the integers of a part of a block make.
template <Format kFormat>
TOKENFLARE_INLINE void Scale(const Dots &dots, const UnpackedBlock<kFormat> &weights, int part, int half,
                             const TileBlock &rows, __m512 (&sums)[kRows]) {
  const Part scale = weights.scales.scales[part][half].parts[0];
#pragma GCC unroll 16
  for (int row = 0; row < kRows; row++) {
    const Part dot = (Part)_mm512_cvtepi32_ps(_mm512_load_si512(dots[row]));
    sums[row] = (__m512)FmaPart(dot, scale * (rows.scales[row] - Part{}), (Part)sums[row]);
  }
  if constexpr (LayoutOf(kFormat).has_minimum) {
    const Part minimum = weights.scales.minimums[half].parts[0];
#pragma GCC unroll 16
    for (int row = 0; row < kRows; row++) {
      sums[row] = (__m512)FmaPart(minimum, rows.scaled_sums[row] - Part{}, (Part)sums[row]);
    }
  }
}

// sums [16 rows][32], of which one half: += 16 rows times `count` blocks of 16 outputs. Tiles run ahead of vectors: a tile is
// stored two turns after its product, and scaled a turn later.
template <Format kFormat>
void MultiplyBlocks(const UnpackedBlock<kFormat> *weights, int count, int half, const TileBlock *rows, float *sums) {
  constexpr int kNumParts = LayoutOf(kFormat).scales, kNumSums = 4;
  constexpr int kQuads = kBlockDepth / kQuad / kNumParts;
  alignas(64) Dots dots[kNumSums];
  __m512 vectors[kRows];
#pragma GCC unroll 16
  for (int row = 0; row < kRows; row++) vectors[row] = _mm512_load_ps(sums + row * kPanelWidth + half * kWidth);
  const int num_turns = count * kNumParts;
  for (int turn = 0; turn < num_turns + 3; turn++) {
    if (turn < num_turns) {
      const int block = turn / kNumParts, part = turn % kNumParts;
      MultiplyIntegers<kNumParts == 2>(turn % kNumSums, rows[block].numbers[0] + part * kQuads * kQuad,
                                       weights[block].numbers[half][part * kQuads]);
    }
    if (turn >= 2 && turn - 2 < num_turns) StoreDots((turn - 2) % kNumSums, dots[(turn - 2) % kNumSums]);
    if (turn >= 3) {
      const int done = turn - 3, block = done / kNumParts;
      Scale<kFormat>(dots[done % kNumSums], weights[block], done % kNumParts, half, rows[block], vectors);
    }
  }
#pragma GCC unroll 16
  for (int row = 0; row < kRows; row++) _mm512_store_ps(sums + row * kPanelWidth + half * kWidth, vectors[row]);
}

// Rounded rows of a product, and how many tiles they make.
struct TiledRows {
  const TileBlock *blocks;
  const uint16_t *bfloats;
  int64_t num_tiles;
};

// Leaves what the sums [tiles][16 rows][32] become in the output; without a bias they began there.
void FinishTiles(const Product &product, const PanelOf &panel, int64_t num_tiles, const float *bias, float *sums) {
  const int64_t num_out = product.matrix.num_out;
  for (int64_t tile = 0; tile < num_tiles; tile++) {
    const int64_t start = tile * kRows * num_out + panel.Column();
    const float *residual = product.residual == nullptr ? nullptr : product.residual + start;
    FinishTile({nullptr, nullptr, 0, {}, bias, residual, product.output + start, num_out, panel.NumCols(), product.gelu},
               kRows, sums + tile * kRows * kPanelWidth);
  }
}

template <Format kFormat>
void MultiplyPanelByTiles(const Product &product, const TiledRows &rows, const PanelOf &panel) {
  const int64_t num_blocks = NumBlocks(product.matrix.depth);
  const int64_t panel_bytes = PanelBytes(kFormat, product.matrix.depth);
  float *sums = Scratch(1, rows.num_tiles * kRows * kPanelWidth);  // [tiles][16 rows][32]
  __builtin_memset(sums, 0, rows.num_tiles * kRows * kPanelWidth * sizeof(float));
  UnpackedBlock<kFormat> unpacked[kUnpacked];
  const uint8_t *block = panel.segment.panels + panel.index * panel_bytes;
  // In each chunk of work: another library may release them, or a thread may never have had them.
  TILE_CONFIGURE(&kTileShapes);
  for (int64_t first = 0; first < num_blocks; first += kUnpacked) {
    const int count = static_cast<int>(Least<int64_t>(kUnpacked, num_blocks - first));
    const uint8_t *set = block;
    block += SetBytes(kFormat);
    for (int i = 0; i < count; i++, block += BlockBytes(kFormat)) {
      const uint8_t *ahead = block + kUnpacked * BlockBytes(kFormat);
      for (int64_t byte = 0; byte < BlockBytes(kFormat); byte += 64) __builtin_prefetch(ahead + byte, 0, 2);
      Unpack<kFormat>(set, block, unpacked + i);
    }
    for (int64_t tile = 0; tile < rows.num_tiles; tile++) {
      for (int half = 0; half < 2; half++) {
        MultiplyBlocks<kFormat>(unpacked, count, half, rows.blocks + tile * num_blocks + first,
                                sums + tile * kRows * kPanelWidth);
      }
    }
  }
  TILE_RELEASE();
  float bias[kPanelWidth] = {};
  if (product.bias != nullptr) __builtin_memcpy(bias, product.bias + panel.Column(), panel.NumCols() * sizeof(float));
  FinishTiles(product, panel, rows.num_tiles, bias, sums);
}

}  // namespace
}  // namespace tokenflare
#include "linear_tiles_bfloat_impl.h"
namespace tokenflare {
namespace {

// From so many rows on tiles are faster. Blocks of bytes have nothing to unpack for VNNI, which is faster for longer.
int64_t LeastRows(const Matrix &matrix) {
  for (int i = 0; i < matrix.num_segments; i++) {
    if (matrix.segments[i].format == Format::kQ8) return 2 * kRows;
  }
  return kRows;
}

void MultiplyTiled(const Product &product, const TiledRows &rows, const PanelOf &panel) {
  switch (panel.segment.format) {
    case Format::kF32:
    case Format::kF16: return;
    case Format::kBF16: return MultiplyBFloatPanelByTiles(product, rows.bfloats, rows.num_tiles, panel);
    case Format::kQ8: return MultiplyPanelByTiles<Format::kQ8>(product, rows, panel);
    case Format::kQ4: return MultiplyPanelByTiles<Format::kQ4>(product, rows, panel);
    case Format::kQ4Min: return MultiplyPanelByTiles<Format::kQ4Min>(product, rows, panel);
    case Format::kQ5: return MultiplyPanelByTiles<Format::kQ5>(product, rows, panel);
    case Format::kQ5Min: return MultiplyPanelByTiles<Format::kQ5Min>(product, rows, panel);
    case Format::kQ4K: return MultiplyPanelByTiles<Format::kQ4K>(product, rows, panel);
    case Format::kQ5K: return MultiplyPanelByTiles<Format::kQ5K>(product, rows, panel);
    case Format::kQ6K: return MultiplyPanelByTiles<Format::kQ6K>(product, rows, panel);
  }
}

// The product of the rows from `first` on.
Product RowsFrom(const Product &product, int64_t first, RowBlock *rounded) {
  Product rest = product;
  const int64_t num_out = product.matrix.num_out;
  rest.x += first * product.matrix.depth;
  rest.num_rows -= first;
  rest.output += first * num_out;
  if (rest.residual != nullptr) rest.residual += first * num_out;
  rest.rounded = rounded;
  return rest;
}

// Rows beyond the last whole tile are VNNI's, panel by panel: their weights are in the cache then.
template <bool kHasBFloats>
void LinearByTiles(const Product &product) {
  const Kernels &vnni = *Avx512VnniKernels();
  const Matrix &matrix = product.matrix;
  const bool has_integers = matrix.HasIntegers(), has_bfloats = matrix.HasBFloats();
  const bool is_tiled = has_integers ? kHasBFloats || !has_bfloats : kHasBFloats && has_bfloats;
  if (!is_tiled || product.num_rows < LeastRows(matrix)) return vnni.linear(product);
  const int64_t num_tiles = product.num_rows / kRows, depth = matrix.depth;
  TiledRows rows = {reinterpret_cast<TileBlock *>(product.rounded), nullptr, num_tiles};
  RowBlock *behind = nullptr;
  if (has_integers) {
    TileBlock *blocks = reinterpret_cast<TileBlock *>(product.rounded);
    RoundTiles(product.x, depth, num_tiles, blocks);
    behind = reinterpret_cast<RowBlock *>(blocks + num_tiles * NumBlocks(depth));
  }
  Product rest = RowsFrom(product, num_tiles * kRows, behind);
  if (has_integers && rest.num_rows > 0) RoundRows(rest.x, depth, TileSplit(rest.num_rows), rest.rounded);
  if (has_bfloats) {
    const int64_t size = num_tiles * kRows * PaddedDepth(depth) / 2;
    float *bfloats = Scratch(4, size + rest.num_rows * PaddedDepth(depth));
    RoundBFloatTiles(product.x, depth, num_tiles, reinterpret_cast<uint16_t *>(bfloats));
    RoundRowsToBFloats(rest.x, rest.num_rows, depth, bfloats + size);
    rows.bfloats = reinterpret_cast<uint16_t *>(bfloats);
    rest.bfloats = bfloats + size;
  }
  ForPanels(matrix, [&](const PanelOf &panel) {
    if (panel.segment.format == Format::kF32 || panel.segment.format == Format::kF16) return vnni.panel(product, panel);
    MultiplyTiled(product, rows, panel);
    if (rest.num_rows > 0) vnni.panel(rest, panel);
  });
}

template <bool kHasBFloats>
const Kernels *KernelsByTiles(const char *name) {
  static const Kernels kernels = [&] {
    Kernels changed = *Avx512VnniKernels();
    changed.name = name;
    changed.linear = LinearByTiles<kHasBFloats>;
    return changed;
  }();
  return &kernels;
}

}  // namespace

const Kernels *AmxTileKernels() { return KernelsByTiles<true>("AMX"); }
const Kernels *AmxIntegerKernels() { return KernelsByTiles<false>("AMX for integers alone"); }

}  // namespace tokenflare
