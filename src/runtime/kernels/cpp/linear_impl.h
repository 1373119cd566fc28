// The product of rows and a matrix, whatever the format of its panels. Panels of floats are TOKENFLARE_FLOAT_PANEL's.
#include "for_panels.h"
#include "linear_int8_impl.h"
#include "round_bfloats_impl.h"

namespace tokenflare {
namespace {

// The rows are rounded where the panel has integers or bfloat16.
void MultiplyPanel(const Product &product, const PanelOf &panel) {
  switch (panel.segment.format) {
    case Format::kF32:
    case Format::kBF16:
    case Format::kF16: return TOKENFLARE_FLOAT_PANEL(product, panel);
    case Format::kQ8: return MultiplyIntegerPanel<Format::kQ8>(product, panel);
    case Format::kQ4: return MultiplyIntegerPanel<Format::kQ4>(product, panel);
    case Format::kQ4Min: return MultiplyIntegerPanel<Format::kQ4Min>(product, panel);
    case Format::kQ5: return MultiplyIntegerPanel<Format::kQ5>(product, panel);
    case Format::kQ5Min: return MultiplyIntegerPanel<Format::kQ5Min>(product, panel);
    case Format::kQ4K: return MultiplyIntegerPanel<Format::kQ4K>(product, panel);
    case Format::kQ5K: return MultiplyIntegerPanel<Format::kQ5K>(product, panel);
    case Format::kQ6K: return MultiplyIntegerPanel<Format::kQ6K>(product, panel);
  }
}

void Linear(const Product &product) {
  if (product.num_rows == 0) return;
  const Matrix &matrix = product.matrix;
  Product rounded = product;
  if (matrix.HasIntegers()) RoundRows(product.x, matrix.depth, TileSplit(product.num_rows), product.rounded);
  if (matrix.HasBFloats()) {
    float *bfloats = Scratch(4, product.num_rows * PaddedDepth(matrix.depth));  // [rows, PaddedDepth]
    RoundRowsToBFloats(product.x, product.num_rows, matrix.depth, bfloats);
    rounded.bfloats = bfloats;
  }
  ForPanels(matrix, [&](const PanelOf &panel) { MultiplyPanel(rounded, panel); });
}

}  // namespace
}  // namespace tokenflare
