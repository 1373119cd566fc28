// A row of a matrix, whatever the format of its panels.

namespace tokenflare {
namespace {

// A row of a matrix, kSide numbers of each step of the depth: asked for ahead, since no two steps share a cache line.
template <int kSide = 1, typename Weight>
void AddFloatRow(const Weight *from, int64_t depth, float *output) {
  constexpr int64_t kAhead = 24;
  for (int64_t k = 0; k < depth; k++) {
    __builtin_prefetch(from + Least(k / kSide + kAhead, (depth - 1) / kSide) * kPanelWidth * kSide);
    output[k] += Widen(from[k / kSide * kPanelWidth * kSide + k % kSide]);
  }
}

// Scale and minimum of one output of a block, `part` being the sixteen of the depth or, of one scale, 0.
struct NumberScale {
  float scale, minimum;
};

TOKENFLARE_INLINE float ScaleAt(const uint8_t *from, int64_t column) {
  if constexpr (kScaleSize == 2) return HalfAt(from, column);
  return reinterpret_cast<const float *>(from)[column];
}

inline NumberScale ScaleOf(const IntegerLayout &layout, const uint8_t *set, const uint8_t *block, int64_t column, int part) {
  if (!layout.is_set) return {ScaleAt(block, column), layout.has_minimum ? ScaleAt(block + kScaleBytes, column) : 0.0f};
  const uint8_t first = block[column], second = block[kPanelWidth + column];
  if (layout.has_minimum) return {ScaleAt(set, column) * first, ScaleAt(set + kScaleBytes, column) * second};
  return {ScaleAt(set, column) * static_cast<int8_t>(part == 0 ? first : second), 0.0f};
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
    const int64_t num_of_part = kBlockDepth / layout.scales;
    for (int part = 0; part < layout.scales; part++) {
      const NumberScale of = ScaleOf(layout, set, block, column, part);
      for (int64_t i = part * num_of_part; i < Least((part + 1) * num_of_part, num_here); i++) {
        const int stored = StoredAt(format, quads, column, i);
        output[b * kBlockDepth + i] += of.scale * static_cast<float>(stored - layout.zero_point) + of.minimum;
      }
    }
  }
}

void AddRow(const Matrix &matrix, int64_t row, float *output) {
  const Segment &segment = matrix.SegmentOf(row);
  const int64_t place = row - segment.first_out, column = place % kPanelWidth, depth = matrix.depth;
  const uint8_t *panel = segment.panels + place / kPanelWidth * PanelBytes(segment.format, depth);
  switch (segment.format) {
    case Format::kF32: return AddFloatRow(reinterpret_cast<const float *>(panel) + column, depth, output);
    case Format::kBF16: return AddFloatRow<2>(reinterpret_cast<const BFloat16 *>(panel) + 2 * column, depth, output);
    case Format::kF16: return AddFloatRow(reinterpret_cast<const Float16 *>(panel) + column, depth, output);
    default: return AddIntegerRow(segment.format, panel, column, depth, output);
  }
}

}  // namespace
}  // namespace tokenflare
