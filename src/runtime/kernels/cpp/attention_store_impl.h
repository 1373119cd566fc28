// Keys and values are written to their pages.

namespace tokenflare {
namespace {

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
  Ints most{};
  ForHead(from, head_dim, [&](int64_t, const Vector &numbers) { most = Max(MagnitudeBits(numbers), most); });
  const float largest = LargestMagnitude(most);
  const Vector inverse = Splat(largest > 0.0f ? 127.0f / largest : 0.0f);
  ForHead(from, head_dim, [&](int64_t i, const Vector &numbers) { StoreBytes(to + i, Round(numbers * inverse)); });
  *scale = largest < __builtin_inff() ? largest / 127.0f : __builtin_nanf("");
}

// Calls use(d, its numbers of sixteen tokens) for the places of a head. Tokens lie `stride` apart.
template <typename Use>
TOKENFLARE_INLINE void ForPlaces(const float *from, int64_t stride, int64_t head_dim, const Use &use) {
  for (int64_t start = 0; start < head_dim; start += kPartWidth) {
    Vector across[kPartWidth];
#pragma GCC unroll 4
    for (int p = 0; p < kParts; p++) {
      Part parts[kPartWidth];
#pragma GCC unroll 16
      for (int i = 0; i < kPartWidth; i++) {
        parts[i] = *reinterpret_cast<const LoosePart *>(from + (p * kPartWidth + i) * stride + start);
      }
      TransposeParts(parts);
#pragma GCC unroll 16
      for (int i = 0; i < kPartWidth; i++) across[i].parts[p] = parts[i];
    }
    const int64_t count = Least<int64_t>(kPartWidth, head_dim - start);
    for (int64_t i = 0; i < count; i++) use(start + i, across[i]);
  }
}

// Sixteen tokens' keys of a head, with the same bits as one by one. What stands behind a head is read, and not used:
// values stand behind the last.
template <typename Number>
inline void StoreAcross(const float *from, int64_t stride, int64_t head_dim, Number *to, float *) {
  ForPlaces(from, stride, head_dim, [&](int64_t d, const Vector &numbers) { StoreCached(to + d * kWidth, numbers); });
}
inline void StoreAcross(const float *from, int64_t stride, int64_t head_dim, int8_t *to, float *scales) {
  Ints bits{};
  ForPlaces(from, stride, head_dim, [&](int64_t, const Vector &numbers) { bits = Max(MagnitudeBits(numbers), bits); });
  const Vector most = FromBits(bits);
  const Vector inverse = WhereLess(Vector{}, most, Splat(127.0f) / most, Vector{});
  ForPlaces(from, stride, head_dim, [&](int64_t d, const Vector &numbers) {
    StoreBytes(to + d * kWidth, Round(numbers * inverse));
  });
  const Vector none = Splat(__builtin_nanf(""));
  Store(scales, WhereLess(most, Splat(__builtin_inff()), most / Splat(127.0f), none));
}

// Whether a row is not the next token after the row before within a vector of tokens.
inline bool BeginsVector(const Attention &a, int64_t row) {
  return row == 0 || a.positions[row] % kWidth == 0 || a.sequences[row] != a.sequences[row - 1] ||
         a.positions[row] != a.positions[row - 1] + 1;
}

// Writes keys and values of a row, and of those behind it that have their keys in the same vectors of tokens. A value
// lies side by side, a key across: sixteen tokens have their numbers of one place in a row, and are turned at once where
// all sixteen are there.
template <typename Number>
void StoreKeysAndValues(const Attention &a, int64_t row, Number *side_by_side) {
  const auto &[num_heads, num_kv_heads, head_dim] = a.stripes;
  int64_t count = 1;
  while (row + count < a.num_rows && !BeginsVector(a, row + count)) count++;
  const int64_t position = a.positions[row], size = a.stripes.RowSize(), place = position % kPageTokens;
  const int64_t page = a.tables[a.sequences[row]].pages[position / kPageTokens];
  for (int64_t head = 0; head < num_kv_heads; head++) {
    const int64_t slot = (page * num_kv_heads + head) * kPageTokens;
    const float *k = a.qkv + row * size + (num_heads + head) * head_dim, *v = k + num_kv_heads * head_dim;
    const auto scale_of = [&](float *scales, int64_t i) {
      return scales == nullptr ? nullptr : scales + slot + place + i;
    };
    Number *keys = static_cast<Number *>(a.keys) + slot * a.padded_dim + place / kWidth * kWidth * a.padded_dim;
    Number *values = static_cast<Number *>(a.values) + (slot + place) * a.padded_dim;
    for (int64_t i = 0; i < count; i++) {
      StoreHead(v + i * size, head_dim, values + i * a.padded_dim, scale_of(a.value_scales, i));
    }
    if (count == kWidth) {
      StoreAcross(k, size, head_dim, keys, scale_of(a.key_scales, 0));
      continue;
    }
    for (int64_t i = 0; i < count; i++) {
      StoreHead(k + i * size, head_dim, side_by_side, scale_of(a.key_scales, i));
      for (int64_t d = 0; d < head_dim; d++) keys[d * kWidth + place % kWidth + i] = side_by_side[d];
    }
  }
}

}  // namespace
}  // namespace tokenflare
