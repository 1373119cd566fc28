// The kernels in terms of a vector of TOKENFLARE_WIDTH floats; included once for each instruction set.

namespace tokenflare {
namespace {

constexpr int kWidth = TOKENFLARE_WIDTH;
constexpr int kTileRows = TOKENFLARE_TILE_ROWS;
constexpr int kPanelVectors = 3;
constexpr int kPanelWidth = kPanelVectors * kWidth;

typedef float Vector __attribute__((vector_size(kWidth * 4)));
typedef float Loose __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
typedef int32_t Ints __attribute__((vector_size(kWidth * 4)));
typedef uint32_t Words __attribute__((vector_size(kWidth * 4)));
typedef uint16_t Halves __attribute__((vector_size(kWidth * 2), aligned(2), may_alias));

inline Vector Load(const float *from) { return *reinterpret_cast<const Loose *>(from); }
inline void Store(float *to, Vector values) { *reinterpret_cast<Loose *>(to) = values; }
inline Vector Splat(float value) { return value - Vector{}; }

inline Vector LoadWeights(const float *from) { return Load(from); }
// bfloat16 is the upper half of a float32: widening is exact.
inline Vector LoadWeights(const uint16_t *from) {
  return (Vector)(__builtin_convertvector(*reinterpret_cast<const Halves *>(from), Words) << 16);
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

// `kRows` rows by one panel. Meanwhile asks for this tile's share of the next panel, so that it is there in time.
template <int kRows, typename Weight>
inline void LinearTile(const float *x, int64_t depth, const Weight *panel, const Weight *next, int tile, int num_tiles,
                       const float *bias, float *output, int64_t num_out, int num_cols) {
  Vector sums[kRows][kPanelVectors];
  for (int row = 0; row < kRows; row++) {
    for (int v = 0; v < kPanelVectors; v++) sums[row][v] = Load(bias + v * kWidth);
  }
  int until_prefetch = tile;
  for (int64_t k = 0; k < depth; k++) {
    if (until_prefetch-- == 0) {
      const char *line = reinterpret_cast<const char *>(next + k * kPanelWidth);
      for (size_t byte = 0; byte < kPanelWidth * sizeof(Weight); byte += 64) __builtin_prefetch(line + byte, 0, 2);
      until_prefetch = num_tiles - 1;
    }
    Vector weights[kPanelVectors];
#pragma GCC unroll 3
    for (int v = 0; v < kPanelVectors; v++) weights[v] = LoadWeights(panel + k * kPanelWidth + v * kWidth);
#pragma GCC unroll 8
    for (int row = 0; row < kRows; row++) {
      const Vector value = Splat(x[row * depth + k]);
#pragma GCC unroll 3
      for (int v = 0; v < kPanelVectors; v++) sums[row][v] += value * weights[v];
    }
  }
  for (int row = 0; row < kRows; row++) {
    float whole[kPanelWidth];
    float *to = num_cols == kPanelWidth ? output + row * num_out : whole;
    for (int v = 0; v < kPanelVectors; v++) Store(to + v * kWidth, sums[row][v]);
    if (to == whole) std::memcpy(output + row * num_out, whole, num_cols * sizeof(float));
  }
}

template <int kRows, typename Weight, typename... Rest>
inline void LinearTail(int num_rows, Rest... rest) {
  if (num_rows == kRows) {
    LinearTile<kRows, Weight>(rest...);
  } else if constexpr (kRows > 1) {
    LinearTail<kRows - 1, Weight>(num_rows, rest...);
  }
}

// Widening a panel once is cheaper than in every tile of rows; with few tiles the copy costs more than it saves.
constexpr int kTilesWorthWidening = 4;

const float *WidenPanel(const uint16_t *panel, int64_t size) {
  static thread_local std::vector<float> widened;
  widened.resize(std::max<size_t>(widened.size(), size));
  for (int64_t i = 0; i < size; i += kWidth) Store(widened.data() + i, LoadWeights(panel + i));
  return widened.data();
}

const float *WidenPanel(const float *panel, int64_t) { return panel; }

template <typename Weight>
void LinearPanel(const float *x, int64_t num_rows, int64_t depth, const Weight *panel, const Weight *next,
                 const float *bias, float *output, int64_t num_out, int num_cols) {
  const int num_tiles = static_cast<int>((num_rows + kTileRows - 1) / kTileRows);
  for (int tile = 0; tile < num_tiles; tile++) {
    const int64_t row = static_cast<int64_t>(tile) * kTileRows;
    const int rows = static_cast<int>(std::min<int64_t>(kTileRows, num_rows - row));
    LinearTail<kTileRows, Weight>(rows, x + row * depth, depth, panel, next, tile, num_tiles, bias,
                                  output + row * num_out, num_out, num_cols);
  }
}

template <typename Weight>
void LinearPanels(const float *x, int64_t num_rows, const PackedMatrix &matrix, const Weight *weights,
                  const float *bias, float *output) {
  const int64_t num_panels = (matrix.num_out + kPanelWidth - 1) / kPanelWidth;
  const int64_t panel_size = matrix.depth * kPanelWidth;
  // A few panels in a row to a thread: their memory is one stream.
  const int64_t panels_per_chunk = std::max<int64_t>(1, std::min<int64_t>(16, num_panels / 8));
  const int64_t num_chunks = (num_panels + panels_per_chunk - 1) / panels_per_chunk;
  const bool widen = sizeof(Weight) < sizeof(float) && num_rows >= kTilesWorthWidening * kTileRows;
  ParallelFor(num_chunks, [&](int64_t chunk) {
    const int64_t end = std::min(num_panels, (chunk + 1) * panels_per_chunk);
    for (int64_t panel = chunk * panels_per_chunk; panel < end; panel++) {
      const Weight *here = weights + panel * panel_size;
      const Weight *next = panel + 1 < num_panels ? here + panel_size : here;
      const int64_t col = panel * kPanelWidth;
      const int num_cols = static_cast<int>(std::min<int64_t>(kPanelWidth, matrix.num_out - col));
      float panel_bias[kPanelWidth] = {};
      if (bias != nullptr) std::memcpy(panel_bias, bias + col, num_cols * sizeof(float));
      if (widen) {
        const float *wide = WidenPanel(here, panel_size);
        LinearPanel(x, num_rows, matrix.depth, wide, wide, panel_bias, output + col, matrix.num_out, num_cols);
      } else {
        LinearPanel(x, num_rows, matrix.depth, here, next, panel_bias, output + col, matrix.num_out, num_cols);
      }
    }
  });
}

void Linear(const float *x, int64_t num_rows, const PackedMatrix &matrix, const float *bias, float *output) {
  if (num_rows == 0) return;
  if (matrix.f32 != nullptr) {
    LinearPanels(x, num_rows, matrix, matrix.f32, bias, output);
  } else {
    LinearPanels(x, num_rows, matrix, matrix.bf16, bias, output);
  }
}

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
    squares += centred * centred;
  }
  float variance = Sum(squares);
  for (int64_t i = whole; i < dim; i++) variance += (x[i] - mean) * (x[i] - mean);
  const float inverse = 1.0f / std::sqrt(variance / dim + epsilon);
  for (int64_t i = 0; i < whole; i += kWidth) {
    const Vector shifts = shift == nullptr ? Vector{} : Load(shift + i);
    Store(output + i, (Load(x + i) - mean) * inverse * Load(gain + i) + shifts);
  }
  for (int64_t i = whole; i < dim; i++) {
    output[i] = (x[i] - mean) * inverse * gain[i] + (shift == nullptr ? 0.0f : shift[i]);
  }
}

void LayerNorm(const float *x, int64_t num_rows, int64_t dim, const float *gain, const float *shift, float epsilon,
               float *output) {
  constexpr int64_t kRowsPerChunk = 16;  // fewer are done before another thread has heard of them
  ParallelFor((num_rows + kRowsPerChunk - 1) / kRowsPerChunk, [&](int64_t chunk) {
    const int64_t end = std::min(num_rows, (chunk + 1) * kRowsPerChunk);
    for (int64_t row = chunk * kRowsPerChunk; row < end; row++) {
      LayerNormRow(x + row * dim, dim, gain, shift, epsilon, output + row * dim);
    }
  });
}

// 0.5 x (1 + tanh(u)) = x / (1 + e^(-2 u))
inline Vector GeluOf(Vector x) {
  constexpr float kTwice = 2 * 0.7978845608f;
  return x / (Exp(x * (x * x * (-kTwice * 0.044715f) - kTwice)) + 1.0f);
}

void Gelu(const float *x, int64_t size, float *output) {
  constexpr int64_t kPerChunk = 8192;
  ParallelFor((size + kPerChunk - 1) / kPerChunk, [&](int64_t chunk) {
    const int64_t end = std::min(size, (chunk + 1) * kPerChunk);
    int64_t i = chunk * kPerChunk;
    for (; i + kWidth <= end; i += kWidth) Store(output + i, GeluOf(Load(x + i)));
    if (i < end) {
      float rest[kWidth] = {};
      std::memcpy(rest, x + i, (end - i) * sizeof(float));
      Store(rest, GeluOf(Load(rest)));
      std::memcpy(output + i, rest, (end - i) * sizeof(float));
    }
  });
}

void Add(const float *x, const float *y, int64_t size, float *output) {
  constexpr int64_t kPerChunk = 16384;
  ParallelFor((size + kPerChunk - 1) / kPerChunk, [&](int64_t chunk) {
    const int64_t end = std::min(size, (chunk + 1) * kPerChunk);
    for (int64_t i = chunk * kPerChunk; i < end; i++) output[i] = x[i] + y[i];
  });
}

// Softmax of the scores in place; whatever fills the last vector up is -infinity.
void Softmax(float *scores, int64_t padded_length) {
  Vector largest = Load(scores);
  for (int64_t i = kWidth; i < padded_length; i += kWidth) {
    const Vector values = Load(scores + i);
    largest = values > largest ? values : largest;
  }
  float top = largest[0];
  for (int i = 1; i < kWidth; i++) top = std::max(top, static_cast<float>(largest[i]));
  Vector sums{};
  for (int64_t i = 0; i < padded_length; i += kWidth) {
    const Vector values = Exp(Load(scores + i) - top);
    Store(scores + i, values);
    sums += values;
  }
  const float inverse = 1.0f / Sum(sums);
  for (int64_t i = 0; i < padded_length; i += kWidth) Store(scores + i, Load(scores + i) * inverse);
}

// One head of one row.
void Attend(const Attention &a, int64_t row, int64_t head) {
  const int64_t dim = a.num_heads * a.head_dim;
  const int64_t length = a.positions[row] + 1;
  const int64_t padded_length = (length + kWidth - 1) / kWidth * kWidth;
  static thread_local std::vector<float> scratch;
  scratch.resize(std::max<size_t>(scratch.size(), padded_length + 2 * a.padded_dim));
  float *query = scratch.data();
  float *mixed = query + a.padded_dim;
  float *scores = mixed + a.padded_dim;
  const float scale = 1.0f / std::sqrt(static_cast<float>(a.head_dim));
  std::fill(query, scores, 0.0f);
  for (int64_t i = 0; i < a.head_dim; i++) query[i] = a.qkv[row * 3 * dim + head * a.head_dim + i] * scale;
  const int64_t start = (a.lanes[row] * a.num_heads + head) * a.lane_length * a.padded_dim;
  for (int64_t key = 0; key < length; key++) {
    const float *k = a.keys + start + key * a.padded_dim;
    Vector sums{};
    for (int64_t i = 0; i < a.padded_dim; i += kWidth) sums += Load(query + i) * Load(k + i);
    scores[key] = Sum(sums);
  }
  std::fill(scores + length, scores + padded_length, -INFINITY);
  Softmax(scores, padded_length);
  // Up to four vectors of the head at once, so that each stays in a register over all keys.
  for (int64_t i = 0; i < a.padded_dim; i += 4 * kWidth) {
    const int num_vectors = static_cast<int>(std::min<int64_t>(4, (a.padded_dim - i) / kWidth));
    Vector sums[4] = {};
    for (int64_t key = 0; key < length; key++) {
      const float *v = a.values + start + key * a.padded_dim + i;
      const Vector weight = Splat(scores[key]);
      if (num_vectors == 4) {
#pragma GCC unroll 4
        for (int part = 0; part < 4; part++) sums[part] += weight * Load(v + part * kWidth);
      } else {
        for (int part = 0; part < num_vectors; part++) sums[part] += weight * Load(v + part * kWidth);
      }
    }
    for (int part = 0; part < num_vectors; part++) Store(mixed + i + part * kWidth, sums[part]);
  }
  std::memcpy(a.output + row * dim + head * a.head_dim, mixed, a.head_dim * sizeof(float));
}

void StoreKeysAndValues(const Attention &a, int64_t row) {
  const int64_t dim = a.num_heads * a.head_dim;
  for (int64_t head = 0; head < a.num_heads; head++) {
    const int64_t slot = (a.lanes[row] * a.num_heads + head) * a.lane_length + a.positions[row];
    const float *k = a.qkv + row * 3 * dim + dim + head * a.head_dim;
    std::memcpy(a.keys + slot * a.padded_dim, k, a.head_dim * sizeof(float));
    std::memcpy(a.values + slot * a.padded_dim, k + dim, a.head_dim * sizeof(float));
  }
}

void RunAttention(const Attention &a) {
  for (int64_t row = 0; row < a.num_rows; row++) StoreKeysAndValues(a, row);
  ParallelFor(a.num_rows * a.num_heads, [&](int64_t chunk) { Attend(a, chunk / a.num_heads, chunk % a.num_heads); });
}

}  // namespace

const Kernels &TOKENFLARE_KERNELS() {
  static const Kernels kernels = {kPanelWidth, Linear, LayerNorm, Gelu, Add, RunAttention};
  return kernels;
}

}  // namespace tokenflare
