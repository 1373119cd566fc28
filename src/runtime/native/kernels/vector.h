// Sixteen floats at a time on every processor, in as many registers as they take: sums of them have one order, so that
// results have the same bits on all instruction sets.
#include <cstdint>

namespace tokenflare {
namespace {

constexpr int kWidth = 16;

typedef float Vector __attribute__((vector_size(kWidth * 4)));
typedef float Loose __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
typedef int32_t Ints __attribute__((vector_size(kWidth * 4)));
typedef int32_t LooseInts __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
typedef uint32_t Words __attribute__((vector_size(kWidth * 4)));
typedef uint16_t Halves __attribute__((vector_size(kWidth * 2), aligned(2), may_alias));

inline Vector Load(const float *from) { return *reinterpret_cast<const Loose *>(from); }
inline void Store(float *to, Vector values) { *reinterpret_cast<Loose *>(to) = values; }
inline Vector Splat(float value) { return value - Vector{}; }
inline Ints SplatInt(int32_t value) { return value - Ints{}; }
inline float Widen(float value) { return value; }
// bfloat16 is the upper half of a float32: widening is exact.
inline float Widen(uint16_t half) {
  const uint32_t word = static_cast<uint32_t>(half) << 16;
  float value;
  __builtin_memcpy(&value, &word, sizeof value);
  return value;
}
inline Vector Max(Vector a, Vector b) { return a > b ? a : b; }
inline Vector Abs(Vector a) { return (Vector)((Ints)a & 0x7fffffff); }
template <typename T>
inline T Least(T a, T b) { return a < b ? a : b; }
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
inline float Sum(Vector values) {
  float lanes[kWidth];
  Store(lanes, values);
  for (int half = kWidth / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

inline float LargestOf(Vector values) {
  float lanes[kWidth];
  Store(lanes, values);
  for (int half = kWidth / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) lanes[i] = lanes[i + half] > lanes[i] ? lanes[i + half] : lanes[i];
  }
  return lanes[0];
}

// The numbers of two vectors: of each stretch of 2 `half` numbers the lower halves side by side, or the upper ones.
template <int half, bool is_upper, int... i>
inline Vector Pair(Vector a, Vector b, std::integer_sequence<int, i...>) {
  return __builtin_shufflevector(a, b,
                                 (i / (2 * half) * 2 * half + i % half + i / half % 2 * kWidth + (is_upper ? half : 0))...);
}

// vectors[i] summed into number i, each in the order of Sum: numbers half a vector apart are added, then those a quarter
// apart, and so on; where Sum leaves one of a pair without use, here another vector's has room.
template <int half = kWidth / 2>
inline __attribute__((always_inline)) Vector SumEach(Vector (&vectors)[kWidth]) {
  constexpr auto kAll = std::make_integer_sequence<int, kWidth>();
#pragma GCC unroll 8
  for (int i = 0; i < half; i++) {
    vectors[i] = Pair<half, false>(vectors[i], vectors[i + half], kAll) + Pair<half, true>(vectors[i], vectors[i + half], kAll);
  }
  if constexpr (half > 1) {
    return SumEach<half / 2>(vectors);
  } else {
    return vectors[0];
  }
}

// e^x to about 2 units in the last place (Cody-Waite reduction, the polynomial of Cephes' expf); 0 below -87.3.
inline Vector Exp(Vector x) {
  const Ints tiny = x < Splat(-87.3f);
  x = x > Splat(88.3f) ? Splat(88.3f) : x;
  x = tiny ? Splat(-87.3f) : x;
  const Vector scaled = x * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: the sum rounds to a whole number
  const Vector whole = scaled - 12582912.0f;
  const Vector rest = (x - whole * 0.693359375f) - whole * -2.12194440e-4f;
  Vector value = Splat(1.9875691500e-4f);
  value = value * rest + 1.3981999507e-3f;
  value = value * rest + 8.3334519073e-3f;
  value = value * rest + 4.1665795894e-2f;
  value = value * rest + 1.6666665459e-1f;
  value = value * rest + 5.0000001201e-1f;
  value = value * (rest * rest) + rest + 1.0f;
  const Ints power = (__builtin_convertvector(whole, Ints) + 127) << 23;
  value = value * (Vector)power;
  return tiny ? Vector{} : value;
}

}  // namespace
}  // namespace tokenflare
