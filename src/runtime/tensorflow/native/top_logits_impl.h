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

// `largest` is the row's.
float LogSumExp(const float *row, int64_t size, float largest) {
  if (!std::isfinite(largest)) return largest;
  const int64_t whole = size - size % kWidth;
  // A stretch at a time: 50,000 numbers added one to the other would lose three digits.
  constexpr int64_t kSummed = 64 * kWidth;
  double total = 0;
  for (int64_t start = 0; start < whole; start += kSummed) {
    Vector sums{};
    for (int64_t i = start; i < std::min(whole, start + kSummed); i += kWidth) sums += Exp(Load(row + i) - largest);
    total += Sum(sums);
  }
  for (int64_t i = whole; i < size; i++) total += std::exp(row[i] - largest);
  return static_cast<float>(largest + std::log(total));
}

constexpr int64_t kStretch = 8 * kWidth;

float MaximumOf(const float *numbers, int64_t size) {
  Vector largest = Splat(-INFINITY);
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) {
    const Vector some = Load(numbers + i);
    largest = some > largest ? some : largest;
  }
  float lanes[kWidth];
  Store(lanes, largest);
  float most = -INFINITY;
  for (const float lane : lanes) most = lane > most ? lane : most;
  for (; i < size; i++) most = numbers[i] > most ? numbers[i] : most;
  return most;
}

void Top(const float *row, int64_t size, int64_t num_top, float *values, float *places, float *log_sum_exp) {
  std::vector<float> maxima;
  for (int64_t start = 0; start < size; start += kStretch) {
    maxima.push_back(MaximumOf(row + start, std::min(kStretch, size - start)));
  }
  // As many stretches hold a number as large as this, so that no smaller one is among the top.
  float least = -INFINITY;
  if (static_cast<int64_t>(maxima.size()) >= num_top) {
    std::vector<float> sorted = maxima;
    std::nth_element(sorted.begin(), sorted.begin() + (num_top - 1), sorted.end(), std::greater<float>());
    least = sorted[num_top - 1];
  }
  std::vector<Entry> best;
  for (size_t stretch = 0; stretch < maxima.size(); stretch++) {
    if (maxima[stretch] < least) continue;
    const int64_t start = stretch * kStretch, end = std::min(size, start + kStretch);
    for (int64_t i = start; i < end; i++) {
      // Not a number is last, like the least.
      if (!(row[i] < least)) best.push_back({std::isnan(row[i]) ? -INFINITY : row[i], i});
    }
  }
  std::partial_sort(best.begin(), best.begin() + num_top, best.end(),
                    [](const Entry &a, const Entry &b) { return a.IsBefore(b); });
  for (int64_t rank = 0; rank < num_top; rank++) {
    values[rank] = best[rank].value;
    places[rank] = static_cast<float>(best[rank].place);
  }
  *log_sum_exp = LogSumExp(row, size, best.front().value);
}

}  // namespace
}  // namespace tokenflare
