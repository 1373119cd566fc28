// Rounds rows of float32 to bfloat16, whose depth is padded with zeros to whole blocks.
#ifndef TOKENFLARE_ROUND_BFLOATS_IMPL_H_
#define TOKENFLARE_ROUND_BFLOATS_IMPL_H_

namespace tokenflare {
namespace {

typedef uint32_t LooseWords __attribute__((vector_size(kPartWidth * 4), aligned(4), may_alias));

// To the nearest, ties to even, in the upper halves of words; what is less than kLeastBFloat becomes zero.
TOKENFLARE_INLINE WordPart RoundToBFloats(Part values) {
  const WordPart words = (WordPart)values;
  const WordPart rounded = (words + 0x7fffu + (words >> 16 & 1)) & 0xffff0000u;
  const IntPart magnitudes = (IntPart)(rounded & 0x7fffffffu);
  const IntPart least = static_cast<int32_t>(kLeastBFloat) << 16 | IntPart{};
  const WordPart kept = rounded & (WordPart)(magnitudes >= least);
  const WordPart is_nan = (WordPart)(values != values);
  return (kept & ~is_nan) | ((words | 0x400000u) & 0xffff0000u & is_nan);
}

// Calls put(k, words) for each register of a padded row.
template <typename Put>
TOKENFLARE_INLINE void RoundRowToBFloats(const float *x, int64_t depth, const Put &put) {
  for (int64_t k = 0; k < PaddedDepth(depth); k += kPartWidth) {
    float numbers[kPartWidth] = {};
    const float *from = x + k;
    if (k + kPartWidth > depth) {
      if (k < depth) __builtin_memcpy(numbers, from, (depth - k) * sizeof(float));
      from = numbers;
    }
    put(k, RoundToBFloats(*reinterpret_cast<const LoosePart *>(from)));
  }
}

// So many rows are rounded before another thread has heard of them.
constexpr int64_t kFewRows = 12;

// x [rows, depth] -> [rows, PaddedDepth], float32 with numbers of bfloat16
void RoundRowsToBFloats(const float *x, int64_t num_rows, int64_t depth, float *rounded) {
  const auto round_row = [&](int64_t row) {
    float *to = rounded + row * PaddedDepth(depth);
    RoundRowToBFloats(x + row * depth, depth, [&](int64_t k, WordPart words) {
      *reinterpret_cast<LooseWords *>(to + k) = words;
    });
  };
  if (num_rows > kFewRows) return ParallelFor(num_rows, round_row);
  for (int64_t row = 0; row < num_rows; row++) round_row(row);
}

// Where the sums of a panel of bfloat16 begin, [kPanelWidth]: at the bias, which has no digits below 2^-126 either.
inline void LoadBFloatBias(const Product &product, const PanelOf &panel, float *start) {
  constexpr float kLeastBias = 1.0f / (1ull << 51) / (1ull << 52);  // 2^-103, whose last digit is 2^-126
  for (int col = 0; col < kPanelWidth; col++) {
    const float bias = product.bias == nullptr || col >= panel.NumCols() ? 0.0f : product.bias[panel.Column() + col];
    start[col] = bias < kLeastBias && bias > -kLeastBias ? 0.0f : bias;
  }
}

}  // namespace
}  // namespace tokenflare

#endif  // TOKENFLARE_ROUND_BFLOATS_IMPL_H_
