// A tile of rows and a panel of bfloat16, in the order of Intel's TDPBF16PS: of each block of 32 of the depth the numbers at
// even places are one chain of fused products from zero on, those at odd places another. Both are added, and that to the sum.

namespace tokenflare {
namespace {

// Registers of outputs that a tile takes at a time, and whether both chains of all its rows are in registers at once: where
// those are short, one chain follows the other.
#ifdef TOKENFLARE_NARROW_TILES
template <int kRows>
constexpr int kChainParts = kRowParts<kRows>;
template <int kRows>
constexpr bool kAreBothChains = false;
#else
constexpr int kMostParts = kPanelWidth / kPartWidth;
template <int kRows>
constexpr int kChainParts = kRows == 1 || kPartWidth == 16 ? kMostParts : kMostParts / 2;
template <int kRows>
constexpr bool kAreBothChains = 2 * kRows * kChainParts<kRows> <= (kPartWidth == 8 ? 12 : 24);
#endif

template <bool kIsOdd>
TOKENFLARE_INLINE Part LoadNumbers(const BFloatPair *step) {
  const WordPart words = *reinterpret_cast<const LooseWords *>(step);
  return (Part)(kIsOdd ? words & 0xffff0000u : words << 16);
}
template <bool kIsOdd>
TOKENFLARE_INLINE Part LoadNumbers(const WidePair *step) {
  return *reinterpret_cast<const LoosePart *>(reinterpret_cast<const float *>(step) + (kIsOdd ? kPartWidth : 0));
}

// What is asked for ahead, step after step of a tile's stretch.
struct StepsAhead {
  const char *line;
  int until_asked, num_tiles;

  TOKENFLARE_INLINE void Ask(size_t num_bytes) {
    if (until_asked-- == 0) {
      until_asked = num_tiles - 1;
      for (size_t byte = 0; byte < num_bytes; byte += 64) __builtin_prefetch(line + byte, 0, 2);
    }
    line += num_bytes;
  }
};

template <bool kIsOdd, int kRows, int kNumParts, typename Weight>
TOKENFLARE_INLINE void AddStep(const float *x, int64_t x_stride, const Weight *step, Part (&chains)[kRows][kNumParts]) {
  Part weights[kNumParts];
#pragma GCC unroll 8
  for (int p = 0; p < kNumParts; p++) weights[p] = LoadNumbers<kIsOdd>(step + p * kPartWidth);
#pragma GCC unroll 12
  for (int row = 0; row < kRows; row++) {
    const Part value = x[row * x_stride + (kIsOdd ? 1 : 0)] - Part{};
#pragma GCC unroll 8
    for (int p = 0; p < kNumParts; p++) chains[row][p] = FmaPart(value, weights[p], chains[row][p]);
  }
}

// Some columns of sums [rows, kPanelWidth].
struct PairSums {
  const float *from;  // where they were
  int64_t from_stride;
  float *to;
};

// Adds a block's products.
template <int kRows, int kNumParts, typename Weight>
TOKENFLARE_INLINE void AddPairs(const float *x, int64_t x_stride, const Weight *block, StepsAhead &ahead,
                                const PairSums &sums) {
  Part even[kRows][kNumParts] = {}, odd[kRows][kNumParts] = {};
  constexpr size_t kStepBytes = kNumParts * kPartWidth * sizeof(BFloatPair);
#pragma GCC unroll 1
  for (int step = 0; step < kBlockPairs; step++) {
    ahead.Ask(kStepBytes);
    AddStep<false>(x + 2 * step, x_stride, block + step * kPanelWidth, even);
    if constexpr (kAreBothChains<kRows>) AddStep<true>(x + 2 * step, x_stride, block + step * kPanelWidth, odd);
  }
  if constexpr (!kAreBothChains<kRows>) {
#pragma GCC unroll 1
    for (int step = 0; step < kBlockPairs; step++) {
      AddStep<true>(x + 2 * step, x_stride, block + step * kPanelWidth, odd);
    }
  }
#pragma GCC unroll 12
  for (int row = 0; row < kRows; row++) {
#pragma GCC unroll 8
    for (int p = 0; p < kNumParts; p++) {
      const Part sum = *reinterpret_cast<const LoosePart *>(sums.from + row * sums.from_stride + p * kPartWidth);
      *reinterpret_cast<LoosePart *>(sums.to + row * kPanelWidth + p * kPartWidth) = sum + (even[row][p] + odd[row][p]);
    }
  }
}

template <int kRows, typename Weight>
__attribute__((noinline)) void PairTile(const float *x, int64_t x_stride, const Stretch<Weight> &block, const FloatEnds &ends) {
  constexpr int kNumParts = kChainParts<kRows>;
  // Stores of sums and chains would wait behind those of the output, if its lines came from memory only then.
  for (int row = 0; ends.is_last && row < kRows; row++) {
    for (int col = 0; col < kPanelWidth; col += 16) __builtin_prefetch(ends.output + row * ends.num_out + col, 1, 3);
  }
  StepsAhead ahead = {block.ahead, block.tile, block.num_tiles};
  // Sums are not set to the bias first: reading them in other pieces than they were written in would wait for that.
  PairSums sums = {ends.bias, 0, ends.sums};
  for (int64_t k = 0; k < block.depth; k += kBlockPairs) {
    if (k > 0 || ends.bias == nullptr) sums = {ends.sums, kPanelWidth, ends.sums};
#pragma GCC unroll 1
    for (int col = 0; col < kPanelWidth; col += kNumParts * kPartWidth) {
      AddPairs<kRows, kNumParts>(x + 2 * k, x_stride, block.weights + k * kPanelWidth + col, ahead,
                                  {sums.from + col, sums.from_stride, sums.to + col});
    }
  }
  if (ends.is_last) FinishFloats(ends, kRows);
}

}  // namespace
}  // namespace tokenflare
