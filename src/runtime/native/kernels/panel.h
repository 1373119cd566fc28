#ifndef TOKENFLARE_PANEL_H_
#define TOKENFLARE_PANEL_H_

#include <cstdint>

namespace tokenflare {

// A matrix [outputs, depth] lies in panels of 32 outputs. A panel of integers is one stream of blocks, each of 32
// numbers of the depth of all 32 outputs; a block's parts begin at multiples of 64 bytes.
constexpr int64_t kPanelWidth = 32;
constexpr int64_t kBlockDepth = 32;
// Numbers of the depth that one dot product of bytes takes.
constexpr int64_t kQuad = 4;

// How a panel holds its numbers: floats step by step of the depth, [depth][32 outputs]; integers block by block. Scales
// and minimums of a block are float16, one for each output.
enum class Format : int32_t {
  kF32 = 0,
  kBF16 = 1,
  // [32] scales, then [8 quads][32 outputs][4] bytes of number + 128: 8.5 bits a number.
  kQ8 = 2,
  // [32] scales, then [8 quads][16 outputs][4] bytes: the low nibble is output i, the high one output i + 16. A number
  // is its nibble less 8: 4.5 bits.
  kQ4 = 3,
  // [32] scales, [32] minimums, then nibbles as in kQ4. A number is scale * nibble + minimum: 5 bits.
  kQ4Min = 4,
};

constexpr int64_t kScaleBytes = kPanelWidth * 2;

constexpr bool IsFloat(Format format) { return format == Format::kF32 || format == Format::kBF16; }

// Bytes of 32 numbers of the depth of all outputs of a panel.
constexpr int64_t BlockBytes(Format format) {
  switch (format) {
    case Format::kF32: return kBlockDepth * kPanelWidth * 4;
    case Format::kBF16: return kBlockDepth * kPanelWidth * 2;
    case Format::kQ8: return kScaleBytes + kBlockDepth * kPanelWidth;
    case Format::kQ4: return kScaleBytes + kBlockDepth * kPanelWidth / 2;
    case Format::kQ4Min: return 2 * kScaleBytes + kBlockDepth * kPanelWidth / 2;
  }
  return 0;
}

// What is subtracted from a stored number to have its integer.
constexpr int32_t ZeroPoint(Format format) {
  switch (format) {
    case Format::kF32:
    case Format::kBF16: return 0;
    case Format::kQ8: return 128;
    case Format::kQ4: return 8;
    case Format::kQ4Min: return 0;
  }
  return 0;
}

constexpr int64_t NumBlocks(int64_t depth) { return (depth + kBlockDepth - 1) / kBlockDepth; }
// Bytes of a panel. Floats have no padding of the depth.
constexpr int64_t PanelBytes(Format format, int64_t depth) {
  return IsFloat(format) ? depth * kPanelWidth * (format == Format::kF32 ? 4 : 2) : NumBlocks(depth) * BlockBytes(format);
}
constexpr int64_t NumPanels(int64_t num_out) { return (num_out + kPanelWidth - 1) / kPanelWidth; }

// Rows of activations, rounded by blocks of 32 of the depth to integers of 8 bits, in tiles of up to 6 rows:
// [tiles][blocks] of this.
constexpr int kTileRows = 6;
struct RowBlock {
  int8_t numbers[kTileRows][kBlockDepth];
  // A number is its integer times this.
  float scales[kTileRows];
  // The sum of a row's integers.
  int32_t sums[kTileRows];
  int32_t unused[4];
};
static_assert(sizeof(RowBlock) == 256, "tiles follow one another without gaps");

constexpr int64_t NumTiles(int64_t num_rows) { return (num_rows + kTileRows - 1) / kTileRows; }
// Blocks that rows take as integers.
constexpr int64_t RoundedBlocks(int64_t num_rows, int64_t depth) { return NumTiles(num_rows) * NumBlocks(depth); }

}  // namespace tokenflare

#endif  // TOKENFLARE_PANEL_H_
