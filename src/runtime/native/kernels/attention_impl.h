// Causal attention over the lanes of a cache.

namespace tokenflare {
namespace {

// Rows that attend together, so that a key is read once for all of them.
constexpr int kGroupRows = 4;
// Vectors of a head that are mixed at once: for as many rows, their sums stay in registers over all keys.
constexpr int kMixedVectors = kWidth / 4;

// Softmax of the scores in place; whatever fills the last vector up is -infinity.
void Softmax(float *scores, int64_t padded_length) {
  Vector largest = Load(scores);
  for (int64_t i = kWidth; i < padded_length; i += kWidth) {
    const Vector values = Load(scores + i);
    largest = Max(values, largest);
  }
  const float top = LargestOf(largest);
  Vector sums{};
  for (int64_t i = 0; i < padded_length; i += kWidth) {
    const Vector values = Exp(Load(scores + i) - top);
    Store(scores + i, values);
    sums += values;
  }
  const float inverse = 1.0f / Sum(sums);
  for (int64_t i = 0; i < padded_length; i += kWidth) Store(scores + i, Load(scores + i) * inverse);
}

// Sixteen numbers of a cache.
inline Vector LoadCached(const float *from) { return Load(from); }
inline Vector LoadCached(const Float16 *from) { return LoadHalves(reinterpret_cast<const uint8_t *>(from)); }
inline void StoreCached(float *to, const Vector &numbers) { Store(to, numbers); }
inline void StoreCached(Float16 *to, const Vector &numbers) { StoreHalves(reinterpret_cast<uint8_t *>(to), numbers); }

// One head of some consecutive tokens of one sequence; with a window, of one token. Number: as the cache has them.
template <typename Number>
struct Group {
  const float *queries;   // [rows, padded_dim], scaled
  const Number *keys;     // [keys, padded_dim], from the first that is seen
  const Number *values;   // the same
  int num_rows;
  int64_t first_length;  // keys that the first row sees; each row sees one more than that before
  int64_t padded_dim;
  float *scores;          // [rows, padded_length], then the weights
  int64_t padded_length;  // of a row of scores: a multiple of kWidth
  float *mixed;           // [rows, padded_dim]
};

// query . key for a vector of keys, of which `count` are there. Their sums stay in registers over all of a head.
template <bool kIsFull, typename Number>
inline Vector ScoreVector(const float *query, const Number *keys, int count, int64_t padded_dim) {
  Vector sums[kWidth];
#pragma GCC unroll 16
  for (int i = 0; i < kWidth; i++) sums[i] = Vector{};
  for (int64_t d = 0; d < padded_dim; d += kWidth) {
    const Vector part = Load(query + d);
#pragma GCC unroll 16
    for (int i = 0; i < kWidth; i++) {
      const int64_t key = kIsFull ? i : Least(i, count - 1);  // what is not there is not read
      sums[i] += part * LoadCached(keys + key * padded_dim + d);
    }
  }
  const Vector scores = SumEach(sums);
  if (kIsFull) return scores;
  return WhereLess(Counting(), Splat(static_cast<float>(count)), scores, Splat(-__builtin_inff()));
}

// Asks for the values of some keys, which are needed after the scores, and for the keys after these.
template <typename Number>
void AskForValues(const Group<Number> &g, int64_t start) {
  const int64_t num_bytes = Least<int64_t>(kWidth, g.padded_length - start) * g.padded_dim * sizeof(Number);
  const char *values = reinterpret_cast<const char *>(g.values + start * g.padded_dim);
  const char *keys = reinterpret_cast<const char *>(g.keys + start * g.padded_dim) + num_bytes;
  for (int64_t byte = 0; byte < num_bytes; byte += 64) {
    __builtin_prefetch(keys + byte, 0, 3);
    __builtin_prefetch(values + byte, 0, 2);
  }
}

template <typename Number>
void ScoreKeys(const Group<Number> &g, int64_t start) {
  // With several rows they are near already: the rows before have just written or read them.
  if (g.num_rows == 1) AskForValues(g, start);
  const Number *keys = g.keys + start * g.padded_dim;
  for (int row = 0; row < g.num_rows; row++) {
    const float *query = g.queries + row * g.padded_dim;
    const int count = static_cast<int>(Least<int64_t>(kWidth, g.first_length + row - start));
    Vector scores = Splat(-__builtin_inff());
    if (count == kWidth) {
      scores = ScoreVector<true, Number>(query, keys, count, g.padded_dim);
    } else if (count > 0) {
      scores = ScoreVector<false, Number>(query, keys, count, g.padded_dim);
    }
    Store(g.scores + row * g.padded_length + start, scores);
  }
}

// Adds weight * value of the keys from `start` to `end`, one after the other, to some vectors of some rows.
template <int kRows, int kVectors, typename Number>
void MixKeys(const Group<Number> &g, int row, int64_t column, int64_t start, int64_t end) {
  const float *weights = g.scores + row * g.padded_length;
  const Number *values = g.values + column;
  float *mixed = g.mixed + row * g.padded_dim + column;
  Vector sums[kRows][kVectors];
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) sums[i][v] = Load(mixed + i * g.padded_dim + v * kWidth);
  }
  for (int64_t key = start; key < end; key++) {
    Vector value[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) value[v] = LoadCached(values + key * g.padded_dim + v * kWidth);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; i++) {
      const Vector weight = Splat(weights[i * g.padded_length + key]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) sums[i][v] += weight * value[v];
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) Store(mixed + i * g.padded_dim + v * kWidth, sums[i][v]);
  }
}

// Some vectors of a head for all rows: together over the keys that all of them see, then each by itself.
template <int kVectors, typename Number>
void MixColumn(const Group<Number> &g, int64_t column) {
  int64_t shared = 0;
  if (g.num_rows == kGroupRows) {
    shared = g.first_length;
    MixKeys<kGroupRows, kVectors>(g, 0, column, 0, shared);
  }
  for (int row = 0; row < g.num_rows; row++) MixKeys<1, kVectors>(g, row, column, shared, g.first_length + row);
}

template <typename Number>
void Attend(const Group<Number> &g) {
  for (int64_t start = 0; start < g.padded_length; start += kWidth) ScoreKeys(g, start);
  for (int row = 0; row < g.num_rows; row++) Softmax(g.scores + row * g.padded_length, g.padded_length);
  int64_t column = 0;
  for (; column + kMixedVectors * kWidth <= g.padded_dim; column += kMixedVectors * kWidth) {
    MixColumn<kMixedVectors>(g, column);
  }
  for (; column < g.padded_dim; column += kWidth) MixColumn<1>(g, column);
}

// One head of `num_rows` rows from `row` on.
template <typename Number>
void AttendRows(const Attention &a, int64_t row, int num_rows, int64_t head) {
  const auto &[num_heads, num_kv_heads, head_dim] = a.stripes;
  const int64_t end = a.positions[row] + 1;
  const int64_t first = a.window > 0 ? Most<int64_t>(0, end - a.window) : 0;
  const int64_t length = end - first;
  const int64_t padded_length = (length + num_rows - 1 + kWidth - 1) / kWidth * kWidth;
  float *queries = Scratch(2, num_rows * (2 * a.padded_dim + padded_length));
  float *mixed = queries + num_rows * a.padded_dim;
  float *scores = mixed + num_rows * a.padded_dim;
  __builtin_memset(queries, 0, (scores - queries) * sizeof(float));
  for (int r = 0; r < num_rows; r++) {
    const float *from = a.qkv + (row + r) * a.stripes.RowSize() + head * head_dim;
    for (int64_t i = 0; i < head_dim; i++) queries[r * a.padded_dim + i] = from[i] * a.scale;
  }
  const int64_t kv_head = head / (num_heads / num_kv_heads);
  const int64_t start = ((a.lanes[row] * num_kv_heads + kv_head) * a.lane_length + first) * a.padded_dim;
  const Number *keys = static_cast<const Number *>(a.keys), *values = static_cast<const Number *>(a.values);
  Attend(Group<Number>{queries, keys + start, values + start, num_rows, length, a.padded_dim, scores, padded_length, mixed});
  for (int r = 0; r < num_rows; r++) {
    float *output = a.output + ((row + r) * num_heads + head) * head_dim;
    __builtin_memcpy(output, mixed + r * a.padded_dim, head_dim * sizeof(float));
  }
}

// A head's numbers, with zeros behind them.
template <typename Number>
inline void StoreHead(const float *from, int64_t head_dim, Number *to) {
  const int64_t whole = head_dim - head_dim % kWidth;
  for (int64_t i = 0; i < whole; i += kWidth) StoreCached(to + i, Load(from + i));
  if (whole == head_dim) return;
  float rest[kWidth] = {};
  __builtin_memcpy(rest, from + whole, (head_dim - whole) * sizeof(float));
  StoreCached(to + whole, Load(rest));
}

template <typename Number>
void StoreKeysAndValues(const Attention &a, int64_t row) {
  const auto &[num_heads, num_kv_heads, head_dim] = a.stripes;
  for (int64_t head = 0; head < num_kv_heads; head++) {
    const int64_t slot = (a.lanes[row] * num_kv_heads + head) * a.lane_length + a.positions[row];
    const float *k = a.qkv + row * a.stripes.RowSize() + (num_heads + head) * head_dim;
    StoreHead(k, head_dim, static_cast<Number *>(a.keys) + slot * a.padded_dim);
    StoreHead(k + num_kv_heads * head_dim, head_dim, static_cast<Number *>(a.values) + slot * a.padded_dim);
  }
}

// Whether a row goes on with the group that begins at `first`: consecutive tokens of a sequence.
bool GoesOn(const Attention &a, int64_t first, int64_t row) {
  return a.window == 0 && row > first && row - first < kGroupRows && a.lanes[row] == a.lanes[row - 1] &&
         a.positions[row] == a.positions[row - 1] + 1;
}

// Writes the first row of each group, and the number of rows behind the last. Returns how many groups there are.
int64_t GroupRows(const Attention &a, int32_t *starts) {
  int64_t count = 0;
  for (int64_t row = 0; row < a.num_rows; row++) {
    if (count == 0 || !GoesOn(a, starts[count - 1], row)) starts[count++] = static_cast<int32_t>(row);
  }
  starts[count] = static_cast<int32_t>(a.num_rows);
  return count;
}

template <typename Number>
void AttendOver(const Attention &a) {
  const int64_t num_heads = a.stripes.num_heads;
  ForRows(a.num_rows, [&](int64_t row) { StoreKeysAndValues<Number>(a, row); });
  int32_t *starts = reinterpret_cast<int32_t *>(Scratch(3, a.num_rows + 1));
  const int64_t num_groups = GroupRows(a, starts);
  ParallelFor(num_groups * num_heads, [&](int64_t chunk) {
    const int64_t row = starts[chunk / num_heads], end = starts[chunk / num_heads + 1];
    AttendRows<Number>(a, row, static_cast<int>(end - row), chunk % num_heads);
  });
}

void RunAttention(const Attention &a) {
  if (a.is_half) AttendOver<Float16>(a);
  else AttendOver<float>(a);
}

}  // namespace
}  // namespace tokenflare
