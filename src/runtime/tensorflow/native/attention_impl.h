// Causal attention over the lanes of a cache.

namespace tokenflare {
namespace {

// Softmax of the scores in place; whatever fills the last vector up is -infinity.
void Softmax(float *scores, int64_t padded_length) {
  Vector largest = Load(scores);
  for (int64_t i = kWidth; i < padded_length; i += kWidth) {
    const Vector values = Load(scores + i);
    largest = values > largest ? values : largest;
  }
  float top = largest[0];
  for (int i = 1; i < kWidth; i++) top = std::max(top, static_cast<float>(largest[i]));
  Vector sums{};
  for (int64_t i = 0; i < padded_length; i += kWidth) {
    const Vector values = Exp(Load(scores + i) - top);
    Store(scores + i, values);
    sums += values;
  }
  const float inverse = 1.0f / Sum(sums);
  for (int64_t i = 0; i < padded_length; i += kWidth) Store(scores + i, Load(scores + i) * inverse);
}

// One head of one row.
void Attend(const Attention &a, int64_t row, int64_t head) {
  const auto &[num_heads, num_kv_heads, head_dim] = a.stripes;
  const int64_t end = a.positions[row] + 1;
  const int64_t first = a.window > 0 ? std::max<int64_t>(0, end - a.window) : 0;
  const int64_t length = end - first;
  const int64_t padded_length = (length + kWidth - 1) / kWidth * kWidth;
  static thread_local std::vector<float> scratch;
  scratch.resize(std::max<size_t>(scratch.size(), padded_length + 2 * a.padded_dim));
  float *query = scratch.data();
  float *mixed = query + a.padded_dim;
  float *scores = mixed + a.padded_dim;
  std::fill(query, scores, 0.0f);
  const float *from = a.qkv + row * a.stripes.RowSize() + head * head_dim;
  for (int64_t i = 0; i < head_dim; i++) query[i] = from[i] * a.scale;
  const int64_t kv_head = head / (num_heads / num_kv_heads);
  const int64_t start = ((a.lanes[row] * num_kv_heads + kv_head) * a.lane_length + first) * a.padded_dim;
  for (int64_t key = 0; key < length; key++) {
    const float *k = a.keys + start + key * a.padded_dim;
    Vector sums{};
    for (int64_t i = 0; i < a.padded_dim; i += kWidth) sums += Load(query + i) * Load(k + i);
    scores[key] = Sum(sums);
  }
  std::fill(scores + length, scores + padded_length, -INFINITY);
  Softmax(scores, padded_length);
  // Up to four vectors of the head at once, so that each stays in a register over all keys.
  for (int64_t i = 0; i < a.padded_dim; i += 4 * kWidth) {
    const int num_vectors = static_cast<int>(std::min<int64_t>(4, (a.padded_dim - i) / kWidth));
    Vector sums[4] = {};
    for (int64_t key = 0; key < length; key++) {
      const float *v = a.values + start + key * a.padded_dim + i;
      const Vector weight = Splat(scores[key]);
      if (num_vectors == 4) {
#pragma GCC unroll 4
        for (int part = 0; part < 4; part++) sums[part] += weight * Load(v + part * kWidth);
      } else {
        for (int part = 0; part < num_vectors; part++) sums[part] += weight * Load(v + part * kWidth);
      }
    }
    for (int part = 0; part < num_vectors; part++) Store(mixed + i + part * kWidth, sums[part]);
  }
  std::memcpy(a.output + (row * num_heads + head) * head_dim, mixed, head_dim * sizeof(float));
}

void StoreKeysAndValues(const Attention &a, int64_t row) {
  const auto &[num_heads, num_kv_heads, head_dim] = a.stripes;
  for (int64_t head = 0; head < num_kv_heads; head++) {
    const int64_t slot = (a.lanes[row] * num_kv_heads + head) * a.lane_length + a.positions[row];
    const float *k = a.qkv + row * a.stripes.RowSize() + (num_heads + head) * head_dim;
    std::memcpy(a.keys + slot * a.padded_dim, k, head_dim * sizeof(float));
    std::memcpy(a.values + slot * a.padded_dim, k + num_kv_heads * head_dim, head_dim * sizeof(float));
  }
}

void RunAttention(const Attention &a) {
  const int64_t num_heads = a.stripes.num_heads;
  for (int64_t row = 0; row < a.num_rows; row++) StoreKeysAndValues(a, row);
  ParallelFor(a.num_rows * num_heads, [&](int64_t chunk) { Attend(a, chunk / num_heads, chunk % num_heads); });
}

}  // namespace
}  // namespace tokenflare
