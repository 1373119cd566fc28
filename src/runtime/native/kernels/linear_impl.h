// The product of rows and a matrix, whatever the format of its panels.

namespace tokenflare {
namespace {

// A panel of a product: where its columns are, and where they go.
struct PanelOf {
  const Segment &segment;
  int64_t index;  // in the segment
  int64_t Column() const { return segment.first_out + index * kPanelWidth; }
  int NumCols() const { return static_cast<int>(Least<int64_t>(kPanelWidth, segment.num_out - index * kPanelWidth)); }
};

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

#include "round_rows_impl.h"

#include "linear_float_impl.h"
#include "linear_int8_impl.h"

namespace tokenflare {
namespace {

void Linear(const Product &product) {
  if (product.num_rows == 0) return;
  if (product.matrix.HasIntegers()) RoundRows(product.x, product.matrix.depth, TileSplit(product.num_rows), product.rounded);
  ForPanels(product.matrix, [&](const PanelOf &panel) {
    switch (panel.segment.format) {
      case Format::kF32: return MultiplyFloatPanel<float>(product, panel);
      case Format::kBF16: return MultiplyFloatPanel<BFloat16>(product, panel);
      case Format::kF16: return MultiplyFloatPanel<Float16>(product, panel);
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

// A row of a matrix, one number of each step of the depth: asked for ahead, since no two share a cache line.
template <typename Weight>
void AddFloatRow(const Weight *from, int64_t depth, float *output) {
  constexpr int64_t kAhead = 24;
  for (int64_t k = 0; k < depth; k++) {
    __builtin_prefetch(from + Least(k + kAhead, depth - 1) * kPanelWidth);
    output[k] += Widen(from[k * kPanelWidth]);
  }
}

// Scale and minimum of one output of a block, `part` being the sixteen of the depth or, of one scale, 0.
struct NumberScale {
  float scale, minimum;
};

inline NumberScale ScaleOf(const IntegerLayout &layout, const uint8_t *set, const uint8_t *block, int64_t column, int part) {
  if (!layout.is_set) return {HalfAt(block, column), layout.has_minimum ? HalfAt(block + kScaleBytes, column) : 0.0f};
  const uint8_t first = block[column], second = block[kPanelWidth + column];
  if (layout.has_minimum) return {HalfAt(set, column) * first, HalfAt(set + kScaleBytes, column) * second};
  return {HalfAt(set, column) * static_cast<int8_t>(part == 0 ? first : second), 0.0f};
}

// The stored number of an output at a step of a block's depth.
inline int StoredAt(Format format, const uint8_t *quads, int64_t column, int64_t depth) {
  const int64_t quad = depth / kQuad;
  if (format == Format::kQ8) return quads[quad * 128 + column * kQuad + depth % kQuad];
  const int64_t place = column % kWidth * kQuad + depth % kQuad, half = column / kWidth;
  const int nibble = quads[quad * 64 + place] >> 4 * half & 15;
  const uint8_t *high = quads + 512 + half * 64 + place;
  switch (LayoutOf(format).high_bits) {
    case 1: return nibble | (high[0] >> quad & 1) << 4;
    case 2: return nibble | (high[quad / 4 * 128] >> quad % 4 * 2 & 3) << 4;
    default: return nibble;
  }
}

void AddIntegerRow(Format format, const uint8_t *panel, int64_t column, int64_t depth, float *output) {
  const IntegerLayout layout = LayoutOf(format);
  for (int64_t b = 0; b < NumBlocks(depth); b++) {
    const uint8_t *set = panel + BlockStart(format, b / kSetBlocks * kSetBlocks) - SetBytes(format);
    const uint8_t *block = panel + BlockStart(format, b), *quads = block + ScalesBytes(format);
    const int64_t num_here = Least(kBlockDepth, depth - b * kBlockDepth);
    for (int64_t i = 0; i < num_here; i++) {
      const NumberScale of = ScaleOf(layout, set, block, column, layout.scales == 1 ? 0 : static_cast<int>(i / 16));
      const int stored = StoredAt(format, quads, column, i);
      output[b * kBlockDepth + i] += of.scale * static_cast<float>(stored - layout.zero_point) + of.minimum;
    }
  }
}

void AddRow(const Matrix &matrix, int64_t row, float *output) {
  const Segment &segment = matrix.SegmentOf(row);
  const int64_t place = row - segment.first_out, column = place % kPanelWidth, depth = matrix.depth;
  const uint8_t *panel = segment.panels + place / kPanelWidth * PanelBytes(segment.format, depth);
  switch (segment.format) {
    case Format::kF32: return AddFloatRow(reinterpret_cast<const float *>(panel) + column, depth, output);
    case Format::kBF16: return AddFloatRow(reinterpret_cast<const BFloat16 *>(panel) + column, depth, output);
    case Format::kF16: return AddFloatRow(reinterpret_cast<const Float16 *>(panel) + column, depth, output);
    default: return AddIntegerRow(segment.format, panel, column, depth, output);
  }
}

}  // namespace
}  // namespace tokenflare
