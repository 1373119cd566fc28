// Some rows read pages of a head in a streaming form: what was summed so far is scaled when a page has a larger score.
// Pages begin at multiples of kPageTokens and are joined in parts of kPartPages, so that the order of a row's sums
// depends on its own position alone: not on the other rows, the chunks of its prompt, where its pages lie, or the threads.
#include "attention_tiles_impl.h"

namespace tokenflare {
namespace {

// Rows times pages of a run: few rows have their softmax over many pages at once, many keep their scores in near
// memory.
constexpr int64_t kRunRows = 128;

inline int RunPages(int64_t num_rows) {
  return static_cast<int>(Least<int64_t>(kPartPages, Most<int64_t>(1, kRunRows / num_rows)));
}

// Where the pages of a run have their keys and values of a head, and their scales, null where numbers have none.
struct RunMemory {
  int64_t first;
  int count;
  const char *keys[kPartPages], *values[kPartPages];
  const float *key_scales[kPartPages], *value_scales[kPartPages];
  const char *next_keys;  // of the run behind; null: there is none
};

// Scores of a page for a single row, up to the last vector that it sees something of: short texts have a page of few keys.
template <typename Number>
void ScorePageOfOne(const Reader &r, const Run<Number> &run, int page) {
  const int64_t end = r.SeenOf(0, run.first + page).end;
  if (end <= kWidth) return ScoreTile<1, 1>(r, run, page, 0, 0);
  if (end <= 2 * kWidth) return ScoreTile<1, 2>(r, run, page, 0, 0);
  ScoreTile<1, kPageVectors>(r, run, page, 0, 0);
}

// Scores of a page for all rows: some vectors of keys for all of them before the next, so that they stay in the nearest
// memory. Those that no row of a tile sees are left out.
template <typename Number>
void ScorePage(const Reader &r, const Run<Number> &run, int page) {
  if (r.num_rows == 1) return ScorePageOfOne(r, run, page);
  for (int v = 0; v < kPageVectors; v += kTileVectors) {
    for (int row = 0; row < r.num_rows; row += kQueryRows) {
      const int64_t seen_first = r.SeenOf(row, run.first + page).first;
      const int64_t seen_end = r.SeenOf(Least(row + kQueryRows, r.num_rows) - 1, run.first + page).end;
      const int first = Most(v, static_cast<int>(seen_first / kWidth));
      const int end = Least(v + kTileVectors, static_cast<int>((seen_end + kWidth - 1) / kWidth));
      if (first >= end) continue;
      if (kTileVectors > 2 && end - first <= 2) {
        ScoreTile<kQueryRows, 2>(r, run, page, row, Least<int>(first, kPageVectors - 2));
      } else {
        ScoreTile<kQueryRows, kTileVectors>(r, run, page, row, v);
      }
    }
  }
}

// Calls use(i) for the vectors of a page that a row sees.
template <typename Use>
TOKENFLARE_INLINE void ForSeen(const Seen &seen, const Use &use) {
  if (seen.first == 0 && seen.end == kPageTokens) {
#pragma GCC unroll 4
    for (int64_t i = 0; i < kPageTokens; i += kWidth) use(i);
  } else {
    for (int64_t i = seen.first / kWidth * kWidth; i < seen.end; i += kWidth) use(i);
  }
}

// Applies scales to a row's scores of a page, and makes those of keys that it does not see -infinity, as far as their
// vectors are read. Returns the largest.
TOKENFLARE_INLINE float PrepareScores(float *scores, const float *scales, const Seen &seen) {
  const Vector nothing = Splat(-__builtin_inff());
  Vector most = nothing;
  ForSeen(seen, [&](int64_t i) __attribute__((always_inline)) {
    Vector here = Load(scores + i);
    if (scales != nullptr) here = here * Load(scales + i);
    if (i < seen.first || i + kWidth > seen.end) {
      const Vector key = Counting() + static_cast<float>(i);
      here = WhereLess(key, Splat(static_cast<float>(seen.end)), here, nothing);
      here = WhereLess(key, Splat(static_cast<float>(seen.first)), nothing, here);
    }
    Store(scores + i, here);
    most = Max(here, most);
  });
  return LargestOf(most);
}

// Makes weights of a row's scores of a run.
void WeighRow(const Reader &r, int row, const RunMemory &run) {
  float *weights = r.WeightsOf(row), *factors = r.FactorsOf(row), *lanes = r.lanes + row * kWidth;
  float tops[kPartPages], rises[kWidth] = {};
  float top = r.part.tops[row];
  for (int page = 0; page < run.count; page++) {
    const Seen seen = r.SeenOf(row, run.first + page);
    if (!seen.IsEmpty()) {
      const float largest = PrepareScores(weights + page * kPageTokens, run.key_scales[page], seen);
      if (largest > top) {
        rises[page] = top - largest;
        top = largest;
      }
    }
    tops[page] = top;
  }
  Store(factors, top != r.part.tops[row] ? Exp(Load(rises)) : Splat(1.0f));
  r.part.tops[row] = top;
  Vector sums = Load(lanes);
  for (int page = 0; page < run.count; page++) {
    float *here = weights + page * kPageTokens;
    const float *scales = run.value_scales[page];
    sums = sums * factors[page];
    ForSeen(r.SeenOf(row, run.first + page), [&](int64_t i) __attribute__((always_inline)) {
      Vector weight = Exp(Load(here + i) - tops[page]);
      sums += weight;
      if (scales != nullptr) weight = weight * Load(scales + i);
      Store(here + i, weight);
    });
  }
  Store(lanes, sums);
}

// Values by weights. Some columns are read for all rows before the next ones: a page of wide heads is more than the
// nearest memory holds.
template <int kRows, int kVectors, typename Number>
void MixTiles(const Reader &r, const Run<Number> &run) {
  int64_t column = 0;
  for (; column + kVectors * kWidth <= r.padded_dim; column += kVectors * kWidth) {
    for (int row = 0; row < r.num_rows; row += kRows) MixTile<kRows, kVectors>(r, run, row, column);
  }
  for (; column < r.padded_dim; column += kWidth) {
    for (int row = 0; row < r.num_rows; row += kRows) MixTile<kRows, 1>(r, run, row, column);
  }
}

template <typename Number>
void MixRun(const Reader &r, const Run<Number> &run) {
  if (r.num_rows == 1) return MixTiles<1, 4>(r, run);
  MixTiles<kQueryRows, kTileVectors>(r, run);
}

RunMemory FindRun(const Attention &a, const PageTable &table, int64_t kv_head, int64_t first, int64_t end,
                  int run_pages) {
  RunMemory run;
  run.first = first;
  run.count = static_cast<int>(Least<int64_t>(run_pages, end - first));
  const auto slot_of = [&](int64_t page) {
    return (table.pages[page] * a.stripes.num_kv_heads + kv_head) * kPageTokens;
  };
  const int64_t slot_bytes = a.padded_dim * NumberBytes(a.format);
  const char *keys = static_cast<const char *>(a.keys), *values = static_cast<const char *>(a.values);
  for (int i = 0; i < run.count; i++) {
    const int64_t slot = slot_of(first + i);
    run.keys[i] = keys + slot * slot_bytes;
    run.values[i] = values + slot * slot_bytes;
    run.key_scales[i] = a.key_scales == nullptr ? nullptr : a.key_scales + slot;
    run.value_scales[i] = a.value_scales == nullptr ? nullptr : a.value_scales + slot;
  }
  const int64_t behind = first + run.count;
  run.next_keys = behind < end ? keys + slot_of(behind) * slot_bytes : nullptr;
  return run;
}

template <typename Number>
Run<Number> EmptyRun(const RunMemory &memory, const char *const *blocks, const char *after, int64_t cached_bytes) {
  Run<Number> run;
  run.first = memory.first;
  run.count = memory.count;
  run.cached_bytes = cached_bytes;
  for (int page = 0; page < run.count; page++) run.next[page] = page + 1 < run.count ? blocks[page + 1] : after;
  return run;
}

// Calls read(run) for a run's keys or values, which `blocks` says; `after`: what is read behind the last of them. Where
// `widened` is not null numbers are widened to there first: what many rows read is widened once.
template <typename Cached, typename Read>
TOKENFLARE_INLINE void ReadBlocks(const RunMemory &memory, const char *const *blocks, const char *after,
                                  int64_t block_size, float *widened, const Read &read) {
  if constexpr (sizeof(Cached) < sizeof(float)) {
    if (widened != nullptr) {
      Run<float> run = EmptyRun<float>(memory, blocks, after, sizeof(Cached));
      for (int page = 0; page < run.count; page++) {
        float *to = widened + page * block_size;
        const Cached *from = reinterpret_cast<const Cached *>(blocks[page]);
        for (int64_t i = 0; i < block_size; i += kWidth) Store(to + i, LoadCached(from + i));
        run.blocks[page] = to;
      }
      return read(run);
    }
  }
  Run<Cached> run = EmptyRun<Cached>(memory, blocks, after, sizeof(Cached));
  for (int page = 0; page < run.count; page++) run.blocks[page] = reinterpret_cast<const Cached *>(blocks[page]);
  read(run);
}

// Pages of a head from `first` to `end` into r.part.
template <typename Cached>
void ReadPages(const Attention &a, const Reader &r, const PageTable &table, int64_t kv_head, int64_t first, int64_t end,
               float *widened) {
  for (int row = 0; row < r.num_rows; row++) r.part.tops[row] = -__builtin_inff();
  __builtin_memset(r.lanes, 0, r.num_rows * kWidth * sizeof(float));
  __builtin_memset(r.part.mixed, 0, r.num_rows * r.padded_dim * sizeof(float));
  const int run_pages = RunPages(r.num_rows);
  const int64_t block_size = kPageTokens * r.padded_dim;
  for (int64_t start = first; start < end; start += run_pages) {
    const RunMemory memory = FindRun(a, table, kv_head, start, end, run_pages);
    ReadBlocks<Cached>(memory, memory.keys, memory.values[0], block_size, widened, [&](const auto &run) {
      for (int page = 0; page < run.count; page++) ScorePage(r, run, page);
    });
    for (int row = 0; row < r.num_rows; row++) WeighRow(r, row, memory);
    ReadBlocks<Cached>(memory, memory.values, memory.next_keys, block_size, widened,
                       [&](const auto &run) { MixRun(r, run); });
  }
  for (int row = 0; row < r.num_rows; row++) r.part.sums[row] = Sum(Load(r.lanes + row * kWidth));
}

// Adds what a row has summed of later pages to what it has of earlier ones.
void JoinRow(const Sums &to, const Sums &from, int row, int64_t padded_dim) {
  const auto is_empty = [&](const Sums &sums) {
    return sums.sums[row] == 0.0f && sums.tops[row] == -__builtin_inff();
  };
  if (is_empty(from)) return;
  float *mixed = to.mixed + row * padded_dim;
  const float *other = from.mixed + row * padded_dim;
  if (is_empty(to)) {
    to.tops[row] = from.tops[row];
    to.sums[row] = from.sums[row];
    __builtin_memcpy(mixed, other, padded_dim * sizeof(float));
    return;
  }
  const float top = from.tops[row] > to.tops[row] ? from.tops[row] : to.tops[row];
  const Vector ours = Exp(Splat(to.tops[row] - top)), theirs = Exp(Splat(from.tops[row] - top));
  float sums[kWidth];
  Store(sums, Fma(theirs, Splat(from.sums[row]), ours * to.sums[row]));
  to.tops[row] = top;
  to.sums[row] = sums[0];
  for (int64_t d = 0; d < padded_dim; d += kWidth) {
    Store(mixed + d, Fma(theirs, Load(other + d), ours * Load(mixed + d)));
  }
}

}  // namespace
}  // namespace tokenflare
