#include "pack.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tokenflare {
namespace {

// Where the parts of a block of a panel lie.
struct BlockView {
  uint16_t *scales;    // [32]
  uint16_t *minimums;  // [32], or null
  uint8_t *quads;
};

BlockView ViewBlock(Format format, uint8_t *block) {
  uint16_t *scales = reinterpret_cast<uint16_t *>(block);
  if (format != Format::kQ4Min) return {scales, nullptr, block + kScaleBytes};
  return {scales, scales + kPanelWidth, block + 2 * kScaleBytes};
}

uint16_t ReadHalf(const uint8_t *from) {
  uint16_t half;
  std::memcpy(&half, from, sizeof half);
  return half;
}

// One output's 32 bytes of a block of kQ8.
void PutBytes(uint8_t *quads, int64_t out, const uint8_t *bytes) {
  for (int64_t quad = 0; quad < kBlockDepth / kQuad; quad++) {
    std::memcpy(quads + quad * kPanelWidth * kQuad + out * kQuad, bytes + quad * kQuad, kQuad);
  }
}

// One output's 32 nibbles of a block of kQ4. The file has number i in the low nibble of byte i, i + 16 in the high one.
void PutNibbles(uint8_t *quads, int64_t out, const uint8_t *stored) {
  const int64_t column = out % 16 * kQuad;
  const int shift = out < 16 ? 0 : 4;
  for (int64_t i = 0; i < kBlockDepth; i++) {
    const uint8_t nibble = i < 16 ? stored[i] & 15 : stored[i - 16] >> 4;
    quads[i / kQuad * 64 + column + i % kQuad] |= static_cast<uint8_t>(nibble << shift);
  }
}

// The block of one output, as a file has it.
void PackBlock(const uint8_t *stored, StoredFormat from, const BlockView &block, int64_t out) {
  block.scales[out] = ReadHalf(stored);
  switch (from) {
    case StoredFormat::kQ8_0: {
      uint8_t bytes[kBlockDepth];
      for (int64_t i = 0; i < kBlockDepth; i++) bytes[i] = stored[2 + i] ^ 0x80;
      return PutBytes(block.quads, out, bytes);
    }
    case StoredFormat::kQ4_0: return PutNibbles(block.quads, out, stored + 2);
    case StoredFormat::kQ4_1:
      block.minimums[out] = ReadHalf(stored + 2);
      return PutNibbles(block.quads, out, stored + 4);
    default: return;
  }
}

int64_t StoredBlockBytes(StoredFormat format) {
  switch (format) {
    case StoredFormat::kQ8_0: return 34;
    case StoredFormat::kQ4_0: return 18;
    case StoredFormat::kQ4_1: return 20;
    default: return 0;
  }
}

// One output's numbers of a panel of floats.
template <typename Number>
void PutNumbers(const uint8_t *stored, int64_t depth, int64_t out, uint8_t *panel) {
  for (int64_t k = 0; k < depth; k++) {
    std::memcpy(panel + (k * kPanelWidth + out) * sizeof(Number), stored + k * sizeof(Number), sizeof(Number));
  }
}

// 32 numbers of a row, of which `count` are there, as integers of 8 bits.
void RoundBlock(const float *from, int64_t count, const BlockView &block, int64_t out) {
  float largest = 0.0f;
  for (int64_t i = 0; i < count; i++) largest = std::max(largest, std::fabs(from[i]));
  const uint16_t scale = ToHalf(largest / 127.0f);
  const float inverse = scale == 0 ? 0.0f : 1.0f / FromHalf(scale);
  uint8_t bytes[kBlockDepth];
  std::memset(bytes, 128, sizeof bytes);
  for (int64_t i = 0; i < count; i++) {
    const float rounded = std::nearbyint(from[i] * inverse);
    bytes[i] = static_cast<uint8_t>(static_cast<int>(std::min(127.0f, std::max(-127.0f, rounded))) + 128);
  }
  block.scales[out] = scale;
  PutBytes(block.quads, out, bytes);
}

}  // namespace

int64_t StoredRowBytes(StoredFormat format, int64_t depth) {
  switch (format) {
    case StoredFormat::kF32: return depth * 4;
    case StoredFormat::kF16:
    case StoredFormat::kBF16: return depth * 2;
    default: return depth / kBlockDepth * StoredBlockBytes(format);
  }
}

bool Holds(StoredFormat from, Format to) {
  switch (from) {
    case StoredFormat::kF32: return to == Format::kF32;
    case StoredFormat::kBF16: return to == Format::kBF16;
    case StoredFormat::kQ8_0: return to == Format::kQ8;
    case StoredFormat::kQ4_0: return to == Format::kQ4;
    case StoredFormat::kQ4_1: return to == Format::kQ4Min;
    default: return false;
  }
}

void PackStoredRow(const uint8_t *stored, StoredFormat from, const Matrix &matrix, int64_t row, uint8_t *panels) {
  const int64_t depth = matrix.depth, out = row % kPanelWidth;
  uint8_t *panel = panels + row / kPanelWidth * PanelBytes(matrix.format, depth);
  switch (from) {
    case StoredFormat::kF32: return PutNumbers<uint32_t>(stored, depth, out, panel);
    case StoredFormat::kBF16: return PutNumbers<uint16_t>(stored, depth, out, panel);
    default:
      for (int64_t b = 0; b < NumBlocks(depth); b++) {
        uint8_t *block = panel + b * BlockBytes(matrix.format);
        PackBlock(stored + b * StoredBlockBytes(from), from, ViewBlock(matrix.format, block), out);
      }
  }
}

void PackFloatRow(const float *numbers, const Matrix &matrix, int64_t row, uint8_t *panels) {
  const int64_t depth = matrix.depth, out = row % kPanelWidth;
  uint8_t *panel = panels + row / kPanelWidth * PanelBytes(matrix.format, depth);
  if (matrix.format == Format::kF32) {
    return PutNumbers<uint32_t>(reinterpret_cast<const uint8_t *>(numbers), depth, out, panel);
  }
  for (int64_t k = 0; k < depth; k++) {
    if (matrix.format == Format::kBF16) reinterpret_cast<uint16_t *>(panel)[k * kPanelWidth + out] = ToBFloat(numbers[k]);
  }
  if (matrix.format != Format::kQ8) return;
  for (int64_t b = 0; b < NumBlocks(depth); b++) {
    const int64_t k = b * kBlockDepth;
    RoundBlock(numbers + k, std::min(kBlockDepth, depth - k), ViewBlock(Format::kQ8, panel + b * BlockBytes(Format::kQ8)), out);
  }
}

uint16_t ToBFloat(float value) {
  uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  if ((word & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>(word >> 16 | 0x40);  // NaN stays NaN
  return static_cast<uint16_t>((word + 0x7fff + (word >> 16 & 1)) >> 16);
}

uint16_t ToHalf(float value) {
  uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  const uint16_t sign = static_cast<uint16_t>(word >> 16 & 0x8000);
  const uint32_t magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;   // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00;  // 65,520 and above round to infinity
  if (magnitude < 0x38800000) {
    // Below 2^-14 a half is a multiple of 2^-24; adding 2^-1 makes float32 round to just that unit.
    float sum;
    std::memcpy(&sum, &magnitude, sizeof sum);
    sum += 0.5f;
    std::memcpy(&word, &sum, sizeof word);
    return static_cast<uint16_t>(sign | (word - 0x3f000000));
  }
  return static_cast<uint16_t>(sign | ((magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13));
}

float FromHalf(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t exponent = half >> 10 & 31, mantissa = half & 0x3ff;
  float value;
  if (exponent == 0) {
    value = static_cast<float>(mantissa) * 5.9604644775390625e-8f;  // 2^-24
    return sign != 0 ? -value : value;
  }
  const uint32_t word = sign | (exponent == 31 ? 0x7f800000 | mantissa << 13 : (exponent + 112) << 23 | mantissa << 13);
  std::memcpy(&value, &word, sizeof value);
  return value;
}

}  // namespace tokenflare
