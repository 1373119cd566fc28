// Tiles for few registers, as V8 has them: fifteen, and it moves all loads of a loop before its arithmetic, so that a larger
// tile, or an unrolled loop, would go through memory.

namespace tokenflare {
namespace {

inline Part LoadFour(const float *from) { return *reinterpret_cast<const LoosePart *>(from); }
inline Part LoadFour(const Float16 *from) { return WidenHalves(wasm_u32x4_load16x4(from)); }

// Registers that a row's sums take at a time.
template <int kRows>
constexpr int kRowParts = kRows == 1 ? 8 : kRows == 2 ? 4 : 2;

template <int kRows, typename Weight>
__attribute__((noinline)) void FloatTile(const float *x, int64_t x_stride, const Stretch<Weight> &block,
                                         const FloatEnds &ends) {
  constexpr int kRegisters = kRowParts<kRows>;
  const float *rows[kRows];
#pragma GCC unroll 4
  for (int row = 0; row < kRows; row++) rows[row] = x + row * x_stride;
  const float *from = ends.bias != nullptr ? ends.bias : ends.sums;
  const int32_t from_stride = ends.bias != nullptr ? 0 : kPanelWidth;
  const int32_t depth = static_cast<int32_t>(block.depth);
#pragma GCC unroll 1
  for (int32_t col = 0; col < kPanelWidth; col += kRegisters * kPartWidth) {
    Part sums[kRows][kRegisters];
#pragma GCC unroll 32
    for (int i = 0; i < kRows * kRegisters; i++) {
      sums[i / kRegisters][i % kRegisters] =
          LoadFour(from + i / kRegisters * from_stride + col + i % kRegisters * kPartWidth);
    }
    const Weight *weights = block.weights + col;
#pragma GCC unroll 1
    for (int32_t k = 0; k < depth; k++, weights += kPanelWidth) {
      Part four[kRegisters];
#pragma GCC unroll 8
      for (int i = 0; i < kRegisters; i++) four[i] = LoadFour(weights + i * kPartWidth);
#pragma GCC unroll 4
      for (int row = 0; row < kRows; row++) {
        const Part value = (Part)wasm_v128_load32_splat(rows[row] + k);
#pragma GCC unroll 8
        for (int i = 0; i < kRegisters; i++) sums[row][i] = FmaPart(value, four[i], sums[row][i]);
      }
    }
#pragma GCC unroll 32
    for (int i = 0; i < kRows * kRegisters; i++) {
      float *to = ends.sums + i / kRegisters * kPanelWidth + col + i % kRegisters * kPartWidth;
      *reinterpret_cast<LoosePart *>(to) = sums[i / kRegisters][i % kRegisters];
    }
  }
  if (ends.is_last) FinishFloats(ends, kRows);
}

}  // namespace
}  // namespace tokenflare
