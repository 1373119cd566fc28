// What is computed row by row or number by number.
#include "activation_impl.h"

namespace tokenflare {
namespace {

void LayerNormRow(const float *x, int64_t dim, const float *gain, const float *shift, float epsilon, float *output) {
  const int64_t whole = dim - dim % kWidth;
  Vector sums{};
  for (int64_t i = 0; i < whole; i += kWidth) sums += Load(x + i);
  float mean = Sum(sums);
  for (int64_t i = whole; i < dim; i++) mean += x[i];
  mean /= dim;
  Vector squares{};
  for (int64_t i = 0; i < whole; i += kWidth) {
    const Vector centred = Load(x + i) - mean;
    squares = Fma(centred, centred, squares);
  }
  float variance = Sum(squares);
  for (int64_t i = whole; i < dim; i++) variance += (x[i] - mean) * (x[i] - mean);
  const float inverse = 1.0f / __builtin_sqrtf(variance / dim + epsilon);
  for (int64_t i = 0; i < whole; i += kWidth) {
    const Vector shifts = shift == nullptr ? Vector{} : Load(shift + i);
    Store(output + i, (Load(x + i) - mean) * inverse * Load(gain + i) + shifts);
  }
  for (int64_t i = whole; i < dim; i++) {
    output[i] = (x[i] - mean) * inverse * gain[i] + (shift == nullptr ? 0.0f : shift[i]);
  }
}

// Calls work(row) for every row, some rows in a chunk.
template <typename Work>
void ForRows(int64_t num_rows, const Work &work) {
  constexpr int64_t kRowsPerChunk = 16;  // fewer are done before another thread has heard of them
  ParallelFor((num_rows + kRowsPerChunk - 1) / kRowsPerChunk, [&](int64_t chunk) {
    const int64_t end = Least(num_rows, (chunk + 1) * kRowsPerChunk);
    for (int64_t row = chunk * kRowsPerChunk; row < end; row++) work(row);
  });
}

void LayerNorm(const float *x, int64_t num_rows, int64_t dim, const float *gain, const float *shift, float epsilon,
               float *output) {
  ForRows(num_rows, [&](int64_t row) {
    LayerNormRow(x + row * dim, dim, gain, shift, epsilon, output + row * dim);
  });
}

void RmsNormRow(const float *x, int64_t dim, const float *gain, float epsilon, float *output) {
  const int64_t whole = dim - dim % kWidth;
  Vector squares{};
  for (int64_t i = 0; i < whole; i += kWidth) {
    const Vector numbers = Load(x + i);
    squares = Fma(numbers, numbers, squares);
  }
  float sum = Sum(squares);
  for (int64_t i = whole; i < dim; i++) sum += x[i] * x[i];
  const float inverse = 1.0f / __builtin_sqrtf(sum / dim + epsilon);
  for (int64_t i = 0; i < whole; i += kWidth) Store(output + i, Load(x + i) * inverse * Load(gain + i));
  for (int64_t i = whole; i < dim; i++) output[i] = x[i] * inverse * gain[i];
}

void RmsNorm(const float *x, int64_t num_rows, int64_t dim, const float *gain, float epsilon, float *output) {
  ForRows(num_rows, [&](int64_t row) { RmsNormRow(x + row * dim, dim, gain, epsilon, output + row * dim); });
}

// Calls change(head, from, to) for each head of queries, then of keys, and copies the values.
template <typename Change>
void ChangeHeads(const float *qkv, const Stripes &stripes, float *output, const Change &change) {
  const int64_t num_changed = stripes.num_heads + stripes.num_kv_heads;
  for (int64_t head = 0; head < num_changed; head++) {
    change(head, qkv + head * stripes.head_dim, output + head * stripes.head_dim);
  }
  const int64_t start = num_changed * stripes.head_dim;
  __builtin_memcpy(output + start, qkv + start, (stripes.RowSize() - start) * sizeof(float));
}

void NormHeads(const float *qkv, int64_t num_rows, const Stripes &stripes, const float *query_gain,
               const float *key_gain, float epsilon, float *output) {
  const int64_t size = stripes.RowSize();
  ForRows(num_rows, [&](int64_t row) {
    ChangeHeads(qkv + row * size, stripes, output + row * size, [&](int64_t head, const float *from, float *to) {
      RmsNormRow(from, stripes.head_dim, head < stripes.num_heads ? query_gain : key_gain, epsilon, to);
    });
  });
}

void TurnHalves(const float *from, const float *cosines, const float *sines, int64_t num_pairs, float *to) {
  const int64_t whole = num_pairs - num_pairs % kWidth;
  for (int64_t i = 0; i < whole; i += kWidth) {
    const Vector a = Load(from + i), b = Load(from + num_pairs + i), cosine = Load(cosines + i), sine = Load(sines + i);
    Store(to + i, a * cosine - b * sine);
    Store(to + num_pairs + i, a * sine + b * cosine);
  }
  for (int64_t i = whole; i < num_pairs; i++) {
    const float a = from[i], b = from[num_pairs + i];
    to[i] = a * cosines[i] - b * sines[i];
    to[num_pairs + i] = a * sines[i] + b * cosines[i];
  }
}

void TurnNeighbours(const float *__restrict from, const float *__restrict cosines, const float *__restrict sines,
                    int64_t num_pairs, float *__restrict to) {
  for (int64_t i = 0; i < num_pairs; i++) {
    const float a = from[2 * i], b = from[2 * i + 1];
    to[2 * i] = a * cosines[i] - b * sines[i];
    to[2 * i + 1] = a * sines[i] + b * cosines[i];
  }
}

void Rotate(const float *qkv, int64_t num_rows, const Stripes &stripes, const Rotation &rotation, float *output) {
  const int64_t size = stripes.RowSize(), num_pairs = stripes.head_dim / 2;
  const auto turn = rotation.neighbours ? TurnNeighbours : TurnHalves;
  ForRows(num_rows, [&](int64_t row) {
    const float *cosines = rotation.table + rotation.positions[row] * stripes.head_dim;
    ChangeHeads(qkv + row * size, stripes, output + row * size, [&](int64_t, const float *from, float *to) {
      turn(from, cosines, cosines + num_pairs, num_pairs, to);
    });
  });
}

void Gelu(const float *x, int64_t size, float *output) {
  constexpr int64_t kPerChunk = 8192;
  ParallelFor((size + kPerChunk - 1) / kPerChunk, [&](int64_t chunk) {
    const int64_t end = Least(size, (chunk + 1) * kPerChunk);
    int64_t i = chunk * kPerChunk;
    for (; i + kWidth <= end; i += kWidth) Store(output + i, GeluOf(Load(x + i)));
    if (i < end) {
      float rest[kWidth] = {};
      __builtin_memcpy(rest, x + i, (end - i) * sizeof(float));
      Store(rest, GeluOf(Load(rest)));
      __builtin_memcpy(output + i, rest, (end - i) * sizeof(float));
    }
  });
}

template <bool kIsSilu>
void GateStretch(const float *gates, const float *values, int64_t size, float *output) {
  const auto activation = [](Vector x) { return kIsSilu ? SiluOf(x) : GeluOf(x); };
  const int64_t whole = size - size % kWidth;
  for (int64_t i = 0; i < whole; i += kWidth) Store(output + i, activation(Load(gates + i)) * Load(values + i));
  if (whole == size) return;
  float rest[kWidth] = {};
  __builtin_memcpy(rest, gates + whole, (size - whole) * sizeof(float));
  Store(rest, activation(Load(rest)));
  for (int64_t i = whole; i < size; i++) output[i] = rest[i - whole] * values[i];
}

void Gate(const float *x, int64_t num_rows, int64_t dim, bool is_silu, float *output) {
  constexpr int64_t kPerChunk = 8192;
  const int64_t chunks_per_row = (dim + kPerChunk - 1) / kPerChunk;
  const int64_t rows_per_chunk = Most<int64_t>(1, kPerChunk / Most<int64_t>(1, dim));
  const auto gate = is_silu ? GateStretch<true> : GateStretch<false>;
  ParallelFor((num_rows + rows_per_chunk - 1) / rows_per_chunk * chunks_per_row, [&](int64_t chunk) {
    const int64_t start = chunk % chunks_per_row * kPerChunk, size = Least(kPerChunk, dim - start);
    const int64_t first = chunk / chunks_per_row * rows_per_chunk, end = Least(num_rows, first + rows_per_chunk);
    for (int64_t row = first; row < end; row++) {
      const float *gates = x + row * 2 * dim + start;
      gate(gates, gates + dim, size, output + row * dim + start);
    }
  });
}

void Add(const float *x, const float *y, int64_t size, float *output) {
  constexpr int64_t kPerChunk = 16384;
  ParallelFor((size + kPerChunk - 1) / kPerChunk, [&](int64_t chunk) {
    const int64_t end = Least(size, (chunk + 1) * kPerChunk);
    for (int64_t i = chunk * kPerChunk; i < end; i++) output[i] = x[i] + y[i];
  });
}

}  // namespace
}  // namespace tokenflare
