// Causal attention over whole sequences, forward and backward, as training needs it.
//
// A tile is sixteen queries of a head, one in each number of a vector. Their scores lie as [keys][16 queries], so the
// softmax over the keys runs down the vectors. The backward pass computes the probabilities again from each query's
// maximum and 1 / sum, so that no [seq, seq] matrix outlives its tile.

namespace tokenflare {
namespace {

constexpr int64_t kTileQueries = kWidth;
constexpr float kNever = -1e30f;  // its exponential is 0
// Registers that a row's sums take at a time.
#ifdef TOKENFLARE_NARROW_TILES
constexpr int kTogether = 2;
#else
constexpr int kTogether = kParts;
#endif
// Keys whose scores are computed together, and rows that are mixed together: divisors of 8, as lengths are multiples of.
constexpr int kScoredKeys = kParts == 1 ? 8 : 4;
constexpr int kMixedRows = 4;
constexpr int kMixedParts = kParts == 1 ? 4 : kTogether;

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

inline Part LoadPart(const float *from) { return *reinterpret_cast<const LoosePart *>(from); }
inline void StorePart(float *to, Part part) { *reinterpret_cast<LoosePart *>(to) = part; }

// scores [kScoredKeys][16] = rows [kScoredKeys, dim] x panel [dim][16], some of the sixteen.
TOKENFLARE_INLINE void ScoreTile(const float *rows, ptrdiff_t stride, ptrdiff_t dim, const float *panel, float *scores) {
  Part sums[kScoredKeys][kTogether] = {};
  for (ptrdiff_t d = 0; d < dim; d++, panel += kTileQueries) {
    Part columns[kTogether];
#pragma GCC unroll 4
    for (int p = 0; p < kTogether; p++) columns[p] = LoadPart(panel + p * kPartWidth);
#pragma GCC unroll 8
    for (int i = 0; i < kScoredKeys; i++) {
      const Part number = rows[i * stride + d] - Part{};
#pragma GCC unroll 4
      for (int p = 0; p < kTogether; p++) sums[i][p] = FmaPart(number, columns[p], sums[i][p]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kScoredKeys; i++) {
#pragma GCC unroll 4
    for (int p = 0; p < kTogether; p++) StorePart(scores + i * kTileQueries + p * kPartWidth, sums[i][p]);
  }
}

// scores [num_keys][16] = rows [num_keys, dim] x panel [dim][16].
void ScoreKeys(const float *rows, int64_t stride, int64_t num_keys, int64_t dim, const float *panel, float *scores) {
  for (int64_t key = 0; key < num_keys; key += kScoredKeys) {
    for (int query = 0; query < kTileQueries; query += kTogether * kPartWidth) {
      ScoreTile(rows + key * stride, stride, dim, panel + query, scores + key * kTileQueries + query);
    }
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

// out [4, numbers of kCount registers] = factor * weights [4, count] x rows [count, ...], or += it.
template <int kCount>
TOKENFLARE_INLINE void MixTile(const Weights &weights, ptrdiff_t count, const float *rows, ptrdiff_t stride, float factor,
                               bool adds, float *out, ptrdiff_t out_stride) {
  Part sums[kMixedRows][kCount] = {};
  const float *numbers = weights.numbers;
  const ptrdiff_t row_step = weights.row_step, step = weights.step;
  for (ptrdiff_t k = 0; k < count; k++, rows += stride, numbers += step) {
    Part row[kCount];
#pragma GCC unroll 4
    for (int p = 0; p < kCount; p++) row[p] = LoadPart(rows + p * kPartWidth);
#pragma GCC unroll 4
    for (int m = 0; m < kMixedRows; m++) {
      const Part weight = numbers[m * row_step] - Part{};
#pragma GCC unroll 4
      for (int p = 0; p < kCount; p++) sums[m][p] = FmaPart(weight, row[p], sums[m][p]);
    }
  }
  const Part factors = factor - Part{};
#pragma GCC unroll 4
  for (int m = 0; m < kMixedRows; m++) {
#pragma GCC unroll 4
    for (int p = 0; p < kCount; p++) {
      float *to = out + m * out_stride + p * kPartWidth;
      StorePart(to, adds ? FmaPart(sums[m][p], factors, LoadPart(to)) : sums[m][p] * factors);
    }
  }
}

void Mix(const Weights &weights, int64_t num_rows, int64_t count, const float *rows, int64_t stride, int64_t dim,
         float factor, bool adds, float *out, int64_t out_stride) {
  constexpr int64_t kWide = kMixedParts * kPartWidth;
  for (int64_t m = 0; m < num_rows; m += kMixedRows) {
    const Weights some = {weights.numbers + m * weights.row_step, weights.row_step, weights.step};
    float *to = out + m * out_stride;
    int64_t d = 0;
    for (; d + kWide <= dim; d += kWide) {
      MixTile<kMixedParts>(some, count, rows + d, stride, factor, adds, to + d, out_stride);
    }
    for (; d < dim; d += kPartWidth) MixTile<1>(some, count, rows + d, stride, factor, adds, to + d, out_stride);
  }
}

// Which weights dropout keeps, key after key.
struct Survivors {
  Vector places;  // as integers: (query, key) of each query
  const Dropout &dropout;

  Survivors(const SequenceHead &head, int64_t first_query) : places(), dropout(head.a.dropout) {
    uint32_t first[kWidth];
    for (int64_t i = 0; i < kWidth; i++) {
      first[i] = static_cast<uint32_t>(((head.a.first_head + head.index) * head.a.seq + first_query + i) * head.a.seq);
    }
    __builtin_memcpy(&places, first, sizeof first);
  }

  // keep_scale or 0 for each query's next key.
  TOKENFLARE_INLINE Vector Next() {
    if (dropout.threshold <= 0) return Splat(dropout.keep_scale);
    const Vector kept = Kept(places, dropout);
    places = MovePlaces(places, 1);
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
  const TileRoom room(a);
  for (int64_t query = 0; query < a.seq; query += kTileQueries) {
    const int64_t num_queries = Least(kTileQueries, a.seq - query), num_keys = query + num_queries;
    FillPanel(head.Qkv(0) + query * head.RowSize(), head.RowSize(), num_queries, a.head_dim, a.scale, room.queries);
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
  const int64_t dim = a.head_dim, stride = head.RowSize(), out_stride = head.OutSize();
  const TileRoom room(a);
  for (int64_t row = 0; row < a.seq; row++) {
    __builtin_memset(head.DQkv(1) + row * stride, 0, dim * sizeof(float));
    __builtin_memset(head.DQkv(2) + row * stride, 0, dim * sizeof(float));
  }
  for (int64_t query = 0; query < a.seq; query += kTileQueries) {
    const int64_t num_queries = Least(kTileQueries, a.seq - query), num_keys = query + num_queries;
    const float *queries = head.Qkv(0) + query * stride, *d_out = a.d_out + head.OutPlace() + query * out_stride;
    FillPanel(queries, stride, num_queries, dim, a.scale, room.queries);
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
    Mix({room.d_scores, 1, kTileQueries}, num_queries, num_keys, head.Qkv(1), stride, dim, a.scale, false,
        head.DQkv(0) + query * stride, stride);
    Mix({room.d_scores, kTileQueries, 1}, num_keys, num_queries, queries, stride, dim, a.scale, true, head.DQkv(1), stride);
    Mix({room.scores, kTileQueries, 1}, num_keys, num_queries, d_out, out_stride, dim, 1.0f, true, head.DQkv(2), stride);
  }
}

// Parts of a row: `dim` numbers each, `step` apart.
template <typename Number>
struct RowParts {
  Number *numbers;
  int64_t stride, step, dim;
};

// Rows of parts of another width; what is missing is zero.
void CopyParts(const RowParts<const float> &from, const RowParts<float> &to, int64_t num_rows, int64_t num_parts) {
  const int64_t dim = Least(from.dim, to.dim);
  for (int64_t row = 0; row < num_rows; row++) {
    for (int64_t part = 0; part < num_parts; part++) {
      float *at = to.numbers + row * to.stride + part * to.step;
      __builtin_memcpy(at, from.numbers + row * from.stride + part * from.step, dim * sizeof(float));
      __builtin_memset(at + dim, 0, (to.dim - dim) * sizeof(float));
    }
  }
}

// Attention over a copy of one head that is as wide as whole vectors.
void AttendPadded(const SequenceHead &head) {
  const SequenceAttention &a = head.a;
  const int64_t dim = a.head_dim, wide = (dim + kWidth - 1) / kWidth * kWidth, size = a.seq * wide;
  const int64_t stride = head.RowSize(), part = head.OutSize(), place = head.OutPlace();
  float *qkv = Scratch(1, 8 * size), *out = qkv + 3 * size, *d_out = out + size, *d_qkv = d_out + size;
  CopyParts({head.Qkv(0), stride, part, dim}, {qkv, 3 * wide, wide, wide}, a.seq, 3);
  const SequenceAttention padded = {qkv, out, head.Largest(), d_out, a.d_qkv == nullptr ? nullptr : d_qkv, 1, a.seq, 1,
                                    wide, a.scale, a.dropout, a.first_head + head.index};
  if (a.d_qkv == nullptr) {
    AttendHead({padded, 0});
    return CopyParts({out, wide, 0, wide}, {a.out + place, part, 0, dim}, a.seq, 1);
  }
  CopyParts({a.out + place, part, 0, dim}, {out, wide, 0, wide}, a.seq, 1);
  CopyParts({a.d_out + place, part, 0, dim}, {d_out, wide, 0, wide}, a.seq, 1);
  AttendHeadBackward({padded, 0});
  CopyParts({d_qkv, 3 * wide, wide, wide}, {head.DQkv(0), stride, part, dim}, a.seq, 3);
}

void Attend(const SequenceHead &head) {
  if (head.a.head_dim % kWidth != 0) return AttendPadded(head);
  if (head.a.d_qkv == nullptr) return AttendHead(head);
  AttendHeadBackward(head);
}

void AttendSequences(const SequenceAttention &attention) {
  ParallelFor(attention.num_sequences * attention.num_heads,
              [&](int64_t index) { Attend(SequenceHead{attention, index}); });
}

}  // namespace
}  // namespace tokenflare
