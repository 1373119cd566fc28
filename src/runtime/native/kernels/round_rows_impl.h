// Rounds rows of float32 to integers of 8 bits with a scale for each 32 numbers, in tiles.

namespace tokenflare {
namespace {

// Rows are spread evenly over tiles: eight rows are four and four, not six and two.
struct TileSplit {
  int64_t num_rows, num_tiles;
  explicit TileSplit(int64_t rows) : num_rows(rows), num_tiles((rows + kTileRows - 1) / kTileRows) {}
  int64_t FirstRow(int64_t tile) const { return tile * num_rows / num_tiles; }
};

// 32 numbers of a row, of which `count` are there.
inline void RoundBlock(const float *from, int64_t count, int row, RowBlock *block) {
  float numbers[kBlockDepth] = {};
  if (count < kBlockDepth) {
    __builtin_memcpy(numbers, from, count * sizeof(float));
    from = numbers;
  }
  const Floats low = LoadFloats(from), high = LoadFloats(from + kWidth);
  const float largest = LargestOf(Max(Abs(low), Abs(high)));
  // What is no number stays none: its scale says so.
  const float scale = largest / 127.0f;
  const Floats inverse = SplatFloat(largest > 0.0f ? 127.0f / largest : 0.0f);
  const Ints rounded[2] = {Round(low * inverse), Round(high * inverse)};
  StoreNarrow(block->numbers[row], rounded[0]);
  StoreNarrow(block->numbers[row] + kWidth, rounded[1]);
  block->scales[row] = scale;
  block->sums[row] = SumInts(rounded[0] + rounded[1]);
}

}  // namespace
}  // namespace tokenflare
