#include "pack.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tokenflare {
namespace {

uint16_t ReadHalf(const uint8_t *from) {
  uint16_t half;
  std::memcpy(&half, from, sizeof half);
  return half;
}

uint32_t ReadWord(const uint8_t *from) {
  uint32_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// Four bytes are set, or added to those of the other nibble.
void PutWord(uint8_t *to, uint32_t word, bool adds) {
  const uint32_t sum = adds ? ReadWord(to) | word : word;
  std::memcpy(to, &sum, sizeof sum);
}

constexpr int kNumQuads = kBlockDepth / kQuad;
// Four bytes of the depth each.
using Quads = uint32_t[kNumQuads];

// Puts one output's 32 stored numbers into a block that holds none of it: see IntegerLayout.
void PutNumbers(Format format, uint8_t *quads, int64_t out, const Quads &numbers) {
  if (format == Format::kQ8) {
    for (int quad = 0; quad < kNumQuads; quad++) PutWord(quads + quad * 128 + out * kQuad, numbers[quad], false);
    return;
  }
  const int64_t place = out % 16 * kQuad, half = out / 16;
  const int high_bits = LayoutOf(format).high_bits;
  uint8_t *high = quads + 512 + half * 64 + place;
  for (int quad = 0; quad < kNumQuads; quad++) {
    PutWord(quads + quad * 64 + place, (numbers[quad] & 0x0f0f0f0f) << 4 * half, true);
    if (high_bits == 1) PutWord(high, (numbers[quad] >> 4 & 0x01010101) << quad, true);
    if (high_bits == 2) PutWord(high + quad / 4 * 128, (numbers[quad] >> 4 & 0x03030303) << quad % 4 * 2, true);
  }
}

void PutHalf(uint8_t *to, int64_t out, uint16_t half) { std::memcpy(to + 2 * out, &half, sizeof half); }

// A scale, a minimum or a factor, as panels have them.
inline void PutScale(uint8_t *to, int64_t out, uint16_t half) {
  if constexpr (kScaleSize == 2) return PutHalf(to, out, half);
  const float scale = FromHalf(half);
  std::memcpy(to + kScaleSize * out, &scale, sizeof scale);
}

// The file has number i of 16 in the low nibble of byte i, and number i + 16 in the high one.
void ReadNibbles(const uint8_t *stored, Quads &numbers) {
  for (int quad = 0; quad < kNumQuads / 2; quad++) {
    const uint32_t word = ReadWord(stored + quad * kQuad);
    numbers[quad] = word & 0x0f0f0f0f;
    numbers[quad + kNumQuads / 2] = word >> 4 & 0x0f0f0f0f;
  }
}

// Bit i of 32 is the fifth of number i.
void AddFifthBits(uint32_t bits, Quads &numbers) {
  for (int quad = 0; quad < kNumQuads; quad++) {
    const uint32_t four = bits >> quad * kQuad & 15;
    // Each bit at the lowest place of its byte.
    numbers[quad] |= ((four & 1) | (four & 2) << 7 | (four & 4) << 14 | (four & 8) << 21) << 4;
  }
}

// One output's block of 32 numbers, as a file has it.
void PackBlock(const uint8_t *stored, StoredFormat from, Format to, uint8_t *block, int64_t out) {
  const bool has_minimum = LayoutOf(to).has_minimum;
  PutScale(block, out, ReadHalf(stored));
  if (has_minimum) PutScale(block + kScaleBytes, out, ReadHalf(stored + 2));
  stored += has_minimum ? 4 : 2;
  Quads numbers;
  if (from == StoredFormat::kQ8_0) {
    for (int quad = 0; quad < kNumQuads; quad++) numbers[quad] = ReadWord(stored + quad * kQuad) ^ 0x80808080;
  } else if (LayoutOf(to).high_bits == 1) {
    ReadNibbles(stored + 4, numbers);
    AddFifthBits(ReadWord(stored), numbers);
  } else {
    ReadNibbles(stored, numbers);
  }
  PutNumbers(to, block + ScalesBytes(to), out, numbers);
}

constexpr int64_t kSetDepth = kSetBlocks * kBlockDepth;

// Scale and minimum of six bits of one of a set's eight blocks, packed into twelve bytes.
void ReadScales(const uint8_t *packed, int64_t block, uint8_t *scale, uint8_t *minimum) {
  const uint8_t low = packed[block & 3], middle = packed[4 + (block & 3)];
  if (block < 4) {
    *scale = low & 63;
    *minimum = middle & 63;
    return;
  }
  const uint8_t high = packed[4 + block];
  *scale = static_cast<uint8_t>((high & 15) | (low >> 2 & 48));
  *minimum = static_cast<uint8_t>(high >> 4 | (middle >> 2 & 48));
}

// One output's set of kQ4_K or kQ5_K: two float16, the scales, [the fifth bits,] the nibbles, two blocks in 32 bytes.
void PackNibbleSet(const uint8_t *stored, Format to, uint8_t *set, int64_t out) {
  const bool has_fifth_bits = LayoutOf(to).high_bits == 1;
  const uint8_t *fifth_bits = stored + 16, *nibbles = stored + (has_fifth_bits ? 48 : 16);
  PutScale(set, out, ReadHalf(stored));
  // A minimum is subtracted.
  PutScale(set + kScaleBytes, out, ReadHalf(stored + 2) ^ 0x8000);
  for (int64_t b = 0; b < kSetBlocks; b++) {
    uint8_t *block = set + SetBytes(to) + b * BlockBytes(to);
    ReadScales(stored + 4, b, block + out, block + kPanelWidth + out);
    Quads numbers;
    for (int quad = 0; quad < kNumQuads; quad++) {
      const uint32_t word = ReadWord(nibbles + b / 2 * 32 + quad * kQuad);
      numbers[quad] = word >> b % 2 * 4 & 0x0f0f0f0f;
      if (has_fifth_bits) numbers[quad] |= (ReadWord(fifth_bits + quad * kQuad) >> b & 0x01010101) << 4;
    }
    PutNumbers(to, block + ScalesBytes(to), out, numbers);
  }
}

// One output's set of kQ6_K: 128 bytes of low nibbles, 64 of bit pairs, 16 scales, a float16. Each half of the set has
// its nibbles in 64 bytes, the low ones first, and its bit pairs in 32.
void PackSixSet(const uint8_t *stored, Format to, uint8_t *set, int64_t out) {
  PutScale(set, out, ReadHalf(stored + 208));
  for (int64_t b = 0; b < kSetBlocks; b++) {
    uint8_t *block = set + SetBytes(to) + b * BlockBytes(to);
    block[out] = stored[192 + 2 * b];
    block[kPanelWidth + out] = stored[192 + 2 * b + 1];
    const int64_t half = b / 4, quarter = b % 4;
    Quads numbers;
    for (int quad = 0; quad < kNumQuads; quad++) {
      const uint32_t low = ReadWord(stored + 64 * half + quarter % 2 * 32 + quad * kQuad) >> quarter / 2 * 4;
      const uint32_t high = ReadWord(stored + 128 + 32 * half + quad * kQuad) >> quarter * 2;
      numbers[quad] = (low & 0x0f0f0f0f) | (high & 0x03030303) << 4;
    }
    PutNumbers(to, block + ScalesBytes(to), out, numbers);
  }
}

// Bytes of a block of 32 numbers, or of a set of 256.
int64_t StoredUnitBytes(StoredFormat format) {
  switch (format) {
    case StoredFormat::kQ8_0: return 34;
    case StoredFormat::kQ4_0: return 18;
    case StoredFormat::kQ4_1: return 20;
    case StoredFormat::kQ5_0: return 22;
    case StoredFormat::kQ5_1: return 24;
    case StoredFormat::kQ4_K: return 144;
    case StoredFormat::kQ5_K: return 176;
    case StoredFormat::kQ6_K: return 210;
    case StoredFormat::kF32: return 4;
    case StoredFormat::kF16:
    case StoredFormat::kBF16: return 2;
  }
  return 0;
}

// One output's numbers of a panel of floats.
template <typename Number>
void PutFloats(const uint8_t *stored, int64_t depth, int64_t out, uint8_t *panel) {
  for (int64_t k = 0; k < depth; k++) {
    std::memcpy(panel + (k * kPanelWidth + out) * sizeof(Number), stored + k * sizeof(Number), sizeof(Number));
  }
}

// One output's numbers of a panel of bfloat16.
template <typename NumberAt>
void PutBFloats(int64_t depth, int64_t out, uint8_t *panel, NumberAt number_at) {
  for (int64_t k = 0; k < depth; k++) {
    const uint16_t number = number_at(k);
    PutHalf(panel, (k / 2 * kPanelWidth + out) * 2 + k % 2, (number & 0x7fff) < kLeastBFloat ? 0 : number);
  }
}

// 32 numbers of a row, of which `count` are there, as integers of 8 bits.
void RoundBlock(const float *from, int64_t count, uint8_t *block, int64_t out) {
  float largest = 0.0f;
  bool is_finite = true;
  for (int64_t i = 0; i < count; i++) {
    largest = std::max(largest, std::fabs(from[i]));
    is_finite = is_finite && std::isfinite(from[i]);
  }
  // A number that is none makes its block none: it must not come out as some other number.
  const uint16_t scale = ToHalf(is_finite ? largest / 127.0f : NAN);
  const float inverse = scale == 0 || !is_finite ? 0.0f : 1.0f / FromHalf(scale);
  uint8_t bytes[kBlockDepth];
  std::memset(bytes, 128, sizeof bytes);
  for (int64_t i = 0; i < count; i++) {
    const float rounded = is_finite ? std::nearbyint(from[i] * inverse) : 0.0f;
    bytes[i] = static_cast<uint8_t>(static_cast<int>(std::min(127.0f, std::max(-127.0f, rounded))) + 128);
  }
  PutScale(block, out, scale);
  Quads numbers;
  std::memcpy(numbers, bytes, sizeof numbers);
  PutNumbers(Format::kQ8, block + ScalesBytes(Format::kQ8), out, numbers);
}

}  // namespace

bool IsStoredFormat(StoredFormat format) { return StoredUnitBytes(format) > 0; }

int64_t StoredDepthUnit(StoredFormat format) {
  switch (format) {
    case StoredFormat::kF32:
    case StoredFormat::kF16:
    case StoredFormat::kBF16: return 1;
    case StoredFormat::kQ4_K:
    case StoredFormat::kQ5_K:
    case StoredFormat::kQ6_K: return kSetDepth;
    default: return kBlockDepth;
  }
}

int64_t StoredRowBytes(StoredFormat format, int64_t depth) {
  return depth / StoredDepthUnit(format) * StoredUnitBytes(format);
}

bool Holds(StoredFormat from, Format to) {
  switch (from) {
    case StoredFormat::kF32: return to == Format::kF32;
    case StoredFormat::kF16: return to == Format::kF16;
    case StoredFormat::kBF16: return to == Format::kBF16;
    case StoredFormat::kQ8_0: return to == Format::kQ8;
    case StoredFormat::kQ4_0: return to == Format::kQ4;
    case StoredFormat::kQ4_1: return to == Format::kQ4Min;
    case StoredFormat::kQ5_0: return to == Format::kQ5;
    case StoredFormat::kQ5_1: return to == Format::kQ5Min;
    case StoredFormat::kQ4_K: return to == Format::kQ4K;
    case StoredFormat::kQ5_K: return to == Format::kQ5K;
    case StoredFormat::kQ6_K: return to == Format::kQ6K;
  }
  return false;
}

void PackStoredRow(const uint8_t *stored, StoredFormat from, int64_t depth, Format to, int64_t row, uint8_t *panels) {
  const int64_t out = row % kPanelWidth;
  uint8_t *panel = panels + row / kPanelWidth * PanelBytes(to, depth);
  if (to == Format::kF32) return PutFloats<uint32_t>(stored, depth, out, panel);
  if (to == Format::kBF16) return PutBFloats(depth, out, panel, [&](int64_t k) { return ReadHalf(stored + 2 * k); });
  if (to == Format::kF16) return PutFloats<uint16_t>(stored, depth, out, panel);
  const int64_t unit_depth = StoredDepthUnit(from), unit_bytes = StoredUnitBytes(from);
  for (int64_t unit = 0; unit < depth / unit_depth; unit++) {
    const uint8_t *source = stored + unit * unit_bytes;
    if (!IsSet(to)) {
      PackBlock(source, from, to, panel + BlockStart(to, unit), out);
      continue;
    }
    uint8_t *set = panel + BlockStart(to, unit * kSetBlocks) - SetBytes(to);
    if (to == Format::kQ6K) PackSixSet(source, to, set, out);
    else PackNibbleSet(source, to, set, out);
  }
}

void PackFloatRow(const float *numbers, int64_t depth, Format to, int64_t row, uint8_t *panels) {
  const int64_t out = row % kPanelWidth;
  uint8_t *panel = panels + row / kPanelWidth * PanelBytes(to, depth);
  switch (to) {
    case Format::kF32:
      return PutFloats<uint32_t>(reinterpret_cast<const uint8_t *>(numbers), depth, out, panel);
    case Format::kBF16: return PutBFloats(depth, out, panel, [&](int64_t k) { return ToBFloat(numbers[k]); });
    case Format::kF16:
      for (int64_t k = 0; k < depth; k++) PutHalf(panel, k * kPanelWidth + out, ToHalf(numbers[k]));
      return;
    default:
      for (int64_t b = 0; b < NumBlocks(depth); b++) {
        const int64_t k = b * kBlockDepth;
        RoundBlock(numbers + k, std::min(kBlockDepth, depth - k), panel + BlockStart(Format::kQ8, b), out);
      }
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
