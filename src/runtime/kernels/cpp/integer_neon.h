// Bytes and their dot products by NEON with the instructions of dotprod, or of i8mm where TOKENFLARE_I8MM says so: four
// sums a register.
#include <arm_neon.h>

namespace tokenflare {
namespace {

static_assert(kParts == 4, "a register has four floats");

inline Part FmaPart(Part a, Part b, Part c) { return (Part)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
inline Part RootPart(Part a) { return (Part)vsqrtq_f32((float32x4_t)a); }
// Sixteen float16.
inline Vector LoadHalves(const uint8_t *from) {
  return EachPart([&](int p) -> Part {
    uint16x4_t halves;
    __builtin_memcpy(&halves, from + 8 * p, sizeof halves);
    return (Part)vcvt_f32_f16(vreinterpret_f16_u16(halves));
  });
}
inline void StoreHalves(uint8_t *to, const Vector &values) {
  for (int p = 0; p < kParts; p++) {
    const uint16x4_t halves = vreinterpret_u16_f16(vcvt_f16_f32((float32x4_t)values.parts[p]));
    __builtin_memcpy(to + 8 * p, &halves, sizeof halves);
  }
}
inline float HalfAt(const uint8_t *from, int64_t index) {
  uint16_t half;
  __builtin_memcpy(&half, from + 2 * index, sizeof half);
  return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(half))), 0);
}
inline float Widen(Float16 half) { return HalfAt(reinterpret_cast<const uint8_t *>(&half), 0); }
// To the nearest, ties to even.
inline Ints Round(const Vector &values) {
  return EachPart([&](int p) -> IntPart { return (IntPart)vcvtnq_s32_f32((float32x4_t)values.parts[p]); });
}
inline void StoreBytes(int8_t *to, const Ints &values) {
  const int16x8_t low = vcombine_s16(vqmovn_s32((int32x4_t)values.parts[0]), vqmovn_s32((int32x4_t)values.parts[1]));
  const int16x8_t high = vcombine_s16(vqmovn_s32((int32x4_t)values.parts[2]), vqmovn_s32((int32x4_t)values.parts[3]));
  vst1q_s8(to, vcombine_s8(vqmovn_s16(low), vqmovn_s16(high)));
}
TOKENFLARE_INLINE void StoreRow(int8_t *to, const Ints &low, const Ints &high) {
  StoreBytes(to, low);
  StoreBytes(to + kWidth, high);
}
inline int32_t SumInts(const Ints &values) {
  return vaddvq_s32((int32x4_t)(values.parts[0] + values.parts[1] + values.parts[2] + values.parts[3]));
}
// Sixteen bytes as floats.
inline Vector WidenUnsigned(const uint8_t *from) {
  const uint8x16_t bytes = vld1q_u8(from);
  const uint16x8_t low = vmovl_u8(vget_low_u8(bytes)), high = vmovl_u8(vget_high_u8(bytes));
  return {{(Part)vcvtq_f32_u32(vmovl_u16(vget_low_u16(low))), (Part)vcvtq_f32_u32(vmovl_u16(vget_high_u16(low))),
           (Part)vcvtq_f32_u32(vmovl_u16(vget_low_u16(high))), (Part)vcvtq_f32_u32(vmovl_u16(vget_high_u16(high)))}};
}
inline Vector WidenSigned(const uint8_t *from) {
  const int8x16_t bytes = vreinterpretq_s8_u8(vld1q_u8(from));
  const int16x8_t low = vmovl_s8(vget_low_s8(bytes)), high = vmovl_s8(vget_high_s8(bytes));
  return {{(Part)vcvtq_f32_s32(vmovl_s16(vget_low_s16(low))), (Part)vcvtq_f32_s32(vmovl_s16(vget_high_s16(low))),
           (Part)vcvtq_f32_s32(vmovl_s16(vget_low_s16(high))), (Part)vcvtq_f32_s32(vmovl_s16(vget_high_s16(high)))}};
}

// The bits from `bit` on, moved to bit 4 of their bytes.
inline uint8x16_t MoveToFour(uint8x16_t bits, int bit, uint8_t mask) {
  return vandq_u8(vshlq_u8(bits, vdupq_n_s8(static_cast<int8_t>(4 - bit))), vdupq_n_u8(mask));
}

#ifdef TOKENFLARE_I8MM

// Unsigned numbers times signed ones.
using Stored = uint8x16_t;
inline Stored OfBytes(uint8x16_t bytes) { return bytes; }
inline Stored OfSmall(uint8x16_t numbers) { return numbers; }
inline int32x4_t Dot(int32x4_t sum, Stored weights, int8x16_t numbers) { return vusdotq_s32(sum, weights, numbers); }
template <Format kFormat>
constexpr int32_t kZeroPoint = LayoutOf(kFormat).zero_point;

#else

// Signed numbers: bytes without their zero point.
using Stored = int8x16_t;
inline Stored OfBytes(uint8x16_t bytes) { return vreinterpretq_s8_u8(veorq_u8(bytes, vdupq_n_u8(0x80))); }
inline Stored OfSmall(uint8x16_t numbers) { return vreinterpretq_s8_u8(numbers); }
inline int32x4_t Dot(int32x4_t sum, Stored weights, int8x16_t numbers) { return vdotq_s32(sum, weights, numbers); }
template <Format kFormat>
constexpr int32_t kZeroPoint = kFormat == Format::kQ8 ? 0 : LayoutOf(kFormat).zero_point;

#endif

// Stored numbers of a quad: those of outputs 4 `group` and on, and those 16 above them.
template <Format kFormat>
TOKENFLARE_INLINE void LoadQuad(const uint8_t *quads, int quad, int group, Stored (&weights)[2]) {
  if constexpr (kFormat == Format::kQ8) {
    weights[0] = OfBytes(vld1q_u8(quads + quad * 128 + group * 16));
    weights[1] = OfBytes(vld1q_u8(quads + quad * 128 + 64 + group * 16));
    return;
  }
  const uint8x16_t nibbles = vld1q_u8(quads + quad * 64 + group * 16);
  uint8x16_t stored[2] = {vandq_u8(nibbles, vdupq_n_u8(15)), vshrq_n_u8(nibbles, 4)};
  const uint8_t *high = quads + 512 + group * 16;
  for (int half = 0; half < 2; half++) {
    if constexpr (LayoutOf(kFormat).high_bits == 1) {
      stored[half] = vorrq_u8(stored[half], MoveToFour(vld1q_u8(high + half * 64), quad, 0x10));
    } else if constexpr (LayoutOf(kFormat).high_bits == 2) {
      const uint8x16_t bits = vld1q_u8(high + quad / 4 * 128 + half * 64);
      stored[half] = vorrq_u8(stored[half], MoveToFour(bits, quad % 4 * 2, 0x30));
    }
    weights[half] = OfSmall(stored[half]);
  }
}

// The dot products of some of a block's outputs and the rows of a tile, over the part of the depth that has one scale:
// outputs 4 `group` and on, and those 16 above them.
template <Format kFormat, int kPart, int kRows>
TOKENFLARE_INLINE void DotGroup(const uint8_t *quads, const RowBlock &rows, int group, IntPart (&dots)[kRows][2]) {
  constexpr int kNumParts = LayoutOf(kFormat).scales;
  constexpr int kNumQuads = kBlockDepth / kQuad / kNumParts;
  int32x4_t sums[kRows][2];
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    sums[row][0] = sums[row][1] = vdupq_n_s32(StartOfPart<kNumParts, kPart>(rows, row, kZeroPoint<kFormat>));
  }
#pragma GCC unroll 2
  for (int quad = kPart * kNumQuads; quad < (kPart + 1) * kNumQuads; quad++) {
    Stored weights[2];
    LoadQuad<kFormat>(quads, quad, group, weights);
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      int32_t numbers;
      __builtin_memcpy(&numbers, rows.numbers[row] + quad * kQuad, sizeof numbers);
      const int8x16_t splat = vreinterpretq_s8_s32(vdupq_n_s32(numbers));
      sums[row][0] = Dot(sums[row][0], weights[0], splat);
      sums[row][1] = Dot(sums[row][1], weights[1], splat);
    }
  }
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    dots[row][0] = (IntPart)sums[row][0];
    dots[row][1] = (IntPart)sums[row][1];
  }
}

}  // namespace
}  // namespace tokenflare
