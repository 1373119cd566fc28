// The most probable tokens of a row of logits.

namespace tokenflare {
namespace {

// The sum of exp((number - largest) * scale); `largest` is the row's.
double WeightOf(const float *row, int64_t size, float largest, float scale) {
  const int64_t whole = size - size % kWidth;
  // A stretch at a time: 50,000 numbers added one to the other would lose three digits.
  constexpr int64_t kSummed = 64 * kWidth;
  double total = 0;
  for (int64_t start = 0; start < whole; start += kSummed) {
    Vector sums{};
    for (int64_t i = start; i < Least(whole, start + kSummed); i += kWidth) sums += Exp((Load(row + i) - largest) * scale);
    total += Sum(sums);
  }
  for (int64_t i = whole; i < size; i++) total += __builtin_expf((row[i] - largest) * scale);
  return total;
}

constexpr int64_t kStretch = 8 * kWidth;

float MaximumOf(const float *numbers, int64_t size) {
  Vector largest = Splat(-__builtin_inff());
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) {
    const Vector some = Load(numbers + i);
    largest = Max(some, largest);
  }
  float lanes[kWidth];
  Store(lanes, largest);
  float most = -__builtin_inff();
  for (const float lane : lanes) most = lane > most ? lane : most;
  for (; i < size; i++) most = numbers[i] > most ? numbers[i] : most;
  return most;
}

double Top(const float *row, int64_t size, int64_t num_top, float scale, float *values, int32_t *places) {
  const int64_t num_stretches = (size + kStretch - 1) / kStretch;
  float *maxima = Scratch(0, 2 * num_stretches);
  for (int64_t i = 0; i < num_stretches; i++) {
    maxima[i] = MaximumOf(row + i * kStretch, Least(kStretch, size - i * kStretch));
  }
  // As many stretches hold a number as large as this, so that no smaller one is among the top.
  float least = -__builtin_inff();
  if (num_stretches >= num_top) {
    float *sorted = maxima + num_stretches;
    __builtin_memcpy(sorted, maxima, num_stretches * sizeof(float));
    least = NthLargest(sorted, num_stretches, num_top - 1);
  }
  Entry *best = reinterpret_cast<Entry *>(Scratch(1, 2 * size));
  int64_t count = 0;
  for (int64_t stretch = 0; stretch < num_stretches; stretch++) {
    if (maxima[stretch] < least) continue;
    const int64_t start = stretch * kStretch, end = Least(size, start + kStretch);
    for (int64_t i = start; i < end; i++) {
      // Not a number is last, like the least.
      if (!(row[i] < least)) best[count++] = {__builtin_isnan(row[i]) ? -__builtin_inff() : row[i], static_cast<int32_t>(i)};
    }
  }
  SortTop(best, count, num_top);
  for (int64_t rank = 0; rank < num_top; rank++) {
    values[rank] = best[rank].value;
    places[rank] = best[rank].place;
  }
  return WeightOf(row, size, best[0].value, scale);
}

}  // namespace
}  // namespace tokenflare
