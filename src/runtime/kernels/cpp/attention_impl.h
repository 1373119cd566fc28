// Causal attention over the pages of a cache.
#include "attention_store_impl.h"
#include "attention_units_impl.h"

namespace tokenflare {
namespace {

// From how many rows on a page is widened to float32 before they read it.
constexpr int64_t kWidenedRows = 17;

void WriteItem(const Attention &a, const Item &item, int64_t kv_head, const Sums &sums) {
  const int64_t num_shared = NumShared(a), head_dim = a.stripes.head_dim;
  for (int64_t row = 0; row < RowsOf(a, item); row++) {
    const int64_t token = item.row + row / num_shared, head = kv_head * num_shared + row % num_shared;
    float *output = a.output + (token * a.stripes.num_heads + head) * head_dim;
    const float *mixed = sums.mixed + row * a.padded_dim;
    const float inverse = 1.0f / sums.sums[row];
    int64_t d = 0;
    for (; d + kWidth <= head_dim; d += kWidth) Store(output + d, Load(mixed + d) * inverse);
    for (; d < head_dim; d++) output[d] = mixed[d] * inverse;
  }
}

// The queries of an item's rows, scaled, and what the rows see.
void SetUpRows(const Attention &a, const Item &item, int64_t kv_head, float *queries, int64_t *firsts, int64_t *ends) {
  const int64_t num_shared = NumShared(a);
  for (int64_t row = 0; row < RowsOf(a, item); row++) {
    const int64_t token = item.row + row / num_shared, head = kv_head * num_shared + row % num_shared;
    ends[row] = a.positions[token] + 1;
    firsts[row] = a.window > 0 ? Most<int64_t>(0, ends[row] - a.window) : 0;
    const float *from = a.qkv + token * a.stripes.RowSize() + head * a.stripes.head_dim;
    float *to = queries + row * a.padded_dim;
    ForHead(from, a.stripes.head_dim, [&](int64_t d, const Vector &numbers) { Store(to + d, numbers * a.scale); });
  }
}

// What an item reads of a head of keys and values: of one part into `partial`, or of all into the output.
template <typename Number>
void AttendItem(const Attention &a, const Item &item, int64_t kv_head, int64_t only_part, float *partial) {
  const int64_t num_rows = RowsOf(a, item), padded_dim = a.padded_dim;
  const bool widens = sizeof(Number) < sizeof(float) && num_rows >= kWidenedRows;
  const int64_t run_pages = RunPages(num_rows), num_scores = run_pages * kPageTokens;
  const int64_t sums_size = SumsSize(a, num_rows), widened_size = widens ? run_pages * kPageTokens * padded_dim : 0;
  float *widened = Scratch(2, widened_size + num_rows * (padded_dim + 2 * kWidth + num_scores + 4) + 2 * sums_size);
  float *queries = widened + widened_size, *lanes = queries + num_rows * padded_dim;
  float *factors = lanes + num_rows * kWidth, *weights = factors + num_rows * kWidth;
  float *sums = weights + num_rows * num_scores;
  int64_t *firsts = reinterpret_cast<int64_t *>(sums + 2 * sums_size), *ends = firsts + num_rows;
  SetUpRows(a, item, kv_head, queries, firsts, ends);
  Reader reader = {static_cast<int>(num_rows), a.stripes.head_dim, padded_dim, num_scores, queries, firsts, ends,
                   lanes, factors, weights, {}};
  const PageTable &table = a.tables[a.sequences[item.row]];
  const auto read = [&](int64_t part, const Sums &to) {
    reader.part = to;
    const int64_t first = Most(item.first_page, part * kPartPages), end = Least(item.end_page, (part + 1) * kPartPages);
    ReadPages<Number>(a, reader, table, kv_head, first, end, widens ? widened : nullptr);
  };
  if (partial != nullptr) return read(only_part, SumsAt(a, partial, num_rows));
  const Sums all = SumsAt(a, sums, num_rows), later = SumsAt(a, sums + sums_size, num_rows);
  const int64_t first_part = FirstPart(item);
  read(first_part, all);
  for (int64_t part = first_part + 1; part < first_part + NumParts(item); part++) {
    read(part, later);
    for (int row = 0; row < num_rows; row++) JoinRow(all, later, row, padded_dim);
  }
  WriteItem(a, item, kv_head, all);
}

// Joins the parts of a head whose first unit this is, in their order, and writes them.
void JoinUnits(const Attention &a, const Plan &plan, int64_t first) {
  const Unit &unit = plan.units[first];
  const Item &item = plan.items[unit.item];
  if (unit.part != FirstPart(item)) return;
  const int64_t num_rows = RowsOf(a, item), size = SumsSize(a, num_rows);
  const Sums all = SumsAt(a, plan.partials + unit.partial, num_rows);
  for (int64_t part = 1; part < NumParts(item); part++) {
    const Sums later = SumsAt(a, plan.partials + unit.partial + part * size, num_rows);
    for (int row = 0; row < num_rows; row++) JoinRow(all, later, row, a.padded_dim);
  }
  WriteItem(a, item, unit.kv_head, all);
}

template <typename Number>
void AttendOver(const Attention &a) {
  ForRows(a.num_rows, [&](int64_t row) {
    if (BeginsVector(a, row)) StoreKeysAndValues(a, row, reinterpret_cast<Number *>(Scratch(2, a.padded_dim)));
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
