// How the attention of a step is cut to units that threads take.
#include "attention_pages_impl.h"

namespace tokenflare {
namespace {

// Rows that read a page together, at most.
constexpr int64_t kItemRows = 64;

// Consecutive tokens of one sequence with the heads of queries that share a head of keys and values: row i is token
// i / num_shared with head i % num_shared.
struct Item {
  int64_t row, num_tokens;  // of the step
  int64_t first_page, end_page;
};

inline int64_t NumShared(const Attention &a) { return a.stripes.num_heads / a.stripes.num_kv_heads; }
inline int64_t RowsOf(const Attention &a, const Item &item) { return item.num_tokens * NumShared(a); }
inline int64_t FirstPart(const Item &item) { return item.first_page / kPartPages; }
inline int64_t NumParts(const Item &item) { return (item.end_page - 1) / kPartPages + 1 - FirstPart(item); }
inline int64_t SumsSize(const Attention &a, int64_t num_rows) { return num_rows * (2 + a.padded_dim); }
inline Sums SumsAt(const Attention &a, float *memory, int64_t num_rows) {
  float *tops = memory + num_rows * a.padded_dim;
  return {memory, tops, tops + num_rows};
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

}  // namespace
}  // namespace tokenflare
