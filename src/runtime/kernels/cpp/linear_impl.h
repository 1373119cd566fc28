// The product of rows and a matrix, whatever the format of its panels. Panels of floats are TOKENFLARE_FLOAT_PANEL's.

namespace tokenflare {
namespace {

// Calls work(panel) for every panel, some in a row to a thread: their memory is one stream.
template <typename Work>
void ForPanels(const Matrix &matrix, const Work &work) {
  int64_t num_panels = 0;
  for (int i = 0; i < matrix.num_segments; i++) num_panels += NumPanels(matrix.segments[i].num_out);
  const int64_t per_chunk = Most<int64_t>(1, Least<int64_t>(16, num_panels / 16));
  ParallelFor((num_panels + per_chunk - 1) / per_chunk, [&](int64_t chunk) {
    const int64_t end = Least(num_panels, (chunk + 1) * per_chunk);
    const Segment *segment = matrix.segments;
    int64_t first = 0;  // panel of the segment
    for (int64_t panel = chunk * per_chunk; panel < end; panel++) {
      while (panel - first >= NumPanels(segment->num_out)) first += NumPanels(segment++->num_out);
      work(PanelOf{*segment, panel - first});
    }
  });
}

}  // namespace
}  // namespace tokenflare

#include "linear_int8_impl.h"

namespace tokenflare {
namespace {

void Linear(const Product &product) {
  if (product.num_rows == 0) return;
  if (product.matrix.HasIntegers()) RoundRows(product.x, product.matrix.depth, TileSplit(product.num_rows), product.rounded);
  ForPanels(product.matrix, [&](const PanelOf &panel) {
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
  });
}

}  // namespace
}  // namespace tokenflare
