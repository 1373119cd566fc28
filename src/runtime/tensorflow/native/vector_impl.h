// A vector of TOKENFLARE_WIDTH floats.

namespace tokenflare {
namespace {

constexpr int kWidth = TOKENFLARE_WIDTH;

typedef float Vector __attribute__((vector_size(kWidth * 4)));
typedef float Loose __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
typedef int32_t Ints __attribute__((vector_size(kWidth * 4)));
typedef uint32_t Words __attribute__((vector_size(kWidth * 4)));
typedef uint16_t Halves __attribute__((vector_size(kWidth * 2), aligned(2), may_alias));

inline Vector Load(const float *from) { return *reinterpret_cast<const Loose *>(from); }
inline void Store(float *to, Vector values) { *reinterpret_cast<Loose *>(to) = values; }
inline Vector Splat(float value) { return value - Vector{}; }

// 0, 1, 2 and so on; read from memory, where a compiler would set one lane after the other.
struct CountingNumbers {
  alignas(64) float numbers[kWidth];
  constexpr CountingNumbers() : numbers() {
    for (int i = 0; i < kWidth; i++) numbers[i] = i;
  }
};
constexpr CountingNumbers kCounting;
inline Vector Counting() { return Load(kCounting.numbers); }

// At least `size` numbers of this thread's, overwritten by the next call with the same `which`.
template <int which>
float *Scratch(size_t size) {
  static thread_local std::vector<float> numbers;
  if (numbers.size() < size) numbers.resize(size);
  return numbers.data();
}

// Always in this order, so that a sum does not depend on how its numbers came.
inline float Sum(Vector values) {
  float lanes[kWidth];
  std::memcpy(lanes, &values, sizeof lanes);
  for (int half = kWidth / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

// Of each stretch of 2 `half` numbers, the lower halves of two vectors side by side, and the upper ones.
template <int half>
struct Pairing {
  alignas(64) int32_t lower[kWidth], upper[kWidth];
  constexpr Pairing() : lower(), upper() {
    for (int i = 0; i < kWidth; i++) {
      lower[i] = i / (2 * half) * 2 * half + i % half + i / half % 2 * kWidth;
      upper[i] = lower[i] + half;
    }
  }
};

// vectors[i] summed into number i, each in the order of Sum: numbers half a vector apart are added, then those a quarter
// apart, and so on; where Sum leaves one of a pair without use, here another vector's has room.
template <int half = kWidth / 2>
inline __attribute__((always_inline)) Vector SumEach(Vector (&vectors)[kWidth]) {
  static constexpr Pairing<half> kPairing;
  const Ints lower = *reinterpret_cast<const Ints *>(kPairing.lower), upper = *reinterpret_cast<const Ints *>(kPairing.upper);
#pragma GCC unroll 8
  for (int i = 0; i < half; i++) {
    vectors[i] = __builtin_shuffle(vectors[i], vectors[i + half], lower) +
                 __builtin_shuffle(vectors[i], vectors[i + half], upper);
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
