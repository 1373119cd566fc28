// What training computes number by number.

namespace tokenflare {
namespace {

__attribute__((noinline)) Vector LoadRest(const float *from, int64_t count) {
  float numbers[kWidth] = {};
  __builtin_memcpy(numbers, from, count * sizeof(float));
  return Load(numbers);
}
__attribute__((noinline)) void StoreRest(float *to, const float *numbers, int64_t count) {
  __builtin_memcpy(to, numbers, count * sizeof(float));
}

// The next sixteen of `count` numbers; those that are missing are zero.
TOKENFLARE_INLINE Vector LoadUpTo(const float *from, int64_t count) {
  return count >= kWidth ? Load(from) : LoadRest(from, count);
}
TOKENFLARE_INLINE void StoreUpTo(float *to, const Vector &values, int64_t count) {
  if (count >= kWidth) return Store(to, values);
  float numbers[kWidth];
  Store(numbers, values);
  StoreRest(to, numbers, count);
}

// Calls work(start, end) for stretches of kNumbersPerChunk.
template <typename Work>
void ForStretches(int64_t size, const Work &work) {
  ParallelFor(NumPartials(size), [&](int64_t chunk) {
    work(chunk * kNumbersPerChunk, Least(size, (chunk + 1) * kNumbersPerChunk));
  });
}

// The finaliser of MurmurHash3 (public domain, by Austin Appleby) decides by place and seed.
TOKENFLARE_INLINE Part KeptPart(WordPart places, const Dropout &dropout) {
  WordPart hash = (places * 0x9e3779b1u) ^ static_cast<uint32_t>(dropout.seed);
  hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
  hash = (hash ^ (hash >> 16)) >> 1;
  const Part scale = dropout.keep_scale - Part{};
  return (IntPart)hash >= dropout.threshold ? scale : Part{};
}

// keep_scale or 0 for sixteen places, which are integers.
TOKENFLARE_INLINE Vector Kept(const Vector &places, const Dropout &dropout) {
  return EachPart([&](int p) -> Part { return KeptPart((WordPart)places.parts[p], dropout); });
}

// Sixteen places in a row.
TOKENFLARE_INLINE Vector PlacesFrom(int64_t first) {
  return EachPart([&](int p) -> Part {
    const WordPart counted = (WordPart)__builtin_convertvector(Counting().parts[p], IntPart);
    return (Part)(counted + static_cast<uint32_t>(first));
  });
}
TOKENFLARE_INLINE Vector MovePlaces(const Vector &places, uint32_t by) {
  return EachPart([&](int p) -> Part { return (Part)((WordPart)places.parts[p] + by); });
}

void Drop(const float *x, int64_t size, const Dropout &dropout, float *output) {
  ForStretches(size, [&](int64_t start, int64_t end) {
    Vector places = PlacesFrom(start);
    for (int64_t i = start; i < end; i += kWidth) {
      StoreUpTo(output + i, LoadUpTo(x + i, end - i) * Kept(places, dropout), end - i);
      places = MovePlaces(places, kWidth);
    }
  });
}

// dX = dY (s + x s (1 - s) 2u'), s = sigmoid(2u): of GeluOf.
void GeluGradient(const float *x, const float *d_y, int64_t size, float *d_x) {
  constexpr float kTwice = 2 * 0.7978845608f;
  ForStretches(size, [&](int64_t start, int64_t end) {
    for (int64_t i = start; i < end; i += kWidth) {
      const Vector value = LoadUpTo(x + i, end - i), square = value * value * 0.044715f;
      const Vector s = Splat(1.0f) / (Exp(value * (square + 1.0f) * -kTwice) + 1.0f);
      const Vector rise = value * ((square * 3.0f + 1.0f) * kTwice) * (Splat(1.0f) - s);
      StoreUpTo(d_x + i, LoadUpTo(d_y + i, end - i) * (s * (rise + 1.0f)), end - i);
    }
  });
}

typedef double DoublePart __attribute__((vector_size(kPartWidth * 8)));

double SumOfSquares(const float *x, int64_t size, double *partials) {
  ForStretches(size, [&](int64_t start, int64_t end) {
    DoublePart sums[kParts] = {};
    for (int64_t i = start; i < end; i += kWidth) {
      const Vector values = LoadUpTo(x + i, end - i);
#pragma GCC unroll 4
      for (int p = 0; p < kParts; p++) {
        const DoublePart wide = __builtin_convertvector(values.parts[p], DoublePart);
        sums[p] += wide * wide;
      }
    }
    double sum = 0;
    for (int i = 0; i < kWidth; i++) sum += sums[i / kPartWidth][i % kPartWidth];
    partials[start / kNumbersPerChunk] = sum;
  });
  double sum = 0;
  for (int64_t i = 0; i < NumPartials(size); i++) sum += partials[i];
  return sum;
}

inline Vector SquareRoot(const Vector &x) {
  return EachPart([&](int p) -> Part { return RootPart(x.parts[p]); });
}

void AdamW(const Optimized &w, const AdamWNumbers &numbers) {
  const float rest1 = 1.0f - numbers.beta1, rest2 = 1.0f - numbers.beta2, shrink = 1.0f - numbers.rate * numbers.decay;
  const Vector correction1 = Splat(numbers.correction1), correction2 = Splat(numbers.correction2);
  ForStretches(w.size, [&](int64_t start, int64_t end) {
    for (int64_t i = start; i < end; i += kWidth) {
      const int64_t left = end - i;
      const Vector gradient = LoadUpTo(w.gradients + i, left) * numbers.clip;
      const Vector mean = LoadUpTo(w.means + i, left) * numbers.beta1 + gradient * rest1;
      const Vector square = LoadUpTo(w.squares + i, left) * numbers.beta2 + gradient * gradient * rest2;
      StoreUpTo(w.means + i, mean, left);
      StoreUpTo(w.squares + i, square, left);
      const Vector step = mean / correction1 / (SquareRoot(square / correction2) + numbers.epsilon);
      StoreUpTo(w.weights + i, LoadUpTo(w.weights + i, left) * shrink - step * numbers.rate, left);
    }
  });
}

}  // namespace
}  // namespace tokenflare
