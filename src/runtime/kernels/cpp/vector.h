// Sixteen floats at a time on every processor, in as many registers as they take: sums of them have one order, so that
// results have the same bits on all instruction sets. TOKENFLARE_PART_WIDTH is how many floats a register holds.
#include <cstdint>

namespace tokenflare {
namespace {

constexpr int kWidth = 16;
constexpr int kPartWidth = TOKENFLARE_PART_WIDTH;
constexpr int kParts = kWidth / kPartWidth;

typedef float Part __attribute__((vector_size(kPartWidth * 4)));
typedef float LoosePart __attribute__((vector_size(kPartWidth * 4), aligned(4), may_alias));
typedef int32_t IntPart __attribute__((vector_size(kPartWidth * 4)));
typedef uint32_t WordPart __attribute__((vector_size(kPartWidth * 4)));

// a * b + c, rounded once; each instruction set has its own. Where it is not written out a product is rounded before it is
// added: the compiler joins none, or bits would depend on which it joins.
inline Part FmaPart(Part a, Part b, Part c);
inline Part RootPart(Part a);

template <typename Register>
struct Sixteen {
  Register parts[kParts];
};
using Vector = Sixteen<Part>;
using Ints = Sixteen<IntPart>;

#define TOKENFLARE_INLINE inline __attribute__((always_inline))

// compute(part) for each.
template <typename Compute>
TOKENFLARE_INLINE auto EachPart(const Compute &compute) {
  Sixteen<decltype(compute(0))> result;
#pragma GCC unroll 4
  for (int part = 0; part < kParts; part++) result.parts[part] = compute(part);
  return result;
}

TOKENFLARE_INLINE Vector Load(const float *from) {
  return EachPart([&](int p) -> Part { return *reinterpret_cast<const LoosePart *>(from + p * kPartWidth); });
}
TOKENFLARE_INLINE void Store(float *to, const Vector &values) {
#pragma GCC unroll 4
  for (int p = 0; p < kParts; p++) *reinterpret_cast<LoosePart *>(to + p * kPartWidth) = values.parts[p];
}
TOKENFLARE_INLINE Vector Splat(float value) {
  return EachPart([&](int) -> Part { return value - Part{}; });
}

TOKENFLARE_INLINE Vector operator+(const Vector &a, const Vector &b) {
  return EachPart([&](int p) -> Part { return a.parts[p] + b.parts[p]; });
}
TOKENFLARE_INLINE Vector operator-(const Vector &a, const Vector &b) {
  return EachPart([&](int p) -> Part { return a.parts[p] - b.parts[p]; });
}
TOKENFLARE_INLINE Vector operator*(const Vector &a, const Vector &b) {
  return EachPart([&](int p) -> Part { return a.parts[p] * b.parts[p]; });
}
TOKENFLARE_INLINE Vector operator/(const Vector &a, const Vector &b) {
  return EachPart([&](int p) -> Part { return a.parts[p] / b.parts[p]; });
}
TOKENFLARE_INLINE Vector operator+(const Vector &a, float b) { return a + Splat(b); }
TOKENFLARE_INLINE Vector operator-(const Vector &a, float b) { return a - Splat(b); }
TOKENFLARE_INLINE Vector operator*(const Vector &a, float b) { return a * Splat(b); }
TOKENFLARE_INLINE Vector operator-(const Vector &a) {
  return EachPart([&](int p) -> Part { return -a.parts[p]; });
}
TOKENFLARE_INLINE void operator+=(Vector &a, const Vector &b) { a = a + b; }
TOKENFLARE_INLINE Vector Fma(const Vector &a, const Vector &b, const Vector &c) {
  return EachPart([&](int p) -> Part { return FmaPart(a.parts[p], b.parts[p], c.parts[p]); });
}
// The larger of two; b where they cannot be compared.
template <typename Register>
TOKENFLARE_INLINE Sixteen<Register> Max(const Sixteen<Register> &a, const Sixteen<Register> &b) {
  return EachPart([&](int p) -> Register { return a.parts[p] > b.parts[p] ? a.parts[p] : b.parts[p]; });
}
// Where a is less than b the one, else the other.
TOKENFLARE_INLINE Vector WhereLess(const Vector &a, const Vector &b, const Vector &one, const Vector &other) {
  return EachPart([&](int p) -> Part { return a.parts[p] < b.parts[p] ? one.parts[p] : other.parts[p]; });
}
TOKENFLARE_INLINE Vector ToFloats(const Ints &a) {
  return EachPart([&](int p) -> Part { return __builtin_convertvector(a.parts[p], Part); });
}

inline float Widen(float value) { return value; }
// bfloat16 is the upper half of a float32: widening is exact.
struct BFloat16 {
  uint16_t bits;
};
struct Float16 {
  uint16_t bits;
};
inline float Widen(BFloat16 half) {
  const uint32_t word = static_cast<uint32_t>(half.bits) << 16;
  float value;
  __builtin_memcpy(&value, &word, sizeof value);
  return value;
}

template <typename T>
constexpr T Least(T a, T b) { return a < b ? a : b; }
template <typename T>
inline T Most(T a, T b) { return a > b ? a : b; }

// 0, 1, 2 and so on; read from memory, where a compiler would set one lane after the other.
struct CountingNumbers {
  alignas(64) float numbers[kWidth];
  constexpr CountingNumbers() : numbers() {
    for (int i = 0; i < kWidth; i++) numbers[i] = i;
  }
};
constexpr CountingNumbers kCounting;
inline Vector Counting() { return Load(kCounting.numbers); }

// Always in this order, so that a sum does not depend on how its numbers came.
inline float Sum(const Vector &values) {
  float lanes[kWidth];
  Store(lanes, values);
  for (int half = kWidth / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

// Of numbers, in any order: there is one largest.
template <int half, typename AnyPart, int... i>
TOKENFLARE_INLINE AnyPart LargestOfPart(AnyPart part, std::integer_sequence<int, i...> all) {
  const AnyPart other = __builtin_shufflevector(part, part, (i ^ half)...);
  part = part > other ? part : other;
  if constexpr (half > 1) return LargestOfPart<half / 2>(part, all);
  return part;
}
template <typename AnyVector>
TOKENFLARE_INLINE auto LargestOf(const AnyVector &values) {
  auto part = values.parts[0];
#pragma GCC unroll 4
  for (int p = 1; p < kParts; p++) part = part > values.parts[p] ? part : values.parts[p];
  return LargestOfPart<kPartWidth / 2>(part, std::make_integer_sequence<int, kPartWidth>())[0];
}

// The bits of magnitudes. They are ordered as the magnitudes are, and what is not a number is above infinity.
TOKENFLARE_INLINE Ints MagnitudeBits(const Vector &a) {
  return EachPart([&](int p) -> IntPart { return (IntPart)a.parts[p] & 0x7fffffff; });
}
TOKENFLARE_INLINE Vector FromBits(const Ints &bits) {
  return EachPart([&](int p) -> Part { return (Part)bits.parts[p]; });
}
// The largest magnitude, or not a number where one of them is none.
inline float LargestMagnitude(const Ints &bits) {
  const int32_t largest = LargestOf(bits);
  float magnitude;
  __builtin_memcpy(&magnitude, &largest, sizeof magnitude);
  return magnitude;
}

// The numbers of two registers: of each stretch of 2 `half` numbers the lower halves side by side, or the upper ones.
template <int half, bool is_upper, int... i>
TOKENFLARE_INLINE Part Pair(Part a, Part b, std::integer_sequence<int, i...>) {
  return __builtin_shufflevector(
      a, b, (i / (2 * half) * 2 * half + i % half + i / half % 2 * kPartWidth + (is_upper ? half : 0))...);
}

// Number i of part j becomes number j of part i.
template <int half = kPartWidth / 2>
TOKENFLARE_INLINE void TransposeParts(Part (&parts)[kPartWidth]) {
  constexpr auto kAll = std::make_integer_sequence<int, kPartWidth>();
#pragma GCC unroll 16
  for (int i = 0; i < kPartWidth; i++) {
    if (i & half) continue;
    const Part upper = Pair<half, true>(parts[i], parts[i + half], kAll);
    parts[i] = Pair<half, false>(parts[i], parts[i + half], kAll);
    parts[i + half] = upper;
  }
  if constexpr (half > 1) TransposeParts<half / 2>(parts);
}

// parts[i] summed into number i.
template <int half = kPartWidth / 2>
TOKENFLARE_INLINE Part SumEachPart(Part (&parts)[kPartWidth]) {
  constexpr auto kAll = std::make_integer_sequence<int, kPartWidth>();
#pragma GCC unroll 8
  for (int i = 0; i < half; i++) {
    parts[i] = Pair<half, false>(parts[i], parts[i + half], kAll) + Pair<half, true>(parts[i], parts[i + half], kAll);
  }
  if constexpr (half > 1) {
    return SumEachPart<half / 2>(parts);
  } else {
    return parts[0];
  }
}

// Parts added in the order of Sum: those half a vector apart first.
TOKENFLARE_INLINE Part AddParts(const Vector &vector) {
  if constexpr (kParts == 4) {
    return (vector.parts[0] + vector.parts[kParts / 2]) + (vector.parts[1] + vector.parts[kParts - 1]);
  } else if constexpr (kParts == 2) {
    return vector.parts[0] + vector.parts[1];
  } else {
    return vector.parts[0];
  }
}

// vectors[i] summed into number i, each in the order of Sum: numbers half a vector apart are added, then those a quarter
// apart, and so on; where Sum leaves one of a pair without use, here another vector's has room.
TOKENFLARE_INLINE Vector SumEach(const Vector (&vectors)[kWidth]) {
  return EachPart([&](int p) -> Part {
    Part parts[kPartWidth];
#pragma GCC unroll 16
    for (int i = 0; i < kPartWidth; i++) parts[i] = AddParts(vectors[p * kPartWidth + i]);
    return SumEachPart(parts);
  });
}

// e^x to about 2 units in the last place (Cody-Waite reduction, the polynomial of Cephes' expf); 0 below -87.3.
TOKENFLARE_INLINE Part ExpOfPart(Part x) {
  const Part most = 88.3f - Part{};
  const auto constant = [](float number) -> Part { return number - Part{}; };
  const IntPart tiny = x < constant(-87.3f);
  x = x > most ? most : x;
  const Part shift = constant(12582912.0f);  // 1.5 * 2^23: a sum with it rounds to a whole number, in its lowest bits
  const Part shifted = FmaPart(x, constant(1.44269504f), shift), whole = shifted - shift;
  const Part rest = FmaPart(whole, constant(2.12194440e-4f), FmaPart(whole, constant(-0.693359375f), x));
  Part value = constant(1.9875691500e-4f);
  value = FmaPart(value, rest, constant(1.3981999507e-3f));
  value = FmaPart(value, rest, constant(8.3334519073e-3f));
  value = FmaPart(value, rest, constant(4.1665795894e-2f));
  value = FmaPart(value, rest, constant(1.6666665459e-1f));
  value = FmaPart(value, rest, constant(5.0000001201e-1f));
  value = FmaPart(value, rest * rest, rest) + 1.0f;
  const WordPart power = ((WordPart)shifted << 23) + (127u << 23);
  value = value * (Part)power;
  return tiny ? Part{} : value;
}
inline Vector Exp(const Vector &x) {
  return EachPart([&](int p) -> Part { return ExpOfPart(x.parts[p]); });
}

}  // namespace
}  // namespace tokenflare
