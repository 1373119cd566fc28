// Causal attention over the lanes of a cache.

namespace tokenflare {
namespace {

// Rows that attend together, so that a key is read once for all of them.
constexpr int kGroupRows = 4;

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

// Sixteen numbers of a cache, without their scale.
inline Vector LoadCached(const float *from) { return Load(from); }
inline Vector LoadCached(const Float16 *from) { return LoadHalves(reinterpret_cast<const uint8_t *>(from)); }
inline Vector LoadCached(const int8_t *from) { return WidenSigned(reinterpret_cast<const uint8_t *>(from)); }

template <typename Number>
constexpr bool kHasScales = sizeof(Number) == 1;

// One head of keys and values, and some rows that read it together: consecutive tokens of one sequence, or one token's
// heads of queries. Number: as the cache has them.
template <typename Number>
struct Group {
  const float *queries;      // [rows, padded_dim], scaled
  const Number *keys;        // [keys, padded_dim], from the first that is seen
  const Number *values;      // the same
  const float *key_scales;   // [keys], of integers
  const float *value_scales;
  int num_rows;
  bool are_tokens;        // each row sees one key more than that before
  int64_t first_length;   // keys that the first row sees
  int64_t padded_dim;
  float *scores;          // [rows, padded_length], then the weights
  int64_t padded_length;  // of a row of scores: a multiple of kWidth
  float *mixed;           // [rows, padded_dim]

  int64_t LengthOf(int row) const { return first_length + (are_tokens ? row : 0); }
  const float *QueryOf(int row) const { return queries + row * padded_dim; }
};

// sums[row * kStride + key] = query . key, number by number of a vector, of kRows rows and kKeys keys: as many as there
// are registers for. Those that are not there repeat the last.
template <int kRows, int kKeys, int kStride, typename Number>
TOKENFLARE_INLINE void DotTile(const Group<Number> &g, int row, int64_t key, int64_t last_key, Vector *sums) {
  const float *queries[kRows];
  const Number *keys[kKeys];
  Vector tile[kRows][kKeys];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) queries[r] = g.QueryOf(Least(row + r, g.num_rows - 1));
#pragma GCC unroll 16
  for (int k = 0; k < kKeys; k++) keys[k] = g.keys + Least(key + k, last_key) * g.padded_dim;
#pragma GCC unroll 16
  for (int i = 0; i < kRows * kKeys; i++) tile[i / kKeys][i % kKeys] = Vector{};
  for (int64_t d = 0; d < g.padded_dim; d += kWidth) {
    Vector query[kRows];
#pragma GCC unroll 16
    for (int r = 0; r < kRows; r++) query[r] = Load(queries[r] + d);
#pragma GCC unroll 16
    for (int k = 0; k < kKeys; k++) {
      const Vector number = LoadCached(keys[k] + d);
#pragma GCC unroll 16
      for (int r = 0; r < kRows; r++) tile[r][k] = Fma(query[r], number, tile[r][k]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kRows * kKeys; i++) sums[i / kKeys * kStride + i % kKeys] = tile[i / kKeys][i % kKeys];
}

// Registers for the sums of a tile: sixteen vectors where a vector is a register, else four.
constexpr int kTileSide = kParts == 1 ? 4 : 2;

// Scores of one row and a vector of keys.
template <typename Number>
void ScoreRow(const Group<Number> &g, int row, int64_t start) {
  float *scores = g.scores + row * g.padded_length + start;
  const int64_t count = Least<int64_t>(kWidth, g.LengthOf(row) - start);
  if (count <= 0) return Store(scores, Splat(-__builtin_inff()));
  constexpr int kKeys = kTileSide * kTileSide;
  Vector sums[kWidth];
#pragma GCC unroll 16
  for (int key = 0; key < kWidth; key += kKeys) {
    DotTile<1, kKeys, kWidth>(g, row, start + key, start + count - 1, sums + key);
  }
  Vector all = SumEach(sums);
  if (kHasScales<Number>) all = all * Load(g.key_scales + start);
  if (count < kWidth) all = WhereLess(Counting(), Splat(static_cast<float>(count)), all, Splat(-__builtin_inff()));
  Store(scores, all);
}

// Scores of four rows and a vector of keys that all of them see: a key is read once for some rows.
template <typename Number>
void ScoreRows(const Group<Number> &g, int64_t start) {
  constexpr int kKeys = kWidth / kGroupRows;
  for (int64_t key = start; key < start + kWidth; key += kKeys) {
    Vector sums[kWidth];
#pragma GCC unroll 4
    for (int row = 0; row < kGroupRows; row += kTileSide) {
#pragma GCC unroll 4
      for (int k = 0; k < kKeys; k += kTileSide) {
        DotTile<kTileSide, kTileSide, kKeys>(g, row, key + k, start + kWidth - 1, sums + row * kKeys + k);
      }
    }
    float scores[kWidth];
    Store(scores, SumEach(sums));
    for (int row = 0; row < g.num_rows; row++) {
      __builtin_memcpy(g.scores + row * g.padded_length + key, scores + row * kKeys, kKeys * sizeof(float));
    }
  }
  if (!kHasScales<Number>) return;
  const Vector scales = Load(g.key_scales + start);
  for (int row = 0; row < g.num_rows; row++) {
    float *scores = g.scores + row * g.padded_length + start;
    Store(scores, Load(scores) * scales);
  }
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
  // The tokens before have just written or read what consecutive tokens see: it is near already.
  if (!g.are_tokens) AskForValues(g, start);
  if (g.num_rows > 1 && start + kWidth <= g.first_length) return ScoreRows(g, start);
  for (int row = 0; row < g.num_rows; row++) ScoreRow(g, row, start);
}

// Adds weight * value of the keys from `start` to `end`, one after the other, to some vectors of some rows: as many as
// there are registers for. Rows that are not there repeat the last.
template <int kRows, int kVectors, typename Number>
void MixKeys(const Group<Number> &g, int row, int64_t column, int64_t start, int64_t end) {
  const Number *values = g.values + column;
  const float *weights[kRows];
  float *mixed[kRows];
  Vector sums[kRows][kVectors];
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i++) {
    const int here = Least(row + i, g.num_rows - 1);
    weights[i] = g.scores + here * g.padded_length;
    mixed[i] = g.mixed + here * g.padded_dim + column;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) sums[i][v] = Load(mixed[i] + v * kWidth);
  }
  for (int64_t key = start; key < end; key++) {
    Vector value[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) value[v] = LoadCached(values + key * g.padded_dim + v * kWidth);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; i++) {
      const Vector weight = Splat(weights[i][key]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) sums[i][v] = Fma(weight, value[v], sums[i][v]);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) Store(mixed[i] + v * kWidth, sums[i][v]);
  }
}

// The same for all vectors of a head, kVectors at a time.
template <int kRows, int kVectors, typename Number>
void MixColumns(const Group<Number> &g, int row, int64_t start, int64_t end) {
  int64_t column = 0;
  for (; column + kVectors * kWidth <= g.padded_dim; column += kVectors * kWidth) {
    MixKeys<kRows, kVectors>(g, row, column, start, end);
  }
  for (; column < g.padded_dim; column += kWidth) MixKeys<kRows, 1>(g, row, column, start, end);
}

// All rows together over the keys that each of them sees, then each by itself.
template <typename Number>
void Mix(const Group<Number> &g) {
  int64_t shared = 0;
  if (g.num_rows > 1) {
    shared = g.first_length;
    MixColumns<kGroupRows, kParts == 1 ? 4 : 1>(g, 0, 0, shared);
  }
  for (int row = 0; row < g.num_rows; row++) {
    if (g.LengthOf(row) > shared) MixColumns<1, 4>(g, row, shared, g.LengthOf(row));
  }
}

template <typename Number>
void Attend(const Group<Number> &g) {
  for (int64_t start = 0; start < g.padded_length; start += kWidth) ScoreKeys(g, start);
  for (int row = 0; row < g.num_rows; row++) {
    float *weights = g.scores + row * g.padded_length;
    Softmax(weights, g.padded_length);
    if (!kHasScales<Number>) continue;
    for (int64_t i = 0; i < g.LengthOf(row); i++) weights[i] *= g.value_scales[i];
  }
  Mix(g);
}

// Rows of a group: tokens from `row` on with one head of queries, or heads from `head` on of one token.
struct GroupRows {
  int64_t row, head;
  int count;
  bool are_tokens;
  int64_t RowOf(int i) const { return are_tokens ? row + i : row; }
  int64_t HeadOf(int i) const { return are_tokens ? head : head + i; }
};

template <typename Number>
void AttendGroup(const Attention &a, const GroupRows &rows) {
  const auto &[num_heads, num_kv_heads, head_dim] = a.stripes;
  const int64_t end = a.positions[rows.row] + 1;
  const int64_t first = a.window > 0 ? Most<int64_t>(0, end - a.window) : 0;
  const int64_t length = end - first, longest = length + (rows.are_tokens ? rows.count - 1 : 0);
  const int64_t padded_length = (longest + kWidth - 1) / kWidth * kWidth;
  float *queries = Scratch(2, rows.count * (2 * a.padded_dim + padded_length));
  float *mixed = queries + rows.count * a.padded_dim;
  float *scores = mixed + rows.count * a.padded_dim;
  __builtin_memset(queries, 0, (scores - queries) * sizeof(float));
  for (int r = 0; r < rows.count; r++) {
    const float *from = a.qkv + rows.RowOf(r) * a.stripes.RowSize() + rows.HeadOf(r) * head_dim;
    for (int64_t i = 0; i < head_dim; i++) queries[r * a.padded_dim + i] = from[i] * a.scale;
  }
  const int64_t kv_head = rows.head / (num_heads / num_kv_heads);
  const int64_t slot = (a.lanes[rows.row] * num_kv_heads + kv_head) * a.lane_length + first;
  const Number *keys = static_cast<const Number *>(a.keys) + slot * a.padded_dim;
  const Number *values = static_cast<const Number *>(a.values) + slot * a.padded_dim;
  const float *key_scales = kHasScales<Number> ? a.key_scales + slot : nullptr;
  const float *value_scales = kHasScales<Number> ? a.value_scales + slot : nullptr;
  Attend(Group<Number>{queries, keys, values, key_scales, value_scales, rows.count, rows.are_tokens, length,
                       a.padded_dim, scores, padded_length, mixed});
  for (int r = 0; r < rows.count; r++) {
    float *output = a.output + (rows.RowOf(r) * num_heads + rows.HeadOf(r)) * head_dim;
    __builtin_memcpy(output, mixed + r * a.padded_dim, head_dim * sizeof(float));
  }
}

inline void StoreCached(float *to, const Vector &numbers) { Store(to, numbers); }
inline void StoreCached(Float16 *to, const Vector &numbers) { StoreHalves(reinterpret_cast<uint8_t *>(to), numbers); }

// Calls store(place, sixteen numbers) for a head's numbers, with zeros behind them.
template <typename Store>
TOKENFLARE_INLINE void ForHead(const float *from, int64_t head_dim, const Store &store) {
  const int64_t whole = head_dim - head_dim % kWidth;
  for (int64_t i = 0; i < whole; i += kWidth) store(i, Load(from + i));
  if (whole == head_dim) return;
  float rest[kWidth] = {};
  __builtin_memcpy(rest, from + whole, (head_dim - whole) * sizeof(float));
  store(whole, Load(rest));
}

template <typename Number>
inline void StoreHead(const float *from, int64_t head_dim, Number *to, float *) {
  ForHead(from, head_dim, [&](int64_t i, const Vector &numbers) { StoreCached(to + i, numbers); });
}

// To integers by the largest magnitude; not a number makes the scale none.
inline void StoreHead(const float *from, int64_t head_dim, int8_t *to, float *scale) {
  Vector most{}, nothing{};
  ForHead(from, head_dim, [&](int64_t, const Vector &numbers) {
    most = Max(Abs(numbers), most);
    nothing += numbers - numbers;
  });
  const float largest = LargestOf(most);
  const Vector inverse = Splat(largest > 0.0f ? 127.0f / largest : 0.0f);
  ForHead(from, head_dim, [&](int64_t i, const Vector &numbers) { StoreBytes(to + i, Round(numbers * inverse)); });
  *scale = Sum(nothing) == 0.0f ? largest / 127.0f : __builtin_nanf("");
}

template <typename Number>
void StoreKeysAndValues(const Attention &a, int64_t row) {
  const auto &[num_heads, num_kv_heads, head_dim] = a.stripes;
  for (int64_t head = 0; head < num_kv_heads; head++) {
    const int64_t slot = (a.lanes[row] * num_kv_heads + head) * a.lane_length + a.positions[row];
    const float *k = a.qkv + row * a.stripes.RowSize() + (num_heads + head) * head_dim;
    const float *v = k + num_kv_heads * head_dim;
    float *key_scale = kHasScales<Number> ? a.key_scales + slot : nullptr;
    float *value_scale = kHasScales<Number> ? a.value_scales + slot : nullptr;
    StoreHead(k, head_dim, static_cast<Number *>(a.keys) + slot * a.padded_dim, key_scale);
    StoreHead(v, head_dim, static_cast<Number *>(a.values) + slot * a.padded_dim, value_scale);
  }
}

// Whether a row goes on with the group that begins at `first`: consecutive tokens of a sequence.
bool GoesOn(const Attention &a, int64_t first, int64_t row) {
  return a.window == 0 && row > first && row - first < kGroupRows && a.lanes[row] == a.lanes[row - 1] &&
         a.positions[row] == a.positions[row - 1] + 1;
}

// Writes the first row of each group, and the number of rows behind the last. Returns how many groups there are.
int64_t FindGroups(const Attention &a, int32_t *starts) {
  int64_t count = 0;
  for (int64_t row = 0; row < a.num_rows; row++) {
    if (count == 0 || !GoesOn(a, starts[count - 1], row)) starts[count++] = static_cast<int32_t>(row);
  }
  starts[count] = static_cast<int32_t>(a.num_rows);
  return count;
}

// A head of queries of a group: a token by itself takes the next ones that read the same keys along.
template <typename Number>
void AttendHead(const Attention &a, int64_t row, int64_t end, int64_t head) {
  if (end - row > 1) return AttendGroup<Number>(a, {row, head, static_cast<int>(end - row), true});
  const int64_t num_shared = a.stripes.num_heads / a.stripes.num_kv_heads, place = head % num_shared;
  if (place % kGroupRows != 0) return;
  const int count = static_cast<int>(Least<int64_t>(kGroupRows, num_shared - place));
  AttendGroup<Number>(a, {row, head, count, false});
}

template <typename Number>
void AttendOver(const Attention &a) {
  const int64_t num_heads = a.stripes.num_heads;
  ForRows(a.num_rows, [&](int64_t row) { StoreKeysAndValues<Number>(a, row); });
  int32_t *starts = reinterpret_cast<int32_t *>(Scratch(3, a.num_rows + 1));
  const int64_t num_groups = FindGroups(a, starts);
  ParallelFor(num_groups * num_heads, [&](int64_t chunk) {
    const int64_t row = starts[chunk / num_heads], end = starts[chunk / num_heads + 1];
    AttendHead<Number>(a, row, end, chunk % num_heads);
  });
}

void RunAttention(const Attention &a) {
  switch (a.format) {
    case CacheFormat::kF32: return AttendOver<float>(a);
    case CacheFormat::kF16: return AttendOver<Float16>(a);
    case CacheFormat::kInt8: return AttendOver<int8_t>(a);
  }
}

}  // namespace
}  // namespace tokenflare
