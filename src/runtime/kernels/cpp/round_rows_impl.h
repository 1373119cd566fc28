// Rounds rows of float32 to integers of 8 bits with a scale for each 32 numbers, in tiles.

namespace tokenflare {
namespace {

// Rows are spread evenly over tiles: eight rows are four and four, not six and two.
struct TileSplit {
  int64_t num_rows, num_tiles;
  explicit TileSplit(int64_t rows) : num_rows(rows), num_tiles(NumTiles(rows)) {}
  int64_t FirstRow(int64_t tile) const { return tile * num_rows / num_tiles; }
};

// 127 divided by less is no finite float32: such a block is rounded to zeros.
constexpr float kLeastOfBlock = 1e-36f;

// low + high * 2^16: one sum of these gives both sums, since a sum of sixteen numbers of 8 bits fits in 16 bits.
TOKENFLARE_INLINE Ints PackHalves(const Ints &low, const Ints &high) {
  return EachPart([&](int p) -> IntPart { return low.parts[p] + high.parts[p] * 65536; });
}

// 32 numbers of a row, of which `count` are there.
inline void RoundBlock(const float *from, int64_t count, int64_t row, RowBlock *block) {
  float numbers[kBlockDepth] = {};
  if (count < kBlockDepth) {
    __builtin_memcpy(numbers, from, count * sizeof(float));
    from = numbers;
  }
  const Vector low = Load(from), high = Load(from + kWidth);
  const float largest = LargestMagnitude(Max(MagnitudeBits(low), MagnitudeBits(high)));
  // Not a number makes the scale none, and with it the results of this row alone.
  if (!(largest < __builtin_inff())) {
    __builtin_memset(block->numbers[row], 0, sizeof block->numbers[row]);
    block->first_sums[row] = 0;
    block->sums[row] = 0;
    block->scales[row] = __builtin_nanf("");
    return;
  }
  const Vector inverse = Splat(largest > kLeastOfBlock ? 127.0f / largest : 0.0f);
  const Ints rounded_low = Round(low * inverse), rounded_high = Round(high * inverse);
  StoreRow(block->numbers[row], rounded_low, rounded_high);
  const int32_t both = SumInts(PackHalves(rounded_low, rounded_high));
  const int16_t first_sum = static_cast<int16_t>(both);
  block->first_sums[row] = first_sum;
  block->sums[row] = first_sum + ((both - first_sum) >> 16);
  block->scales[row] = largest / 127.0f;
}

// x [rows, depth] -> [tiles][blocks]
void RoundRows(const float *x, int64_t depth, const TileSplit &split, RowBlock *blocks) {
  const int64_t num_blocks = NumBlocks(depth);
  const auto round_tile = [&](int64_t tile) {
    const int64_t first = split.FirstRow(tile), end = split.FirstRow(tile + 1);
    for (int64_t row = first; row < end; row++) {
      for (int64_t b = 0; b < num_blocks; b++) {
        const int64_t k = b * kBlockDepth;
        RoundBlock(x + row * depth + k, Least(kBlockDepth, depth - k), row - first, blocks + tile * num_blocks + b);
      }
    }
  };
  // One tile or two are rounded before another thread has heard of them.
  if (split.num_tiles <= 2) {
    for (int64_t tile = 0; tile < split.num_tiles; tile++) round_tile(tile);
    return;
  }
  ParallelFor(split.num_tiles, round_tile);
}

}  // namespace
}  // namespace tokenflare
