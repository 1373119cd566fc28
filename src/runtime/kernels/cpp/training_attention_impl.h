// Causal attention over whole sequences, forward and backward, as training needs it.
//
// A tile is sixteen queries of a head, one in each number of a vector. Their scores lie as [keys][16 queries], so the
// softmax over the keys runs down the vectors. The backward pass computes the probabilities again from each query's
// maximum and 1 / sum, so that no [seq, seq] matrix outlives its tile.

namespace tokenflare {
namespace {

constexpr int64_t kTileQueries = kWidth;
constexpr float kNever = -1e30f;  // its exponential is 0
// Keys whose scores are computed together, and rows that are mixed together: divisors of 8, as lengths are multiples of.
constexpr int kScoredKeys = 8;
constexpr int kMixedRows = 4;
constexpr int kMixedVectors = kParts == 1 ? 4 : 1;

// One head of one sequence.
struct SequenceHead {
  const SequenceAttention &a;
  int64_t index;  // of the sequence's heads and those before
  int64_t RowSize() const { return 3 * OutSize(); }
  int64_t OutSize() const { return a.num_heads * a.head_dim; }
  int64_t Row() const { return index / a.num_heads * a.seq; }
  int64_t Column() const { return index % a.num_heads * a.head_dim; }
  // Part 0: queries, 1: keys, 2: values.
  const float *Qkv(int64_t part) const { return a.qkv + Row() * RowSize() + part * OutSize() + Column(); }
  float *DQkv(int64_t part) const { return a.d_qkv + Row() * RowSize() + part * OutSize() + Column(); }
  int64_t OutPlace() const { return Row() * OutSize() + Column(); }
  float *Largest() const { return a.stats + index * 2 * a.seq; }
  float *Inverse() const { return Largest() + a.seq; }
};

// [num_queries, dim] -> [dim][16], times a factor; queries that are missing are zero.
void FillPanel(const float *rows, int64_t stride, int64_t num_queries, int64_t dim, float factor, float *panel) {
  for (int64_t query = 0; query < kTileQueries; query++) {
    for (int64_t d = 0; d < dim; d++) {
      panel[d * kTileQueries + query] = query < num_queries ? rows[query * stride + d] * factor : 0.0f;
    }
  }
}

// scores [num_keys][16] = rows [num_keys, dim] x panel [dim][16].
void ScoreKeys(const float *rows, int64_t stride, int64_t num_keys, int64_t dim, const float *panel, float *scores) {
  for (int64_t key = 0; key < num_keys; key += kScoredKeys) {
    const float *from = rows + key * stride;
    Vector sums[kScoredKeys] = {};
    for (int64_t d = 0; d < dim; d++) {
      const Vector column = Load(panel + d * kTileQueries);
#pragma GCC unroll 8
      for (int i = 0; i < kScoredKeys; i++) sums[i] = Fma(Splat(from[i * stride + d]), column, sums[i]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kScoredKeys; i++) Store(scores + (key + i) * kTileQueries, sums[i]);
  }
}

// Scores of keys that come after their query.
void HideLaterKeys(float *scores, int64_t first_query, int64_t num_keys) {
  for (int64_t key = first_query; key < num_keys; key++) {
    float *at = scores + key * kTileQueries;
    const Vector first_that_sees = Splat(static_cast<float>(key - first_query));
    Store(at, WhereLess(Counting(), first_that_sees, Splat(kNever), Load(at)));
  }
}

// Numbers that are multiplied by weights: weight (m, k) is at m * row_step + k * step.
struct Weights {
  const float *numbers;
  int64_t row_step, step;
};

// out [4, kVectors * 16] = factor * weights [4, count] x rows [count, ...], or += it.
template <int kVectors>
TOKENFLARE_INLINE void MixTile(const Weights &weights, int64_t count, const float *rows, int64_t stride, float factor,
                               bool adds, float *out, int64_t out_stride) {
  Vector sums[kMixedRows][kVectors] = {};
  for (int64_t k = 0; k < count; k++) {
    Vector row[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) row[v] = Load(rows + k * stride + v * kWidth);
#pragma GCC unroll 4
    for (int m = 0; m < kMixedRows; m++) {
      const Vector weight = Splat(weights.numbers[m * weights.row_step + k * weights.step]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) sums[m][v] = Fma(weight, row[v], sums[m][v]);
    }
  }
#pragma GCC unroll 4
  for (int m = 0; m < kMixedRows; m++) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) {
      float *to = out + m * out_stride + v * kWidth;
      Store(to, adds ? Fma(sums[m][v], Splat(factor), Load(to)) : sums[m][v] * factor);
    }
  }
}

void Mix(const Weights &weights, int64_t num_rows, int64_t count, const float *rows, int64_t stride, int64_t dim,
         float factor, bool adds, float *out, int64_t out_stride) {
  constexpr int64_t kTogether = kMixedVectors * kWidth;
  for (int64_t m = 0; m < num_rows; m += kMixedRows) {
    const Weights some = {weights.numbers + m * weights.row_step, weights.row_step, weights.step};
    float *to = out + m * out_stride;
    int64_t d = 0;
    for (; d + kTogether <= dim; d += kTogether) {
      MixTile<kMixedVectors>(some, count, rows + d, stride, factor, adds, to + d, out_stride);
    }
    for (; d < dim; d += kWidth) MixTile<1>(some, count, rows + d, stride, factor, adds, to + d, out_stride);
  }
}

// Which weights survive dropout, and grow by keep_scale: by a hash of the place (the finaliser of MurmurHash3, public
// domain, by Austin Appleby), as assembly/dropout.ts has it, so that no mask is kept.
struct Survivors {
  Vector places;  // as integers: (query, key) of each query
  const SequenceAttention &a;

  Survivors(const SequenceHead &head, int64_t first_query) : places(), a(head.a) {
    uint32_t first[kWidth];
    for (int64_t i = 0; i < kWidth; i++) {
      first[i] = static_cast<uint32_t>((head.index * a.seq + first_query + i) * a.seq);
    }
    __builtin_memcpy(&places, first, sizeof first);
  }

  // keep_scale or 0 for each query's next key.
  TOKENFLARE_INLINE Vector Next() {
    if (a.threshold <= 0) return Splat(a.keep_scale);
    const Vector kept = EachPart([&](int p) -> Part {
      const WordPart place = (WordPart)places.parts[p];
      WordPart hash = (place * 0x9e3779b1u) ^ static_cast<uint32_t>(a.seed);
      hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
      hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
      hash = (hash ^ (hash >> 16)) >> 1;
      const Part scale = a.keep_scale - Part{};
      return (IntPart)hash >= a.threshold ? scale : Part{};
    });
    places = EachPart([&](int p) -> Part { return (Part)((WordPart)places.parts[p] + 1u); });
    return kept;
  }
};

// The scores become weights; the maximum and 1 / sum of each query are left beside.
void WeightTile(float *scores, int64_t num_keys, Survivors survivors, float *largest, float *inverse) {
  Vector top = Splat(kNever);
  for (int64_t key = 0; key < num_keys; key++) top = Max(Load(scores + key * kTileQueries), top);
  Vector sum{};
  for (int64_t key = 0; key < num_keys; key++) {
    float *at = scores + key * kTileQueries;
    const Vector value = Exp(Load(at) - top);
    sum += value;
    Store(at, value);
  }
  const Vector share = Splat(1.0f) / sum;
  Store(largest, top);
  Store(inverse, share);
  for (int64_t key = 0; key < num_keys; key++) {
    float *at = scores + key * kTileQueries;
    Store(at, Load(at) * share * survivors.Next());
  }
}

// In place: scores become weights, and gradients of weights those of scores: p (keep gradient - delta).
void WeightTileBackward(float *scores, float *gradients, int64_t num_keys, Survivors survivors, const float *largest,
                        const float *inverse, const float *delta) {
  const Vector top = Load(largest), share = Load(inverse), shift = Load(delta);
  for (int64_t key = 0; key < num_keys; key++) {
    float *score = scores + key * kTileQueries, *gradient = gradients + key * kTileQueries;
    const Vector probability = Exp(Load(score) - top) * share, keep = survivors.Next();
    Store(score, probability * keep);
    Store(gradient, probability * (Load(gradient) * keep - shift));
  }
}

// Room of a thread: panels of queries and of gradients, scores and their gradients.
struct TileRoom {
  float *queries, *d_out, *scores, *d_scores;
  explicit TileRoom(const SequenceAttention &a) {
    const int64_t panel = a.head_dim * kTileQueries, tile = a.seq * kTileQueries;
    queries = Scratch(0, 2 * (panel + tile));
    d_out = queries + panel;
    scores = d_out + panel;
    d_scores = scores + tile;
  }
};

void AttendHead(const SequenceHead &head) {
  const SequenceAttention &a = head.a;
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(a.head_dim));
  const TileRoom room(a);
  for (int64_t query = 0; query < a.seq; query += kTileQueries) {
    const int64_t num_queries = Least(kTileQueries, a.seq - query), num_keys = query + num_queries;
    FillPanel(head.Qkv(0) + query * head.RowSize(), head.RowSize(), num_queries, a.head_dim, scale, room.queries);
    ScoreKeys(head.Qkv(1), head.RowSize(), num_keys, a.head_dim, room.queries, room.scores);
    HideLaterKeys(room.scores, query, num_keys);
    float largest[kWidth], inverse[kWidth];
    WeightTile(room.scores, num_keys, Survivors(head, query), largest, inverse);
    __builtin_memcpy(head.Largest() + query, largest, num_queries * sizeof(float));
    __builtin_memcpy(head.Inverse() + query, inverse, num_queries * sizeof(float));
    Mix({room.scores, 1, kTileQueries}, num_queries, num_keys, head.Qkv(2), head.RowSize(), a.head_dim, 1.0f, false,
        a.out + head.OutPlace() + query * head.OutSize(), head.OutSize());
  }
}

// Sum over the head of gradient and result: what the softmax's gradient subtracts.
float DeltaOf(const float *d_out, const float *out, int64_t dim) {
  Vector sums{};
  for (int64_t d = 0; d < dim; d += kWidth) sums = Fma(Load(d_out + d), Load(out + d), sums);
  return Sum(sums);
}

void AttendHeadBackward(const SequenceHead &head) {
  const SequenceAttention &a = head.a;
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(a.head_dim));
  const int64_t dim = a.head_dim, stride = head.RowSize(), out_stride = head.OutSize();
  const TileRoom room(a);
  for (int64_t row = 0; row < a.seq; row++) {
    __builtin_memset(head.DQkv(1) + row * stride, 0, dim * sizeof(float));
    __builtin_memset(head.DQkv(2) + row * stride, 0, dim * sizeof(float));
  }
  for (int64_t query = 0; query < a.seq; query += kTileQueries) {
    const int64_t num_queries = Least(kTileQueries, a.seq - query), num_keys = query + num_queries;
    const float *queries = head.Qkv(0) + query * stride, *d_out = a.d_out + head.OutPlace() + query * out_stride;
    FillPanel(queries, stride, num_queries, dim, scale, room.queries);
    FillPanel(d_out, out_stride, num_queries, dim, 1.0f, room.d_out);
    ScoreKeys(head.Qkv(1), stride, num_keys, dim, room.queries, room.scores);
    HideLaterKeys(room.scores, query, num_keys);
    ScoreKeys(head.Qkv(2), stride, num_keys, dim, room.d_out, room.d_scores);
    // Of queries that are missing 1 / sum is 0, so their weights are.
    float largest[kWidth] = {}, inverse[kWidth] = {}, delta[kWidth] = {};
    __builtin_memcpy(largest, head.Largest() + query, num_queries * sizeof(float));
    __builtin_memcpy(inverse, head.Inverse() + query, num_queries * sizeof(float));
    const float *out = a.out + head.OutPlace() + query * out_stride;
    for (int64_t i = 0; i < num_queries; i++) delta[i] = DeltaOf(d_out + i * out_stride, out + i * out_stride, dim);
    WeightTileBackward(room.scores, room.d_scores, num_keys, Survivors(head, query), largest, inverse, delta);
    Mix({room.d_scores, 1, kTileQueries}, num_queries, num_keys, head.Qkv(1), stride, dim, scale, false,
        head.DQkv(0) + query * stride, stride);
    Mix({room.d_scores, kTileQueries, 1}, num_keys, num_queries, queries, stride, dim, scale, true, head.DQkv(1), stride);
    Mix({room.scores, kTileQueries, 1}, num_keys, num_queries, d_out, out_stride, dim, 1.0f, true, head.DQkv(2), stride);
  }
}

void AttendSequences(const SequenceAttention &attention) {
  ParallelFor(attention.num_sequences * attention.num_heads, [&](int64_t index) {
    const SequenceHead head = {attention, index};
    if (attention.d_qkv == nullptr) {
      AttendHead(head);
    } else {
      AttendHeadBackward(head);
    }
  });
}

// dX = dY (s + x s (1 - s) 2u'), s = sigmoid(2u): of GeluOf.
void GeluGradient(const float *x, const float *d_y, int64_t size, float *d_x) {
  constexpr float kTwice = 2 * 0.7978845608f;
  constexpr int64_t kPerChunk = 8192;
  ParallelFor((size + kPerChunk - 1) / kPerChunk, [&](int64_t chunk) {
    const int64_t end = Least(size, (chunk + 1) * kPerChunk);
    for (int64_t i = chunk * kPerChunk; i < end; i += kWidth) {
      const Vector value = Load(x + i), square = value * value * 0.044715f;
      const Vector s = Splat(1.0f) / (Exp(value * (square + 1.0f) * -kTwice) + 1.0f);
      const Vector rise = value * ((square * 3.0f + 1.0f) * kTwice) * (Splat(1.0f) - s);
      Store(d_x + i, Load(d_y + i) * (s * (rise + 1.0f)));
    }
  });
}

}  // namespace
}  // namespace tokenflare
