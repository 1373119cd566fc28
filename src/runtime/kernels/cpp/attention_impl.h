// Causal attention over the pages of a cache, in a streaming form: keys come in blocks of a page, and what was summed so
// far is scaled when a larger score comes. The blocks lie at multiples of a page and are joined in parts of kPartPages,
// so that the order of a row's sums depends on its own position alone: not on the other rows, the chunks of its prompt,
// where its pages lie, or the number of threads.

namespace tokenflare {
namespace {

constexpr int64_t kPageVectors = kPageTokens / kWidth;
// Pages whose sums are joined to one part before parts are joined: long texts of few heads have several threads so.
constexpr int64_t kPartPages = 16;
// Rows that read a page together: most of one item, and from how many on a page is widened to float32 first.
constexpr int64_t kItemRows = 64, kWidenedRows = 17;
// Registers for the sums of a tile: sixteen vectors where a vector is a register, else four.
constexpr int kQueryRows = kParts == 1 ? 4 : 2, kKeyVectors = kParts == 1 ? 4 : 2;

// Sixteen numbers of a cache, without their scale.
inline Vector LoadCached(const float *from) { return Load(from); }
inline Vector LoadCached(const Float16 *from) { return LoadHalves(reinterpret_cast<const uint8_t *>(from)); }
inline Vector LoadCached(const int8_t *from) { return WidenSigned(reinterpret_cast<const uint8_t *>(from)); }

// Consecutive tokens of one sequence with the heads of queries that share a head of keys and values: row i is token
// i / num_shared with head i % num_shared.
struct Item {
  int64_t row, num_tokens;  // of the step
  int64_t first_page, end_page;
};

// What the rows of an item have summed of some pages. A row that sees none of them has a top of -infinity and a sum of 0.
struct Sums {
  float *tops;   // [rows], the largest score; -infinity: none was seen
  float *sums;   // [rows]
  float *mixed;  // [rows, padded_dim]
};

// A page of one head of keys and values. Scales are null where numbers have none. Number: as the cache has them, or widened.
template <typename Number>
struct Page {
  const Number *keys;    // [kPageVectors, padded_dim, kWidth]
  const Number *values;  // [kPageTokens, padded_dim]
  const float *key_scales, *value_scales;  // [kPageTokens]
};

// An item and a head of keys and values, while some pages are read.
struct Reader {
  int num_rows;
  int64_t head_dim, padded_dim;
  const float *queries;            // [rows, padded_dim], scaled
  const int64_t *firsts, *ends;    // [rows], the keys that a row sees
  float *lanes;    // [rows, kWidth], sums of weights, lane by lane
  float *weights;  // [rows, kPageTokens], scores first
  Sums part;

  const float *QueryOf(int row) const { return queries + row * padded_dim; }
  float *WeightsOf(int row) const { return weights + row * kPageTokens; }
};

inline Vector Nothing() { return Splat(-__builtin_inff()); }

// Scores of some rows and some vectors of keys: one chain of sums over the depth for each. Rows that are not there repeat
// the last.
template <int kRows, int kVectors, typename Number>
TOKENFLARE_INLINE void ScoreTile(const Reader &r, const Page<Number> &page, int row, int vector) {
  const float *queries[kRows];
  const Number *keys[kVectors];
  Vector tile[kRows][kVectors];
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i++) queries[i] = r.QueryOf(Least(row + i, r.num_rows - 1));
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; v++) keys[v] = page.keys + (vector + v) * r.padded_dim * kWidth;
#pragma GCC unroll 16
  for (int i = 0; i < kRows * kVectors; i++) tile[i / kVectors][i % kVectors] = Vector{};
  for (int64_t d = 0; d < r.head_dim; d++) {
    Vector number[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) number[v] = LoadCached(keys[v] + d * kWidth);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; i++) {
      const Vector query = Splat(queries[i][d]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) tile[i][v] = Fma(query, number[v], tile[i][v]);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i++) {
    float *scores = r.WeightsOf(Least(row + i, r.num_rows - 1)) + vector * kWidth;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) Store(scores + v * kWidth, tile[i][v]);
  }
}

template <typename Number>
void ScoreRows(const Reader &r, const Page<Number> &page) {
  int row = 0;
  for (; r.num_rows - row > 1; row += kQueryRows) {
    for (int v = 0; v < kPageVectors; v += kKeyVectors) ScoreTile<kQueryRows, kKeyVectors>(r, page, row, v);
  }
  if (row < r.num_rows) ScoreTile<1, kPageVectors>(r, page, row, 0);
}

// Makes weights of a row's scores of a page that begins at key `start`, and scales what the row has summed before.
// `sees`: the keys of the page that the row sees, from 0 on.
template <typename Number>
void WeighRow(const Reader &r, const Page<Number> &page, int row, int64_t sees_first, int64_t sees_end) {
  float *weights = r.WeightsOf(row), *lanes = r.lanes + row * kWidth;
  const bool is_whole = sees_first == 0 && sees_end == kPageTokens;
  Vector scores[kPageVectors];
  Vector most = Nothing();
#pragma GCC unroll 4
  for (int v = 0; v < kPageVectors; v++) {
    scores[v] = Load(weights + v * kWidth);
    if (page.key_scales != nullptr) scores[v] = scores[v] * Load(page.key_scales + v * kWidth);
    if (!is_whole) {
      const Vector key = Counting() + static_cast<float>(v * kWidth);
      scores[v] = WhereLess(key, Splat(static_cast<float>(sees_end)), scores[v], Nothing());
      scores[v] = WhereLess(key, Splat(static_cast<float>(sees_first)), Nothing(), scores[v]);
    }
    most = Max(scores[v], most);
  }
  const float before = r.part.tops[row], largest = LargestOf(most), top = largest > before ? largest : before;
  Vector sums = Load(lanes);
  if (top != before) {
    const Vector factor = Exp(Splat(before - top));
    sums = sums * factor;
    float *mixed = r.part.mixed + row * r.padded_dim;
    for (int64_t d = 0; d < r.padded_dim; d += kWidth) Store(mixed + d, Load(mixed + d) * factor);
    r.part.tops[row] = top;
  }
#pragma GCC unroll 4
  for (int v = 0; v < kPageVectors; v++) {
    Vector weight = Exp(scores[v] - top);
    sums += weight;
    if (page.value_scales != nullptr) weight = weight * Load(page.value_scales + v * kWidth);
    Store(weights + v * kWidth, weight);
  }
  Store(lanes, sums);
}

// Adds weight * value of the keys from `start` to `end`, one after the other, to some vectors of some rows: as many as
// there are registers for. Rows that are not there repeat the last.
template <int kRows, int kVectors, typename Number>
TOKENFLARE_INLINE void MixKeys(const Reader &r, const Page<Number> &page, int row, int64_t column, int64_t start,
                               int64_t end) {
  const Number *values = page.values + column;
  const float *weights[kRows];
  float *mixed[kRows];
  Vector sums[kRows][kVectors];
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i++) {
    const int here = Least(row + i, r.num_rows - 1);
    weights[i] = r.WeightsOf(here);
    mixed[i] = r.part.mixed + here * r.padded_dim + column;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) sums[i][v] = Load(mixed[i] + v * kWidth);
  }
  for (int64_t key = start; key < end; key++) {
    Vector value[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) value[v] = LoadCached(values + key * r.padded_dim + v * kWidth);
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
void MixColumns(const Reader &r, const Page<Number> &page, int row, int64_t start, int64_t end) {
  if (start >= end) return;
  int64_t column = 0;
  for (; column + kVectors * kWidth <= r.padded_dim; column += kVectors * kWidth) {
    MixKeys<kRows, kVectors>(r, page, row, column, start, end);
  }
  for (; column < r.padded_dim; column += kWidth) MixKeys<kRows, 1>(r, page, row, column, start, end);
}

// The keys of a page that a row sees, counted from its first.
struct Seen {
  int64_t first, end;
};
inline Seen SeenOf(const Reader &r, int row, int64_t page_start) {
  const int64_t first = Most<int64_t>(r.firsts[row] - page_start, 0);
  return {Least<int64_t>(first, kPageTokens), Least<int64_t>(Most<int64_t>(r.ends[row] - page_start, 0), kPageTokens)};
}

// Values by weights, key after key for each row: first what a row sees before the others of its tile do, then what all of
// them see, then the rest. A key that a row does not see is not read for it, whatever stands there.
template <typename Number>
void MixRows(const Reader &r, const Page<Number> &page, int64_t page_start) {
  for (int row = 0; row < r.num_rows; row += kQueryRows) {
    const int end = Least(row + kQueryRows, r.num_rows);
    Seen all = {0, kPageTokens};
    for (int i = row; i < end; i++) {
      const Seen seen = SeenOf(r, i, page_start);
      all = {Most(all.first, seen.first), Least(all.end, seen.end)};
    }
    if (end - row == 1 || all.first >= all.end) {
      for (int i = row; i < end; i++) {
        const Seen seen = SeenOf(r, i, page_start);
        MixColumns<1, 4>(r, page, i, seen.first, seen.end);
      }
      continue;
    }
    for (int i = row; i < end; i++) MixColumns<1, 4>(r, page, i, SeenOf(r, i, page_start).first, all.first);
    MixColumns<kQueryRows, kParts == 1 ? 4 : 2>(r, page, row, all.first, all.end);
    for (int i = row; i < end; i++) MixColumns<1, 4>(r, page, i, all.end, SeenOf(r, i, page_start).end);
  }
}

template <typename Number>
void ReadPage(const Reader &r, const Page<Number> &page, int64_t page_start) {
  ScoreRows(r, page);
  for (int row = 0; row < r.num_rows; row++) {
    const Seen seen = SeenOf(r, row, page_start);
    if (seen.first < seen.end) WeighRow(r, page, row, seen.first, seen.end);
  }
  MixRows(r, page, page_start);
}

// A page in float32, without its scales: what many rows read is widened once.
template <typename Number>
TOKENFLARE_INLINE void WidenNumbers(const Number *from, int64_t count, float *to) {
  for (int64_t i = 0; i < count; i += kWidth) Store(to + i, LoadCached(from + i));
}

template <typename Number>
Page<Number> PageAt(const Attention &a, int32_t page, int64_t kv_head) {
  const int64_t slot = (page * a.stripes.num_kv_heads + kv_head) * kPageTokens;
  return {static_cast<const Number *>(a.keys) + slot * a.padded_dim,
          static_cast<const Number *>(a.values) + slot * a.padded_dim,
          a.key_scales == nullptr ? nullptr : a.key_scales + slot,
          a.value_scales == nullptr ? nullptr : a.value_scales + slot};
}

// Asks for the beginning of a page, which the next turn reads.
template <typename Number>
void AskForPage(const Attention &a, const Page<Number> &page) {
  constexpr int64_t kMostLines = 128;
  const int64_t num_bytes = Least<int64_t>(kPageTokens * a.padded_dim * sizeof(Number), kMostLines * 64);
  for (int64_t byte = 0; byte < num_bytes; byte += 64) {
    __builtin_prefetch(reinterpret_cast<const char *>(page.keys) + byte, 0, 2);
    __builtin_prefetch(reinterpret_cast<const char *>(page.values) + byte, 0, 2);
  }
}

// Pages of an item, from `first` to `end`, into r.part.
template <typename Number>
void ReadPages(const Attention &a, const Reader &r, const PageTable &table, int64_t kv_head, int64_t first, int64_t end,
               float *widened) {
  for (int row = 0; row < r.num_rows; row++) {
    r.part.tops[row] = -__builtin_inff();
    __builtin_memset(r.lanes + row * kWidth, 0, kWidth * sizeof(float));
    __builtin_memset(r.part.mixed + row * r.padded_dim, 0, r.padded_dim * sizeof(float));
  }
  for (int64_t p = first; p < end; p++) {
    const Page<Number> page = PageAt<Number>(a, table.pages[p], kv_head);
    if (p + 1 < end) AskForPage(a, PageAt<Number>(a, table.pages[p + 1], kv_head));
    if (widened == nullptr) {
      ReadPage(r, page, p * kPageTokens);
      continue;
    }
    const int64_t count = kPageTokens * r.padded_dim;
    WidenNumbers(page.keys, count, widened);
    WidenNumbers(page.values, count, widened + count);
    ReadPage(r, Page<float>{widened, widened + count, page.key_scales, page.value_scales}, p * kPageTokens);
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

inline int64_t NumShared(const Attention &a) { return a.stripes.num_heads / a.stripes.num_kv_heads; }
inline int64_t RowsOf(const Attention &a, const Item &item) { return item.num_tokens * NumShared(a); }
inline int64_t FirstPart(const Item &item) { return item.first_page / kPartPages; }
inline int64_t NumParts(const Item &item) { return (item.end_page - 1) / kPartPages + 1 - FirstPart(item); }
inline int64_t SumsSize(const Attention &a, int64_t num_rows) { return num_rows * (2 + a.padded_dim); }
inline Sums SumsAt(float *memory, int64_t num_rows) { return {memory, memory + num_rows, memory + 2 * num_rows}; }

void WriteItem(const Attention &a, const Item &item, int64_t kv_head, const Sums &sums) {
  const int64_t num_shared = NumShared(a), head_dim = a.stripes.head_dim;
  for (int64_t row = 0; row < RowsOf(a, item); row++) {
    const int64_t token = item.row + row / num_shared, head = kv_head * num_shared + row % num_shared;
    float *output = a.output + (token * a.stripes.num_heads + head) * head_dim;
    const float *mixed = sums.mixed + row * a.padded_dim;
    const float inverse = 1.0f / sums.sums[row];
    for (int64_t d = 0; d < head_dim; d++) output[d] = mixed[d] * inverse;
  }
}

// What an item reads of a head of keys and values: of one part into `partial`, or of all into the output.
template <typename Number>
void AttendItem(const Attention &a, const Item &item, int64_t kv_head, int64_t only_part, float *partial) {
  const int64_t num_shared = NumShared(a), num_rows = RowsOf(a, item), padded_dim = a.padded_dim;
  const bool widens = sizeof(Number) < sizeof(float) && num_rows >= kWidenedRows;
  const int64_t sums_size = SumsSize(a, num_rows), page_size = widens ? 2 * kPageTokens * padded_dim : 0;
  float *memory = Scratch(2, num_rows * (padded_dim + kWidth + kPageTokens + 4) + 2 * sums_size + page_size);
  float *widened = memory, *queries = widened + page_size;
  float *lanes = queries + num_rows * padded_dim, *weights = lanes + num_rows * kWidth;
  int64_t *firsts = reinterpret_cast<int64_t *>(weights + num_rows * kPageTokens), *ends = firsts + num_rows;
  float *sums = reinterpret_cast<float *>(ends + num_rows);
  for (int64_t row = 0; row < num_rows; row++) {
    const int64_t token = item.row + row / num_shared, head = kv_head * num_shared + row % num_shared;
    ends[row] = a.positions[token] + 1;
    firsts[row] = a.window > 0 ? Most<int64_t>(0, ends[row] - a.window) : 0;
    const float *from = a.qkv + token * a.stripes.RowSize() + head * a.stripes.head_dim;
    for (int64_t d = 0; d < a.stripes.head_dim; d++) queries[row * padded_dim + d] = from[d] * a.scale;
  }
  Reader reader = {static_cast<int>(num_rows), a.stripes.head_dim, padded_dim, queries, firsts, ends, lanes, weights, {}};
  const PageTable &table = a.tables[a.sequences[item.row]];
  const auto read = [&](int64_t part, const Sums &to) {
    reader.part = to;
    const int64_t first = Most(item.first_page, part * kPartPages), end = Least(item.end_page, (part + 1) * kPartPages);
    ReadPages<Number>(a, reader, table, kv_head, first, end, widens ? widened : nullptr);
  };
  if (partial != nullptr) return read(only_part, SumsAt(partial, num_rows));
  const Sums all = SumsAt(sums, num_rows), later = SumsAt(sums + sums_size, num_rows);
  const int64_t first_part = FirstPart(item);
  read(first_part, all);
  for (int64_t part = first_part + 1; part < first_part + NumParts(item); part++) {
    read(part, later);
    for (int row = 0; row < num_rows; row++) JoinRow(all, later, row, padded_dim);
  }
  WriteItem(a, item, kv_head, all);
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

// A value lies side by side, a key across: sixteen tokens have their numbers of one place in a row.
template <typename Number>
void StoreKeysAndValues(const Attention &a, int64_t row, Number *side_by_side) {
  const auto &[num_heads, num_kv_heads, head_dim] = a.stripes;
  const int64_t position = a.positions[row], place = position % kPageTokens;
  const int64_t page = a.tables[a.sequences[row]].pages[position / kPageTokens];
  for (int64_t head = 0; head < num_kv_heads; head++) {
    const int64_t slot = (page * num_kv_heads + head) * kPageTokens;
    const float *k = a.qkv + row * a.stripes.RowSize() + (num_heads + head) * head_dim;
    const float *v = k + num_kv_heads * head_dim;
    float *key_scale = a.key_scales == nullptr ? nullptr : a.key_scales + slot + place;
    float *value_scale = a.value_scales == nullptr ? nullptr : a.value_scales + slot + place;
    StoreHead(k, head_dim, side_by_side, key_scale);
    Number *keys = static_cast<Number *>(a.keys) + slot * a.padded_dim + place / kWidth * kWidth * a.padded_dim;
    for (int64_t d = 0; d < head_dim; d++) keys[d * kWidth + place % kWidth] = side_by_side[d];
    StoreHead(v, head_dim, static_cast<Number *>(a.values) + (slot + place) * a.padded_dim, value_scale);
  }
}

Item ItemFrom(const Attention &a, int64_t row, int64_t most_tokens) {
  int64_t count = 1;
  while (count < most_tokens && row + count < a.num_rows && a.sequences[row + count] == a.sequences[row] &&
         a.positions[row + count] == a.positions[row] + count) {
    count++;
  }
  const int64_t first = a.window > 0 ? Most<int64_t>(0, a.positions[row] + 1 - a.window) : 0;
  return {row, count, first / kPageTokens, a.positions[row + count - 1] / kPageTokens + 1};
}

// What one thread does of an item: a head of keys and values, of all parts (-1), or of one.
struct Unit {
  int64_t item;
  int32_t kv_head, part;
  int64_t partial;  // where its sums go, if it is of one part
};

// Few rows with more than one part have several threads; many have a thread for each head, and join as they go.
constexpr int64_t kSplitRows = 16;

// Items, units, and the sums of parts of a step, in one thread's scratch.
struct Plan {
  Item *items;
  Unit *units;
  float *partials;
  int64_t num_items, num_units;
};

Plan PlanUnits(const Attention &a) {
  const int64_t num_kv_heads = a.stripes.num_kv_heads;
  const int64_t most_tokens = Most<int64_t>(1, kItemRows / NumShared(a));
  const auto splits = [&](const Item &item) { return RowsOf(a, item) <= kSplitRows && NumParts(item) > 1; };
  int64_t num_items = 0, num_units = 0, num_partials = 0;
  for (int64_t row = 0; row < a.num_rows;) {
    const Item item = ItemFrom(a, row, most_tokens);
    const int64_t of_head = splits(item) ? NumParts(item) : 1;
    num_items++;
    num_units += num_kv_heads * of_head;
    if (splits(item)) num_partials += num_kv_heads * of_head * SumsSize(a, RowsOf(a, item));
    row += item.num_tokens;
  }
  constexpr int64_t kItemFloats = sizeof(Item) / sizeof(float), kUnitFloats = sizeof(Unit) / sizeof(float);
  float *memory = Scratch(3, num_items * kItemFloats + num_units * kUnitFloats + num_partials);
  Plan plan = {reinterpret_cast<Item *>(memory), reinterpret_cast<Unit *>(memory + num_items * kItemFloats),
               memory + num_items * kItemFloats + num_units * kUnitFloats, 0, 0};
  int64_t partial = 0;
  for (int64_t row = 0; row < a.num_rows;) {
    const Item item = ItemFrom(a, row, most_tokens);
    for (int64_t head = 0; head < num_kv_heads; head++) {
      for (int64_t part = 0; part < (splits(item) ? NumParts(item) : 1); part++) {
        const int32_t only = splits(item) ? static_cast<int32_t>(FirstPart(item) + part) : -1;
        plan.units[plan.num_units++] = {plan.num_items, static_cast<int32_t>(head), only, partial};
        if (splits(item)) partial += SumsSize(a, RowsOf(a, item));
      }
    }
    plan.items[plan.num_items++] = item;
    row += item.num_tokens;
  }
  return plan;
}

// Joins the parts of a head whose first unit this is, in their order, and writes them.
void JoinUnits(const Attention &a, const Plan &plan, int64_t first) {
  const Unit &unit = plan.units[first];
  const Item &item = plan.items[unit.item];
  if (unit.part != FirstPart(item)) return;
  const int64_t num_rows = RowsOf(a, item), size = SumsSize(a, num_rows);
  const Sums all = SumsAt(plan.partials + unit.partial, num_rows);
  for (int64_t part = 1; part < NumParts(item); part++) {
    const Sums later = SumsAt(plan.partials + unit.partial + part * size, num_rows);
    for (int row = 0; row < num_rows; row++) JoinRow(all, later, row, a.padded_dim);
  }
  WriteItem(a, item, unit.kv_head, all);
}

template <typename Number>
void AttendOver(const Attention &a) {
  ForRows(a.num_rows, [&](int64_t row) {
    StoreKeysAndValues(a, row, reinterpret_cast<Number *>(Scratch(2, a.padded_dim)));
  });
  const Plan plan = PlanUnits(a);
  ParallelFor(plan.num_units, [&](int64_t i) {
    const Unit &unit = plan.units[i];
    float *partial = unit.part < 0 ? nullptr : plan.partials + unit.partial;
    AttendItem<Number>(a, plan.items[unit.item], unit.kv_head, unit.part, partial);
  });
  bool is_split = false;
  for (int64_t i = 0; i < plan.num_units && !is_split; i++) is_split = plan.units[i].part >= 0;
  if (!is_split) return;
  ParallelFor(plan.num_units, [&](int64_t i) {
    if (plan.units[i].part >= 0) JoinUnits(a, plan, i);
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
