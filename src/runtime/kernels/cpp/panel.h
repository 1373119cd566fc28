#ifndef TOKENFLARE_PANEL_H_
#define TOKENFLARE_PANEL_H_

#include <cstdint>

namespace tokenflare {

// A matrix [outputs, depth] lies in panels of 32 outputs. A panel of integers is one stream of blocks, each of 32
// numbers of the depth of all 32 outputs; parts begin at multiples of 64 bytes.
constexpr int64_t kPanelWidth = 32;
constexpr int64_t kBlockDepth = 32;
// Numbers of the depth that one dot product of bytes takes.
constexpr int64_t kQuad = 4;

// How a panel holds its numbers. Floats: step by step of the depth, [depth][32 outputs], kBF16 by pairs of them,
// [depth / 2][32 outputs][2]. Integers: block by block, with what belongs to eight blocks before them.
enum class Format : int32_t {
  kF32 = 0,
  kBF16 = 1,
  kF16 = 2,
  kQ8 = 3,
  kQ4 = 4,
  kQ4Min = 5,
  kQ5 = 6,
  kQ5Min = 7,
  kQ4K = 8,
  kQ5K = 9,
  kQ6K = 10,
};
constexpr int32_t kNumFormats = 11;

// A number is scale * (stored - zero_point) + minimum. The stored ones of a block lie in quads of the depth:
// bytes as [8 quads][32 outputs][4]; less than a byte as [8 quads][16 outputs][4], where output i has the low nibble and
// output i + 16 the high one, and the bits above four follow by themselves.
struct IntegerLayout {
  int zero_point;
  // Bits above the nibble: of one bit [low, high nibbles][16 outputs][4] bytes whose bit q is of quad q; of two bits
  // [quads 0 to 3, 4 to 7][low, high nibbles][16 outputs][4] bytes whose bits 2 (q % 4) are of quad q.
  int high_bits;
  // A scale for each 32 numbers of the depth, or for each 16.
  int scales;
  bool has_minimum;
  // Scales and minimums are float16 of a block; or, in sets of eight blocks, small integers times a float16 of the set:
  // unsigned scales of 32 with minimums, and signed ones of 16.
  bool is_set;
};

constexpr IntegerLayout LayoutOf(Format format) {
  switch (format) {
    case Format::kQ4: return {8, 0, 1, false, false};    // 4.5 bits a number
    case Format::kQ4Min: return {0, 0, 1, true, false};  // 5
    case Format::kQ5: return {16, 1, 1, false, false};   // 5.5
    case Format::kQ5Min: return {0, 1, 1, true, false};  // 6
    case Format::kQ4K: return {0, 0, 1, true, true};     // 4.625
    case Format::kQ5K: return {0, 1, 1, true, true};     // 5.625
    case Format::kQ6K: return {32, 2, 2, false, true};   // 6.5625
    default: return {128, 0, 1, false, false};           // kQ8: 8.5
  }
}

// How many quads' sums of two products fit into signed 16 bits: of a row's number, at most 127, and of the largest number
// of less than a byte.
constexpr int QuadsInHalves(Format format) {
  return LayoutOf(format).high_bits == 0 ? 8 : LayoutOf(format).high_bits == 1 ? 4 : 2;
}
static_assert(8 * 2 * 15 * 127 < 32768 && 4 * 2 * 31 * 127 < 32768 && 2 * 2 * 63 * 127 < 32768);

// Scales of blocks and factors of sets: as the file has them, or widened where there is no instruction for that.
#ifdef __wasm__
constexpr int64_t kScaleSize = 4;
#else
constexpr int64_t kScaleSize = 2;
#endif
constexpr int64_t kScaleBytes = kPanelWidth * kScaleSize;
constexpr int64_t kSetBlocks = 8;

constexpr bool IsFloat(Format format) {
  return format == Format::kF32 || format == Format::kBF16 || format == Format::kF16;
}
constexpr bool IsSet(Format format) { return !IsFloat(format) && LayoutOf(format).is_set; }

// What the depth of a matrix must be a multiple of.
constexpr int64_t DepthUnit(Format format) { return IsSet(format) ? kSetBlocks * kBlockDepth : 1; }

// The float16 factors before each eight blocks: of scales, then of minimums.
constexpr int64_t SetBytes(Format format) {
  return !IsSet(format) ? 0 : LayoutOf(format).has_minimum ? 2 * kScaleBytes : kScaleBytes;
}
// Scales and minimums of a block; of one in a set two times 32 bytes.
constexpr int64_t ScalesBytes(Format format) {
  if (IsSet(format)) return 2 * kPanelWidth;
  return LayoutOf(format).has_minimum ? 2 * kScaleBytes : kScaleBytes;
}
constexpr int64_t QuadBytes(Format format) { return format == Format::kQ8 ? kPanelWidth * kQuad : kPanelWidth * kQuad / 2; }
// Of a block of integers.
constexpr int64_t BlockBytes(Format format) {
  const int64_t num_quads = kBlockDepth / kQuad;
  return ScalesBytes(format) + num_quads * QuadBytes(format) + LayoutOf(format).high_bits * kPanelWidth * kBlockDepth / 8;
}

constexpr int64_t NumBlocks(int64_t depth) { return (depth + kBlockDepth - 1) / kBlockDepth; }
constexpr int64_t PaddedDepth(int64_t depth) { return NumBlocks(depth) * kBlockDepth; }
// Where a block of a panel begins.
constexpr int64_t BlockStart(Format format, int64_t block) {
  return block * BlockBytes(format) + (block / kSetBlocks + 1) * SetBytes(format);
}
// Bytes of a panel. kF32 and kF16 have no padding of the depth.
constexpr int64_t PanelBytes(Format format, int64_t depth) {
  if (format == Format::kBF16) return PaddedDepth(depth) * kPanelWidth * 2;
  if (IsFloat(format)) return depth * kPanelWidth * (format == Format::kF32 ? 4 : 2);
  return NumBlocks(depth) * BlockBytes(format) + (NumBlocks(depth) + kSetBlocks - 1) / kSetBlocks * SetBytes(format);
}
constexpr int64_t NumPanels(int64_t num_out) { return (num_out + kPanelWidth - 1) / kPanelWidth; }

// 2^-56: weights and rows of bfloat16 are zero below it. So each product is zero or a multiple of 2^-126, and so is each sum:
// none is denormal, and tiles, which flush those to zero, have the bits of vectors.
constexpr uint16_t kLeastBFloat = (127 - 56) << 7;
static_assert(2 * ((kLeastBFloat >> 7) - 127 - 7) == -126, "the last digits of two numbers make the least float32");
// Pairs of the depth in a block.
constexpr int kBlockPairs = kBlockDepth / 2;

// Outputs of a matrix that have one format: panels of their own.
struct Segment {
  Format format;
  int64_t first_out, num_out;
  const uint8_t *panels;
};

// A matrix [num_out, depth]: as many segments, one below the other, as its parts have formats.
constexpr int kMaxSegments = 4;
struct Matrix {
  int64_t num_out, depth;
  int num_segments;
  Segment segments[kMaxSegments];

  const Segment &SegmentOf(int64_t out) const {
    int index = num_segments - 1;
    while (index > 0 && segments[index].first_out > out) index--;
    return segments[index];
  }
  bool HasIntegers() const {
    for (int i = 0; i < num_segments; i++) {
      if (!IsFloat(segments[i].format)) return true;
    }
    return false;
  }
  bool HasBFloats() const {
    for (int i = 0; i < num_segments; i++) {
      if (segments[i].format == Format::kBF16) return true;
    }
    return false;
  }
};

// Rows of activations, rounded by blocks of 32 of the depth to integers of 8 bits, in tiles of up to 6 rows, or 4 where
// registers are short: [tiles][blocks] of this.
#ifdef __wasm__
constexpr int kTileRows = 4;
// As bytes and as 16 bits: some formats are multiplied by the one, others by the other.
constexpr int64_t kRowNumberBytes = 3;
#else
constexpr int kTileRows = 6;
constexpr int64_t kRowNumberBytes = 1;
#endif
struct RowBlock {
  int8_t numbers[kTileRows][kBlockDepth * kRowNumberBytes];
  // A number is its integer times this.
  float scales[kTileRows];
  // The sum of a row's integers, and that of its first sixteen.
  int32_t sums[kTileRows];
  int16_t first_sums[kTileRows];
  int32_t unused[kTileRows == 4 ? 6 : 1];
};
static_assert(sizeof(RowBlock) % 64 == 0, "tiles follow one another without gaps");

// Where a row's dot products begin for a part of the depth that has one scale: at minus the zero point times the sum of the
// row's integers. Without signs, since a row of a tile that is not there has anything for a sum.
template <int kNumParts, int kPart>
inline int32_t StartOfPart(const RowBlock &rows, int row, int32_t zero_point) {
  const uint32_t whole = static_cast<uint32_t>(rows.sums[row]), first = static_cast<uint32_t>(rows.first_sums[row]);
  const uint32_t sum = kNumParts == 1 ? whole : kPart == 0 ? first : whole - first;
  return static_cast<int32_t>(0u - static_cast<uint32_t>(zero_point) * sum);
}

constexpr int64_t NumTiles(int64_t num_rows) { return (num_rows + kTileRows - 1) / kTileRows; }
// Rows from which kernels may have tiles of this height, whose blocks take a little more room.
constexpr int64_t kHighTileRows = 16;
// Blocks that rows take as integers.
constexpr int64_t RoundedBlocks(int64_t num_rows, int64_t depth) {
  return (NumTiles(num_rows) + (num_rows < kHighTileRows ? 0 : 1)) * NumBlocks(depth);
}

}  // namespace tokenflare

#endif  // TOKENFLARE_PANEL_H_
