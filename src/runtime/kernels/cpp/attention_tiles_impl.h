// Scores and sums of a page in registers: some rows of queries by some vectors of keys, or of values.

namespace tokenflare {
namespace {

constexpr int64_t kPageVectors = kPageTokens / kWidth;
// Pages whose sums are joined to one part before parts are joined: long texts of few heads have several threads so.
constexpr int64_t kPartPages = 16;
// Registers for the sums of a tile: sixteen vectors where a vector is a register, else four.
constexpr int kQueryRows = kParts == 1 ? 4 : 2, kTileVectors = kParts == 1 ? 4 : 2;

// Sixteen numbers of a cache, without their scale.
inline Vector LoadCached(const float *from) { return Load(from); }
inline Vector LoadCached(const Float16 *from) { return LoadHalves(reinterpret_cast<const uint8_t *>(from)); }
inline Vector LoadCached(const int8_t *from) { return WidenSigned(reinterpret_cast<const uint8_t *>(from)); }

// What rows have summed of some pages. A row that sees none of them has a top of -infinity and a sum of 0.
struct Sums {
  float *mixed;  // [rows, padded_dim]
  float *tops;   // [rows], the largest score; -infinity: none was seen
  float *sums;   // [rows]
};

// The keys of a page that a row sees, counted from the page's first.
struct Seen {
  int64_t first, end;
  bool IsEmpty() const { return first >= end; }
};

// Rows of one sequence that read a head of keys and values together, in the order of their positions: each sees from as
// far back and as far as the row before, or farther.
struct Reader {
  int num_rows;
  int64_t head_dim, padded_dim;
  int64_t num_scores;            // of a row: the keys of the pages of a run
  const float *queries;          // [rows, padded_dim], scaled
  const int64_t *firsts, *ends;  // [rows], the positions that a row sees
  float *lanes;    // [rows, kWidth], sums of weights, lane by lane
  float *factors;  // [rows, kWidth], what a page's new largest score scales earlier sums by, for each page of a run
  float *weights;  // [rows, num_scores], scores first
  Sums part;

  const float *QueryOf(int row) const { return queries + row * padded_dim; }
  float *WeightsOf(int row) const { return weights + row * num_scores; }
  float *FactorsOf(int row) const { return factors + row * kWidth; }
  float *MixedOf(int row) const { return part.mixed + row * padded_dim; }
  Seen SeenOf(int row, int64_t page) const {
    const int64_t start = page * kPageTokens;
    const int64_t first = Most<int64_t>(firsts[row] - start, 0), end = Most<int64_t>(ends[row] - start, 0);
    return {Least(first, kPageTokens), Least(end, kPageTokens)};
  }
};

// Consecutive pages of a sequence: their keys of a head, or their values. Number: as the cache has them, or widened.
template <typename Number>
struct Run {
  int64_t first;
  int count;
  const Number *blocks[kPartPages];
  // What is read after each of them, as the cache has it, which is asked for meanwhile; null: nothing is.
  const char *next[kPartPages];
  int64_t cached_bytes;  // of a number in the cache
};

// Asks for `count` numbers of the next block from `place` on. They come while this block is read: to ask for a whole
// block at once would hold up the reading of this one.
TOKENFLARE_INLINE void AskFor(const char *next, int64_t place, int64_t count, int64_t cached_bytes) {
  if (next == nullptr) return;
  const char *from = next + place * cached_bytes;
  for (int64_t byte = 0; byte < count * cached_bytes; byte += 64) __builtin_prefetch(from + byte, 0, 2);
}

// Scores of some rows and some vectors of a page's keys: one chain of sums over the depth for each. Rows that are not
// there repeat the last.
template <int kRows, int kVectors, typename Number>
TOKENFLARE_INLINE void ScoreTile(const Reader &r, const Run<Number> &run, int page, int row, int vector) {
  constexpr int kDepth = 4;  // sixteen numbers of so many places are whole lines of memory in every format
  const float *queries[kRows];
  const Number *keys = run.blocks[page] + vector * r.padded_dim * kWidth;
  const char *next = row == 0 ? run.next[page] : nullptr;
  const int64_t stride = r.padded_dim * kWidth;
  Vector tile[kRows][kVectors];
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i++) queries[i] = r.QueryOf(Least(row + i, r.num_rows - 1));
#pragma GCC unroll 16
  for (int i = 0; i < kRows * kVectors; i++) tile[i / kVectors][i % kVectors] = Vector{};
  for (int64_t start = 0; start < r.head_dim; start += kDepth) {
    AskFor(next, vector * stride + start * kVectors * kWidth, kDepth * kVectors * kWidth, run.cached_bytes);
    const int64_t end = Least(start + kDepth, r.head_dim);
#pragma GCC unroll 1
    for (int64_t d = start; d < end; d++) {
      Vector number[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) number[v] = LoadCached(keys + v * stride + d * kWidth);
#pragma GCC unroll 4
      for (int i = 0; i < kRows; i++) {
        const Vector query = Splat(queries[i][d]);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; v++) tile[i][v] = Fma(query, number[v], tile[i][v]);
      }
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i++) {
    float *scores = r.WeightsOf(Least(row + i, r.num_rows - 1)) + page * kPageTokens + vector * kWidth;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) Store(scores + v * kWidth, tile[i][v]);
  }
}

// Some rows of a tile, those that are not there replaced by the last, and what they see of a page.
template <int kRows>
struct TileRows {
  int rows[kRows];
  const float *weights[kRows];  // of the page's keys
  Seen seen[kRows];
};

// Adds weight * value of a page to some vectors of some rows, key after key. A key that a row does not see is not read
// for it, whatever stands there.
template <int kRows, int kVectors, typename Number>
TOKENFLARE_INLINE void MixPage(const TileRows<kRows> &tile, const Number *values, int64_t padded_dim,
                               Vector (&sums)[kRows][kVectors], const char *next, int64_t cached_bytes) {
  const auto add = [&](int64_t key, const auto &sees) __attribute__((always_inline)) {
    Vector value[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) value[v] = LoadCached(values + key * padded_dim + v * kWidth);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; i++) {
      if (!sees(tile.seen[i])) continue;
      const Vector weight = Splat(tile.weights[i][key]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) sums[i][v] = Fma(weight, value[v], sums[i][v]);
    }
  };
  // Keys that some of the rows see, then those that all of them do, then some again.
  const int64_t end = tile.seen[kRows - 1].end;
  const int64_t all_first = Least(tile.seen[kRows - 1].first, end), all_end = Most(all_first, tile.seen[0].end);
  int64_t key = tile.seen[0].first;
  for (;;) {
    for (; key >= all_first && key < all_end; key++) {
      AskFor(next, key * padded_dim, kVectors * kWidth, cached_bytes);
      add(key, [](const Seen &) { return true; });
    }
    if (key >= end) return;
    add(key, [&](const Seen &seen) { return key >= seen.first && key < seen.end; });
    key++;
  }
}

// Mixes the values of a run's pages, with the sums in registers: as many as there are registers for.
template <int kRows, int kVectors, typename Number>
TOKENFLARE_INLINE void MixTile(const Reader &r, const Run<Number> &run, int row, int64_t column) {
  TileRows<kRows> tile;
  Vector sums[kRows][kVectors];
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i++) {
    tile.rows[i] = Least(row + i, r.num_rows - 1);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) sums[i][v] = Load(r.MixedOf(tile.rows[i]) + column + v * kWidth);
  }
  for (int page = 0; page < run.count; page++) {
#pragma GCC unroll 4
    for (int i = 0; i < kRows; i++) {
      tile.weights[i] = r.WeightsOf(tile.rows[i]) + page * kPageTokens;
      tile.seen[i] = r.SeenOf(tile.rows[i], run.first + page);
      const Vector factor = Splat(r.FactorsOf(tile.rows[i])[page]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) sums[i][v] = sums[i][v] * factor;
    }
    const char *next = row > 0 || run.next[page] == nullptr ? nullptr : run.next[page] + column * run.cached_bytes;
    MixPage(tile, run.blocks[page] + column, r.padded_dim, sums, next, run.cached_bytes);
  }
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) Store(r.MixedOf(tile.rows[i]) + column + v * kWidth, sums[i][v]);
  }
}

}  // namespace
}  // namespace tokenflare
