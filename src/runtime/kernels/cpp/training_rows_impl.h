// What training computes row by row, and sums of columns.

namespace tokenflare {
namespace {

// Calls work(start, end) for columns of a matrix, few to a thread: a cache line or two of each row.
template <typename Work>
void ForColumns(int64_t dim, const Work &work) {
  constexpr int64_t kPerChunk = 2 * kWidth;
  ParallelFor((dim + kPerChunk - 1) / kPerChunk, [&](int64_t chunk) {
    work(chunk * kPerChunk, Least(dim, (chunk + 1) * kPerChunk));
  });
}

// output [dim] = sum over rows of term(row, column, numbers left of the row); every other row's are added apart, since one
// sum alone would wait for itself.
template <typename Term>
void SumRows(int64_t num_rows, int64_t dim, float *output, const Term &term) {
  ForColumns(dim, [&](int64_t start, int64_t end) {
    for (int64_t col = start; col < end; col += kWidth) {
      const int64_t left = end - col;
      Vector even{}, odd{};
      for (int64_t row = 0; row + 1 < num_rows; row += 2) {
        even += term(row, col, left);
        odd += term(row + 1, col, left);
      }
      if (num_rows % 2 == 1) even += term(num_rows - 1, col, left);
      StoreUpTo(output + col, even + odd, left);
    }
  });
}

void ColumnSum(const float *x, int64_t num_rows, int64_t dim, float *output) {
  SumRows(num_rows, dim, output, [&](int64_t row, int64_t col, int64_t left) {
    return LoadUpTo(x + row * dim + col, left);
  });
}

// Mean and 1 / deviation of a row.
struct RowStats {
  float mean, inverse;
};

RowStats StatsOf(const float *x, int64_t dim, float epsilon) {
  Vector sums{};
  for (int64_t i = 0; i < dim; i += kWidth) sums += LoadUpTo(x + i, dim - i);
  const float mean = Sum(sums) / dim;
  const int64_t whole = dim - dim % kWidth;
  Vector squares{};
  for (int64_t i = 0; i < whole; i += kWidth) {
    const Vector centred = Load(x + i) - mean;
    squares = Fma(centred, centred, squares);
  }
  float variance = Sum(squares);
  for (int64_t i = whole; i < dim; i++) variance += (x[i] - mean) * (x[i] - mean);
  return {mean, 1.0f / __builtin_sqrtf(variance / dim + epsilon)};
}

// dX = 1 / deviation * (g - mean(g) - n mean(g n)), with g = dY * gain and n the normed row.
void NormRowGradient(const float *x, const float *gain, const float *d_y, int64_t dim, const RowStats &stats, float *d_x) {
  Vector sums{}, dots{};
  for (int64_t i = 0; i < dim; i += kWidth) {
    const int64_t left = dim - i;
    const Vector g = LoadUpTo(d_y + i, left) * LoadUpTo(gain + i, left);
    const Vector normed = (LoadUpTo(x + i, left) - stats.mean) * stats.inverse;
    sums += g;
    dots = Fma(g, normed, dots);
  }
  const float mean = Sum(sums) / dim, mean_dot = Sum(dots) / dim;
  for (int64_t i = 0; i < dim; i += kWidth) {
    const int64_t left = dim - i;
    const Vector g = LoadUpTo(d_y + i, left) * LoadUpTo(gain + i, left);
    const Vector normed = (LoadUpTo(x + i, left) - stats.mean) * stats.inverse;
    StoreUpTo(d_x + i, (g - mean - normed * mean_dot) * stats.inverse, left);
  }
}

void LayerNormGradient(const float *x, const float *gain, const float *d_y, int64_t num_rows, int64_t dim, float epsilon,
                       float *stats, float *d_x, float *d_gain) {
  ForRows(num_rows, [&](int64_t row) {
    const RowStats of = StatsOf(x + row * dim, dim, epsilon);
    stats[2 * row] = of.mean;
    stats[2 * row + 1] = of.inverse;
    NormRowGradient(x + row * dim, gain, d_y + row * dim, dim, of, d_x + row * dim);
  });
  SumRows(num_rows, dim, d_gain, [&](int64_t row, int64_t col, int64_t left) {
    const Vector normed = (LoadUpTo(x + row * dim + col, left) - stats[2 * row]) * stats[2 * row + 1];
    return LoadUpTo(d_y + row * dim + col, left) * normed;
  });
}

void Embed(const float *tokens, const float *positions, const int32_t *ids, const int32_t *places, int64_t num_rows,
           int64_t dim, float *output) {
  ForRows(num_rows, [&](int64_t row) {
    const float *token = tokens + ids[row] * dim, *position = positions + places[row] * dim;
    for (int64_t i = 0; i < dim; i += kWidth) {
      const int64_t left = dim - i;
      StoreUpTo(output + row * dim + i, LoadUpTo(token + i, left) + LoadUpTo(position + i, left), left);
    }
  });
}

// Two rows may name the same row, so columns are shared out.
void ScatterRows(const float *rows, const int32_t *indices, int64_t num_rows, int64_t dim, int64_t num_out, float *output) {
  ForColumns(dim, [&](int64_t start, int64_t end) {
    for (int64_t row = 0; row < num_out; row++) {
      __builtin_memset(output + row * dim + start, 0, (end - start) * sizeof(float));
    }
    for (int64_t row = 0; row < num_rows; row++) {
      float *to = output + indices[row] * dim;
      for (int64_t i = start; i < end; i += kWidth) {
        StoreUpTo(to + i, LoadUpTo(to + i, end - i) + LoadUpTo(rows + row * dim + i, end - i), end - i);
      }
    }
  });
}

// A row's sum of exp(logit - largest).
float SumOfExponentials(const float *logits, int64_t size, float largest) {
  const int64_t whole = size - size % kWidth;
  Vector sums{};
  for (int64_t i = 0; i < whole; i += kWidth) sums += Exp(Load(logits + i) - largest);
  if (whole < size) {
    const Vector rest = Exp(LoadRest(logits + whole, size - whole) - largest);
    const Vector num_left = Splat(static_cast<float>(size - whole));
    sums += WhereLess(Counting(), num_left, rest, Vector{});
  }
  return Sum(sums);
}

void CrossEntropy(const float *logits, const int32_t *targets, int64_t num_rows, int64_t size, float *stats) {
  ForRows(num_rows, [&](int64_t row) {
    const float *of_row = logits + row * size;
    Vector most = Splat(of_row[0]);
    const int64_t whole = size - size % kWidth;
    for (int64_t i = 0; i < whole; i += kWidth) most = Max(Load(of_row + i), most);
    float largest = LargestOf(most);
    for (int64_t i = whole; i < size; i++) largest = Most(largest, of_row[i]);
    stats[3 * row] = largest;
    stats[3 * row + 1] = SumOfExponentials(of_row, size, largest);
    stats[3 * row + 2] = of_row[targets[row]];
  });
}

void CrossEntropyGradient(const float *logits, const int32_t *targets, const float *stats, int64_t num_rows, int64_t size,
                          float scale, float *output) {
  ForRows(num_rows, [&](int64_t row) {
    const float *of_row = logits + row * size;
    float *to = output + row * size;
    const float largest = stats[3 * row], factor = scale / stats[3 * row + 1];
    for (int64_t i = 0; i < size; i += kWidth) {
      StoreUpTo(to + i, Exp(LoadUpTo(of_row + i, size - i) - largest) * factor, size - i);
    }
    to[targets[row]] -= scale;
  });
}

}  // namespace
}  // namespace tokenflare
