// The product of rounded rows and a matrix of integers in panels.
//
// Integers are exact, and each float sum starts at zero and adds its blocks from the first to the last: a result has
// the same bits whatever the tile, the thread or the instruction set.

namespace tokenflare {
namespace {

// One block of a panel, times the rows of a tile.
template <Format kFormat, int kRows>
inline __attribute__((always_inline)) void MultiplyBlock(const uint8_t *block, const RowBlock &rows,
                                                         Vector (&sums)[kRows][2]) {
  constexpr bool kHasMinimum = kFormat == Format::kQ4Min;
  Ints dots[kRows][2];
  DotBlock<kFormat, kRows>(block + (kHasMinimum ? 2 : 1) * kScaleBytes, rows, dots);
  const Vector scales[2] = {LoadHalves(block), LoadHalves(block + kScaleBytes / 2)};
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    const Vector scale = Splat(rows.scales[row]);
    sums[row][0] = Fma(__builtin_convertvector(dots[row][0], Vector), scales[0] * scale, sums[row][0]);
    sums[row][1] = Fma(__builtin_convertvector(dots[row][1], Vector), scales[1] * scale, sums[row][1]);
  }
  if constexpr (kHasMinimum) {
    const Vector minimums[2] = {LoadHalves(block + kScaleBytes), LoadHalves(block + kScaleBytes * 3 / 2)};
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      const Vector sum = Splat(rows.scales[row] * static_cast<float>(rows.sums[row]));
      sums[row][0] = Fma(minimums[0], sum, sums[row][0]);
      sums[row][1] = Fma(minimums[1], sum, sums[row][1]);
    }
  }
}

// A tile of rows and a panel.
struct TileProduct {
  const uint8_t *panel;
  const RowBlock *rows;
  int64_t num_blocks;
  bool prefetches;
  const float *bias;      // [32]
  const float *residual;  // of the tile's first row and the panel's first output, or null
  float *output;          // the same
  int64_t stride;         // from row to row of residual and output
  int num_cols;
  bool gelu;
};

// Leaves what a row's sums become in the output.
inline void FinishRow(const TileProduct &product, int row, const Vector (&sums)[2]) {
  float numbers[kPanelWidth];
  float *output = product.output + row * product.stride;
  float *to = product.num_cols == kPanelWidth ? output : numbers;
  for (int v = 0; v < 2; v++) {
    const Vector sum = sums[v] + Load(product.bias + v * kWidth);
    Store(to + v * kWidth, product.gelu ? GeluOf(sum) : sum);
  }
  if (to == numbers) __builtin_memcpy(output, numbers, product.num_cols * sizeof(float));
  if (product.residual == nullptr) return;
  const float *residual = product.residual + row * product.stride;
  for (int col = 0; col < product.num_cols; col++) output[col] += residual[col];
}

// How far ahead a tile asks for weights.
constexpr int64_t kBytesAhead = 4096;

template <Format kFormat, int kRows>
void MultiplyTile(const TileProduct &product) {
  Vector sums[kRows][2];
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) sums[row][0] = sums[row][1] = Splat(0.0f);
  const uint8_t *block = product.panel;
  for (int64_t b = 0; b < product.num_blocks; b++, block += BlockBytes(kFormat)) {
    if (product.prefetches) {
      for (int64_t byte = 0; byte < BlockBytes(kFormat); byte += 64) __builtin_prefetch(block + kBytesAhead + byte, 0, 3);
    }
    MultiplyBlock<kFormat, kRows>(block, product.rows[b], sums);
  }
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) FinishRow(product, row, sums[row]);
}

template <Format kFormat, int kRows = kTileRows>
inline void MultiplyRows(int num_rows, const TileProduct &product) {
  if (num_rows == kRows) {
    MultiplyTile<kFormat, kRows>(product);
  } else if constexpr (kRows > 1) {
    MultiplyRows<kFormat, kRows - 1>(num_rows, product);
  }
}

template <Format kFormat>
void MultiplyIntegerPanels(const Product &product) {
  const int64_t depth = product.matrix.depth, num_out = product.matrix.num_out, num_blocks = NumBlocks(depth);
  const TileSplit split(product.num_rows);
  RoundRows(product.x, depth, split, product.rounded);
  ForPanels(num_out, [&](int64_t panel) {
    const int64_t col = panel * kPanelWidth;
    const int num_cols = static_cast<int>(Least<int64_t>(kPanelWidth, num_out - col));
    float bias[kPanelWidth] = {};
    if (product.bias != nullptr) __builtin_memcpy(bias, product.bias + col, num_cols * sizeof(float));
    const uint8_t *numbers = product.matrix.panels + panel * PanelBytes(kFormat, depth);
    for (int64_t tile = 0; tile < split.num_tiles; tile++) {
      const int64_t row = split.FirstRow(tile);
      const float *residual = product.residual == nullptr ? nullptr : product.residual + row * num_out + col;
      MultiplyRows<kFormat>(static_cast<int>(split.FirstRow(tile + 1) - row),
                            {numbers, product.rounded + tile * num_blocks, num_blocks, tile == 0, bias, residual,
                             product.output + row * num_out + col, num_out, num_cols, product.gelu});
    }
  });
}

}  // namespace
}  // namespace tokenflare
