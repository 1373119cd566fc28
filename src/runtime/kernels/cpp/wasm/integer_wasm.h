// Bytes and their dot products by WebAssembly's vectors of 128 bits: four sums a register.
// TOKENFLARE_DOTS says how a format is multiplied.
#include <wasm_simd128.h>

namespace tokenflare {
namespace {

static_assert(kParts == 4, "a register has four floats");

#ifdef __wasm_relaxed_simd__
// One rounding where the engine has such an instruction; the check at start says whether it has.
inline Part FmaPart(Part a, Part b, Part c) { return (Part)wasm_f32x4_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c); }
#else
inline Part FmaPart(Part a, Part b, Part c) { return a * b + c; }
#endif
inline Part RootPart(Part a) { return (Part)wasm_f32x4_sqrt((v128_t)a); }

// Four float16 in the lower halves of their lanes. The exponent is moved by a product, which is exact.
inline Part WidenHalves(v128_t halves) {
  const v128_t magnitude = wasm_v128_and(halves, wasm_i32x4_const_splat(0x7fff));
  const v128_t sign = wasm_i32x4_shl(wasm_v128_and(halves, wasm_i32x4_const_splat(0x8000)), 16);
  const v128_t moved = wasm_i32x4_shl(magnitude, 13);
  const v128_t finite = wasm_f32x4_mul(moved, wasm_f32x4_const_splat(0x1p112f));
  const v128_t other = wasm_v128_or(moved, wasm_i32x4_const_splat(0x7f800000));
  const v128_t is_other = wasm_i32x4_gt(magnitude, wasm_i32x4_const_splat(0x7bff));
  return (Part)wasm_v128_or(wasm_v128_bitselect(other, finite, is_other), sign);
}
// Sixteen float16.
inline Vector LoadHalves(const uint8_t *from) {
  return EachPart([&](int p) -> Part { return WidenHalves(wasm_u32x4_load16x4(from + 8 * p)); });
}
inline float HalfAt(const uint8_t *from, int64_t index) {
  uint16_t half;
  __builtin_memcpy(&half, from + 2 * index, sizeof half);
  return WidenHalves(wasm_i32x4_splat(half))[0];
}
inline float Widen(Float16 half) { return HalfAt(reinterpret_cast<const uint8_t *>(&half), 0); }

// Four floats as float16, ties to even, in the lower halves of their lanes.
inline v128_t NarrowToHalves(v128_t values) {
  const v128_t sign = wasm_u32x4_shr(wasm_v128_and(values, wasm_i32x4_const_splat(INT32_MIN)), 16);
  const v128_t magnitude = wasm_v128_and(values, wasm_i32x4_const_splat(0x7fffffff));
  // A sum with half of the last place's power rounds what float16 has no exponent for.
  const v128_t least = wasm_f32x4_const_splat(0.5f);
  const v128_t small = wasm_i32x4_sub(wasm_f32x4_add(magnitude, least), least);
  const v128_t is_odd = wasm_v128_and(wasm_u32x4_shr(magnitude, 13), wasm_i32x4_const_splat(1));
  const v128_t biased = wasm_i32x4_add(magnitude, wasm_i32x4_const_splat(0xfff - (112 << 23)));
  const v128_t normal = wasm_u32x4_shr(wasm_i32x4_add(biased, is_odd), 13);
  const v128_t is_nan = wasm_i32x4_gt(magnitude, wasm_i32x4_const_splat(0x7f800000));
  const v128_t large = wasm_v128_bitselect(wasm_i32x4_const_splat(0x7e00), wasm_i32x4_const_splat(0x7c00), is_nan);
  const v128_t is_small = wasm_i32x4_lt(magnitude, wasm_i32x4_const_splat(113 << 23));
  const v128_t is_large = wasm_i32x4_ge(magnitude, wasm_i32x4_const_splat((127 + 16) << 23));
  const v128_t half = wasm_v128_bitselect(large, wasm_v128_bitselect(small, normal, is_small), is_large);
  return wasm_v128_or(half, sign);
}
inline void StoreHalves(uint8_t *to, const Vector &values) {
  for (int p = 0; p < kParts; p += 2) {
    const v128_t low = NarrowToHalves((v128_t)values.parts[p]), high = NarrowToHalves((v128_t)values.parts[p + 1]);
    wasm_v128_store(to + 8 * p, wasm_u16x8_narrow_i32x4(low, high));
  }
}

// To the nearest, ties to even.
inline Ints Round(const Vector &values) {
  return EachPart([&](int p) -> IntPart {
    return (IntPart)wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_nearest((v128_t)values.parts[p]));
  });
}
inline void StoreBytes(int8_t *to, const Ints &values) {
  const v128_t low = wasm_i16x8_narrow_i32x4((v128_t)values.parts[0], (v128_t)values.parts[1]);
  const v128_t high = wasm_i16x8_narrow_i32x4((v128_t)values.parts[2], (v128_t)values.parts[3]);
  wasm_v128_store(to, wasm_i8x16_narrow_i16x8(low, high));
}
// The numbers of a row's block: as bytes; then as 16 bits, of each four the first and the third, and then the others.
constexpr int64_t kWords = kBlockDepth;
inline void StoreRow(int8_t *to, const Ints &low, const Ints &high) {
  StoreBytes(to, low);
  StoreBytes(to + kWidth, high);
  const Ints *halves[2] = {&low, &high};
  for (int half = 0; half < 2; half++) {
    for (int p = 0; p < kParts; p += 2) {
      const v128_t first = (v128_t)halves[half]->parts[p], second = (v128_t)halves[half]->parts[p + 1];
      const v128_t numbers = wasm_i16x8_narrow_i32x4(first, second);
      wasm_v128_store(to + kWords + 32 * half + 8 * p, wasm_i16x8_shuffle(numbers, numbers, 0, 2, 1, 3, 4, 6, 5, 7));
    }
  }
}
inline int32_t SumInts(const Ints &values) {
  const IntPart four = values.parts[0] + values.parts[1] + values.parts[2] + values.parts[3];
  return four[0] + four[1] + four[2] + four[3];
}
// Sixteen bytes as floats.
inline Vector WidenUnsigned(const uint8_t *from) {
  return EachPart([&](int p) -> Part {
    uint32_t four;
    __builtin_memcpy(&four, from + 4 * p, sizeof four);
    const v128_t bytes = wasm_i32x4_splat(static_cast<int32_t>(four));
    return (Part)wasm_f32x4_convert_u32x4(wasm_u32x4_extend_low_u16x8(wasm_u16x8_extend_low_u8x16(bytes)));
  });
}
inline Vector WidenSigned(const uint8_t *from) {
  return EachPart([&](int p) -> Part {
    uint32_t four;
    __builtin_memcpy(&four, from + 4 * p, sizeof four);
    const v128_t bytes = wasm_i32x4_splat(static_cast<int32_t>(four));
    return (Part)wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(wasm_i16x8_extend_low_i8x16(bytes)));
  });
}

// The bits from `bit` on, moved to bit 4 of their bytes.
inline v128_t MoveToFour(v128_t bits, int bit, uint8_t mask) {
  return wasm_v128_and(wasm_i16x8_shl(wasm_u16x8_shr(bits, bit), 4), wasm_u8x16_splat(mask));
}

// How a quad's numbers and a row's are multiplied.
enum class Dots {
  // The relaxed dot product of bytes, added to 32 bits; right for weights of eight bits on some processors.
  kBytes,
  // That of two bytes, added to 16 bits, which have room for some quads of weights of less than eight bits.
  kHalves,
  // Products of 16 bits.
  kWords,
};

// The stored numbers of a quad, without signs: of four outputs from 4 `group` on, and of those 16 above them.
template <Format kFormat>
TOKENFLARE_INLINE void LoadQuad(const uint8_t *quads, int quad, int group, v128_t (&stored)[2]) {
  if constexpr (kFormat == Format::kQ8) {
    stored[0] = wasm_v128_load(quads + quad * 128 + group * 16);
    stored[1] = wasm_v128_load(quads + quad * 128 + 64 + group * 16);
    return;
  }
  const v128_t nibbles = wasm_v128_load(quads + quad * 64 + group * 16);
  stored[0] = wasm_v128_and(nibbles, wasm_u8x16_const_splat(15));
  stored[1] = wasm_v128_and(wasm_u16x8_shr(nibbles, 4), wasm_u8x16_const_splat(15));
#pragma GCC unroll 2
  for (int half = 0; half < 2; half++) {
    const uint8_t *high = quads + 512 + group * 16 + half * 64;
    if constexpr (LayoutOf(kFormat).high_bits == 1) {
      stored[half] = wasm_v128_or(stored[half], MoveToFour(wasm_v128_load(high), quad, 0x10));
    } else if constexpr (LayoutOf(kFormat).high_bits == 2) {
      stored[half] = wasm_v128_or(stored[half], MoveToFour(wasm_v128_load(high + quad / 4 * 128), quad % 4 * 2, 0x30));
    }
  }
}

// Adds the products of some quads to `sums`. A row's numbers are read once for both halves of the outputs.
template <Format kFormat, Dots kDots, int kRows>
TOKENFLARE_INLINE void AddQuads(const uint8_t *quads, const RowBlock &rows, int group, int first, int count,
                                v128_t (&sums)[kRows][2]) {
#pragma GCC unroll 1
  for (int quad = first; quad < first + count; quad++) {
    v128_t stored[2];
    LoadQuad<kFormat>(quads, quad, group, stored);
    if constexpr (kDots == Dots::kWords) {
      v128_t even[2], odd[2];
#pragma GCC unroll 2
      for (int half = 0; half < 2; half++) {
        even[half] = wasm_v128_and(stored[half], wasm_i16x8_const_splat(0xff));
        odd[half] = wasm_u16x8_shr(stored[half], 8);
      }
#pragma GCC unroll 4
      for (int row = 0; row < kRows; row++) {
        const int8_t *numbers = rows.numbers[row] + kWords + 2 * quad * kQuad;
        const v128_t first_numbers = wasm_v128_load32_splat(numbers);
#pragma GCC unroll 2
        for (int half = 0; half < 2; half++) {
          sums[row][half] = wasm_i32x4_add(sums[row][half], wasm_i32x4_dot_i16x8(even[half], first_numbers));
        }
        const v128_t second_numbers = wasm_v128_load32_splat(numbers + kQuad);
#pragma GCC unroll 2
        for (int half = 0; half < 2; half++) {
          sums[row][half] = wasm_i32x4_add(sums[row][half], wasm_i32x4_dot_i16x8(odd[half], second_numbers));
        }
      }
    } else {
#ifdef __wasm_relaxed_simd__
#pragma GCC unroll 4
      for (int row = 0; row < kRows; row++) {
        const v128_t numbers = wasm_v128_load32_splat(rows.numbers[row] + quad * kQuad);
#pragma GCC unroll 2
        for (int half = 0; half < 2; half++) {
          v128_t &sum = sums[row][half];
          if constexpr (kDots == Dots::kBytes) {
            sum = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(numbers, stored[half], sum);
          } else {
            sum = wasm_i16x8_add(sum, wasm_i16x8_relaxed_dot_i8x16_i7x16(numbers, stored[half]));
          }
        }
      }
#endif
    }
  }
}

// The dot products of some of a block's outputs and the rows of a tile, over the part of the depth that has one scale:
// outputs 4 `group` and on, and those 16 above them. So sums, weights and numbers have registers.
template <Format kFormat, int kPart, int kRows>
TOKENFLARE_INLINE void DotGroup(const uint8_t *quads, const RowBlock &rows, int group, IntPart (&dots)[kRows][2]) {
  constexpr int kNumParts = LayoutOf(kFormat).scales;
  constexpr int kNumQuads = kBlockDepth / kQuad / kNumParts;
  constexpr Dots kDots = TOKENFLARE_DOTS(kFormat);
  constexpr int kTogether = kDots == Dots::kHalves ? Least(QuadsInHalves(kFormat), kNumQuads) : kNumQuads;
  v128_t sums[kRows][2];
  const auto start = [&](int row) {
    return wasm_i32x4_splat(StartOfPart<kNumParts, kPart>(rows, row, LayoutOf(kFormat).zero_point));
  };
  if constexpr (kDots != Dots::kHalves) {
#pragma GCC unroll 4
    for (int row = 0; row < kRows; row++) sums[row][0] = sums[row][1] = start(row);
    AddQuads<kFormat, kDots>(quads, rows, group, kPart * kNumQuads, kNumQuads, sums);
  } else {
#pragma GCC unroll 4
    for (int first = 0; first < kNumQuads; first += kTogether) {
      v128_t halves[kRows][2] = {};
      AddQuads<kFormat, kDots>(quads, rows, group, kPart * kNumQuads + first, kTogether, halves);
#pragma GCC unroll 4
      for (int row = 0; row < kRows; row++) {
#pragma GCC unroll 2
        for (int half = 0; half < 2; half++) {
          const v128_t before = first == 0 ? start(row) : sums[row][half];
          sums[row][half] = wasm_i32x4_add(before, wasm_i32x4_extadd_pairwise_i16x8(halves[row][half]));
        }
      }
    }
  }
#pragma GCC unroll 4
  for (int row = 0; row < kRows; row++) {
    dots[row][0] = (IntPart)sums[row][0];
    dots[row][1] = (IntPart)sums[row][1];
  }
}

}  // namespace
}  // namespace tokenflare
