// The most probable tokens of a row of logits.

namespace tokenflare {
namespace {

struct Entry {
  float value;
  int64_t place;
  // The larger first, and of equals the first.
  bool IsBefore(const Entry &other) const {
    return value > other.value || (value == other.value && place < other.place);
  }
};

float LogSumExp(const float *row, int64_t size) {
  float largest = -INFINITY;
  for (int64_t i = 0; i < size; i++) largest = std::max(largest, row[i]);
  if (!std::isfinite(largest)) return largest;
  const int64_t whole = size - size % kWidth;
  // A stretch at a time: 50,000 numbers added one to the other would lose three digits.
  constexpr int64_t kStretch = 64 * kWidth;
  double total = 0;
  for (int64_t start = 0; start < whole; start += kStretch) {
    Vector sums{};
    for (int64_t i = start; i < std::min(whole, start + kStretch); i += kWidth) sums += Exp(Load(row + i) - largest);
    total += Sum(sums);
  }
  for (int64_t i = whole; i < size; i++) total += std::exp(row[i] - largest);
  return static_cast<float>(largest + std::log(total));
}

void Top(const float *row, int64_t size, int64_t num_top, float *values, float *places, float *log_sum_exp) {
  // A heap whose first is the last of the best so far.
  const auto before = [](const Entry &a, const Entry &b) { return a.IsBefore(b); };
  std::vector<Entry> best;
  for (int64_t i = 0; i < num_top; i++) best.push_back({row[i], i});
  std::make_heap(best.begin(), best.end(), before);
  const auto offer = [&](int64_t i) {
    if (!(row[i] > best.front().value)) return;  // later, so an equal one is not before it
    std::pop_heap(best.begin(), best.end(), before);
    best.back() = {row[i], i};
    std::push_heap(best.begin(), best.end(), before);
  };
  int64_t i = num_top;
  for (; i + kWidth <= size; i += kWidth) {
    const Ints larger = Load(row + i) > Splat(best.front().value);
    bool any = false;
    for (int lane = 0; lane < kWidth; lane++) any |= larger[lane] != 0;
    if (!any) continue;
    for (int lane = 0; lane < kWidth; lane++) offer(i + lane);
  }
  for (; i < size; i++) offer(i);
  std::sort_heap(best.begin(), best.end(), before);
  for (int64_t rank = 0; rank < num_top; rank++) {
    values[rank] = best[rank].value;
    places[rank] = static_cast<float>(best[rank].place);
  }
  *log_sum_exp = LogSumExp(row, size);
}

}  // namespace
}  // namespace tokenflare
