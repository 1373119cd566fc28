// The product of rows and a matrix of bfloat16 in panels, by tiles: pairs of the depth lie in panels as tiles want them.

namespace tokenflare {
namespace {

// Numbers of 16 rows over a block of the depth.
constexpr int64_t kTileNumbers = kRows * kBlockDepth;
// Blocks of the depth that all rows are multiplied by at a time: 16 KiB of weights.
constexpr int64_t kBlocksAtOnce = 8;
constexpr TileShapes kBFloatShapes = {{64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};

// x [rows, depth] -> [tiles][blocks][16 rows][32]
void RoundBFloatTiles(const float *x, int64_t depth, int64_t num_tiles, uint16_t *tiles) {
  const int64_t num_blocks = NumBlocks(depth);
  ParallelFor(num_tiles * kRows, [&](int64_t row) {
    uint16_t *to = tiles + row / kRows * num_blocks * kTileNumbers + row % kRows * kBlockDepth;
    RoundRowToBFloats(x + row * depth, depth, [&](int64_t k, WordPart words) {
      _mm256_storeu_si256(reinterpret_cast<__m256i *>(to + k / kBlockDepth * kTileNumbers + k % kBlockDepth),
                          _mm512_cvtepi32_epi16((__m512i)(words >> 16)));
    });
  });
}

// Blocks of a panel, and what is needed next, of which a pair of tiles asks for its share.
struct BFloatBlocks {
  const uint8_t *weights;  // [blocks][16 pairs][32 outputs][2]
  int64_t count;
  int64_t pair, num_pairs;
};

// sums [2 tiles][16 rows][32], of the second tile only with `kIsPair`: += rows [2 tiles][all blocks] times some blocks
template <bool kIsPair>
void MultiplyBFloatBlocks(const uint16_t *rows, int64_t tile_stride, const BFloatBlocks &blocks, float *sums) {
  constexpr int64_t kSumBytes = kPanelWidth * sizeof(float), kBytes = kBlockDepth * 2, kStepBytes = kPanelWidth * 4;
  float *second = sums + kRows * kPanelWidth;
  const uint8_t *weights = blocks.weights, *ahead = weights + blocks.count * kBlockPairs * kStepBytes;
  TILE_LOAD(0, sums, kSumBytes);
  TILE_LOAD(1, sums + kWidth, kSumBytes);
  if constexpr (kIsPair) {
    TILE_LOAD(2, second, kSumBytes);
    TILE_LOAD(3, second + kWidth, kSumBytes);
  }
  for (int64_t b = 0; b < blocks.count; b++, rows += kTileNumbers) {
    for (int64_t byte = blocks.pair * 64; byte < kBlockPairs * kStepBytes; byte += blocks.num_pairs * 64) {
      __builtin_prefetch(ahead + byte, 0, 2);
    }
    TILE_LOAD(4, rows, kBytes);
    TILE_LOAD(6, weights, kStepBytes);
    TILE_LOAD(7, weights + kStepBytes / 2, kStepBytes);
    TILE_DOT_BFLOATS(0, 4, 6);
    TILE_DOT_BFLOATS(1, 4, 7);
    if constexpr (kIsPair) {
      TILE_LOAD(5, rows + tile_stride, kBytes);
      TILE_DOT_BFLOATS(2, 5, 6);
      TILE_DOT_BFLOATS(3, 5, 7);
    }
    weights += kBlockPairs * kStepBytes, ahead += kBlockPairs * kStepBytes;
  }
  TILE_STORE(0, sums, kSumBytes);
  TILE_STORE(1, sums + kWidth, kSumBytes);
  if constexpr (kIsPair) {
    TILE_STORE(2, second, kSumBytes);
    TILE_STORE(3, second + kWidth, kSumBytes);
  }
}

// rows [tiles][blocks][16 rows][32]
void MultiplyBFloatPanelByTiles(const Product &product, const uint16_t *rows, int64_t num_tiles, const PanelOf &panel) {
  const int64_t num_blocks = NumBlocks(product.matrix.depth), tile_stride = num_blocks * kTileNumbers;
  const int64_t num_pairs = (num_tiles + 1) / 2;
  const uint8_t *weights = panel.segment.panels + panel.index * PanelBytes(Format::kBF16, product.matrix.depth);
  float start[kPanelWidth];
  LoadBFloatBias(product, panel, start);
  float *sums = Scratch(1, num_tiles * kRows * kPanelWidth);  // [tiles][16 rows][32]
  for (int64_t row = 0; row < num_tiles * kRows; row++) __builtin_memcpy(sums + row * kPanelWidth, start, sizeof start);
  TILE_CONFIGURE(&kBFloatShapes);
  for (int64_t first = 0; first < num_blocks; first += kBlocksAtOnce) {
    const int64_t count = Least(kBlocksAtOnce, num_blocks - first);
    for (int64_t pair = 0; pair < num_pairs; pair++) {
      const uint16_t *from = rows + 2 * pair * tile_stride + first * kTileNumbers;
      const BFloatBlocks blocks = {weights, count, pair, num_pairs};
      float *to = sums + 2 * pair * kRows * kPanelWidth;
      if (2 * pair + 1 < num_tiles) MultiplyBFloatBlocks<true>(from, tile_stride, blocks, to);
      else MultiplyBFloatBlocks<false>(from, tile_stride, blocks, to);
    }
    weights += count * kBlockDepth * kPanelWidth * 2;
  }
  TILE_RELEASE();
  FinishTiles(product, panel, num_tiles, nullptr, sums);
}

}  // namespace
}  // namespace tokenflare
