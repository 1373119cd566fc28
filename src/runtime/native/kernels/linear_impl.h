// The product of rows and a matrix, whatever the format of its panels.

namespace tokenflare {
namespace {

// Calls work(panel) for every panel, some in a row to a thread: their memory is one stream.
template <typename Work>
void ForPanels(int64_t num_out, const Work &work) {
  const int64_t num_panels = NumPanels(num_out);
  const int64_t per_chunk = Most<int64_t>(1, Least<int64_t>(16, num_panels / 16));
  ParallelFor((num_panels + per_chunk - 1) / per_chunk, [&](int64_t chunk) {
    const int64_t end = Least(num_panels, (chunk + 1) * per_chunk);
    for (int64_t panel = chunk * per_chunk; panel < end; panel++) work(panel);
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
  switch (product.matrix.format) {
    case Format::kF32: return MultiplyFloatPanels<float>(product);
    case Format::kBF16: return MultiplyFloatPanels<uint16_t>(product);
    case Format::kQ8: return MultiplyIntegerPanels<Format::kQ8>(product);
    case Format::kQ4: return MultiplyIntegerPanels<Format::kQ4>(product);
    case Format::kQ4Min: return MultiplyIntegerPanels<Format::kQ4Min>(product);
  }
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

void AddIntegerRow(const Matrix &matrix, const uint8_t *panel, int64_t column, float *output) {
  const Format format = matrix.format;
  const bool is_bytes = format == Format::kQ8;
  for (int64_t k = 0; k < matrix.depth; k += kBlockDepth) {
    const uint8_t *block = panel + k / kBlockDepth * BlockBytes(format);
    const float scale = HalfAt(block, column);
    const float minimum = format == Format::kQ4Min ? HalfAt(block + kScaleBytes, column) : 0.0f;
    const uint8_t *quads = block + (format == Format::kQ4Min ? 2 : 1) * kScaleBytes;
    for (int64_t i = 0; i < Least(kBlockDepth, matrix.depth - k); i++) {
      const int64_t quad = i / kQuad, place = (is_bytes ? column : column % kWidth) * kQuad + i % kQuad;
      const int stored = is_bytes ? quads[quad * 128 + place]
                                  : quads[quad * 64 + place] >> (column < kWidth ? 0 : 4) & 15;
      output[k + i] += scale * static_cast<float>(stored - ZeroPoint(format)) + minimum;
    }
  }
}

void AddRow(const Matrix &matrix, int64_t row, float *output) {
  const uint8_t *panel = matrix.panels + row / kPanelWidth * PanelBytes(matrix.format, matrix.depth);
  const int64_t column = row % kPanelWidth;
  switch (matrix.format) {
    case Format::kF32: return AddFloatRow(reinterpret_cast<const float *>(panel) + column, matrix.depth, output);
    case Format::kBF16: return AddFloatRow(reinterpret_cast<const uint16_t *>(panel) + column, matrix.depth, output);
    default: return AddIntegerRow(matrix, panel, column, output);
  }
}

}  // namespace
}  // namespace tokenflare
