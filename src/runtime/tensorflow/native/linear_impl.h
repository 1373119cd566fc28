// The product of rows and a packed matrix.

namespace tokenflare {
namespace {

constexpr int kTileRows = TOKENFLARE_TILE_ROWS;
constexpr int kPanelVectors = 3;
constexpr int kPanelWidth = kPanelVectors * kWidth;

inline Vector LoadWeights(const float *from) { return Load(from); }
// bfloat16 is the upper half of a float32: widening is exact.
inline Vector LoadWeights(const uint16_t *from) {
  return (Vector)(__builtin_convertvector(*reinterpret_cast<const Halves *>(from), Words) << 16);
}

// `kRows` rows by one panel. Meanwhile asks for this tile's share of the next panel, so that it is there in time.
template <int kRows, typename Weight>
inline void LinearTile(const float *x, int64_t depth, const Weight *panel, const Weight *next, int tile, int num_tiles,
                       const float *bias, float *output, int64_t num_out, int num_cols) {
  Vector sums[kRows][kPanelVectors];
  for (int row = 0; row < kRows; row++) {
    for (int v = 0; v < kPanelVectors; v++) sums[row][v] = Load(bias + v * kWidth);
  }
  int until_prefetch = tile;
  for (int64_t k = 0; k < depth; k++) {
    if (until_prefetch-- == 0) {
      const char *line = reinterpret_cast<const char *>(next + k * kPanelWidth);
      for (size_t byte = 0; byte < kPanelWidth * sizeof(Weight); byte += 64) __builtin_prefetch(line + byte, 0, 2);
      until_prefetch = num_tiles - 1;
    }
    Vector weights[kPanelVectors];
#pragma GCC unroll 3
    for (int v = 0; v < kPanelVectors; v++) weights[v] = LoadWeights(panel + k * kPanelWidth + v * kWidth);
#pragma GCC unroll 8
    for (int row = 0; row < kRows; row++) {
      const Vector value = Splat(x[row * depth + k]);
#pragma GCC unroll 3
      for (int v = 0; v < kPanelVectors; v++) sums[row][v] += value * weights[v];
    }
  }
  for (int row = 0; row < kRows; row++) {
    float whole[kPanelWidth];
    float *to = num_cols == kPanelWidth ? output + row * num_out : whole;
    for (int v = 0; v < kPanelVectors; v++) Store(to + v * kWidth, sums[row][v]);
    if (to == whole) std::memcpy(output + row * num_out, whole, num_cols * sizeof(float));
  }
}

template <int kRows, typename Weight, typename... Rest>
inline void LinearTail(int num_rows, Rest... rest) {
  if (num_rows == kRows) {
    LinearTile<kRows, Weight>(rest...);
  } else if constexpr (kRows > 1) {
    LinearTail<kRows - 1, Weight>(num_rows, rest...);
  }
}

// Widening a panel once is cheaper than in every tile of rows; with few tiles the copy costs more than it saves.
constexpr int kTilesWorthWidening = 4;

const float *WidenPanel(const uint16_t *panel, int64_t size) {
  static thread_local std::vector<float> widened;
  widened.resize(std::max<size_t>(widened.size(), size));
  for (int64_t i = 0; i < size; i += kWidth) Store(widened.data() + i, LoadWeights(panel + i));
  return widened.data();
}

const float *WidenPanel(const float *panel, int64_t) { return panel; }

template <typename Weight>
void LinearPanel(const float *x, int64_t num_rows, int64_t depth, const Weight *panel, const Weight *next,
                 const float *bias, float *output, int64_t num_out, int num_cols) {
  const int num_tiles = static_cast<int>((num_rows + kTileRows - 1) / kTileRows);
  for (int tile = 0; tile < num_tiles; tile++) {
    const int64_t row = static_cast<int64_t>(tile) * kTileRows;
    const int rows = static_cast<int>(std::min<int64_t>(kTileRows, num_rows - row));
    LinearTail<kTileRows, Weight>(rows, x + row * depth, depth, panel, next, tile, num_tiles, bias,
                                  output + row * num_out, num_out, num_cols);
  }
}

template <typename Weight>
void LinearPanels(const float *x, int64_t num_rows, const PackedMatrix &matrix, const Weight *weights,
                  const float *bias, float *output) {
  const int64_t num_panels = (matrix.num_out + kPanelWidth - 1) / kPanelWidth;
  const int64_t panel_size = matrix.depth * kPanelWidth;
  // A few panels in a row to a thread: their memory is one stream.
  const int64_t panels_per_chunk = std::max<int64_t>(1, std::min<int64_t>(16, num_panels / 8));
  const int64_t num_chunks = (num_panels + panels_per_chunk - 1) / panels_per_chunk;
  const bool widen = sizeof(Weight) < sizeof(float) && num_rows >= kTilesWorthWidening * kTileRows;
  ParallelFor(num_chunks, [&](int64_t chunk) {
    const int64_t end = std::min(num_panels, (chunk + 1) * panels_per_chunk);
    for (int64_t panel = chunk * panels_per_chunk; panel < end; panel++) {
      const Weight *here = weights + panel * panel_size;
      const Weight *next = panel + 1 < num_panels ? here + panel_size : here;
      const int64_t col = panel * kPanelWidth;
      const int num_cols = static_cast<int>(std::min<int64_t>(kPanelWidth, matrix.num_out - col));
      float panel_bias[kPanelWidth] = {};
      if (bias != nullptr) std::memcpy(panel_bias, bias + col, num_cols * sizeof(float));
      if (widen) {
        const float *wide = WidenPanel(here, panel_size);
        LinearPanel(x, num_rows, matrix.depth, wide, wide, panel_bias, output + col, matrix.num_out, num_cols);
      } else {
        LinearPanel(x, num_rows, matrix.depth, here, next, panel_bias, output + col, matrix.num_out, num_cols);
      }
    }
  });
}

void Linear(const float *x, int64_t num_rows, const PackedMatrix &matrix, const float *bias, float *output) {
  if (num_rows == 0) return;
  if (matrix.f32 != nullptr) {
    LinearPanels(x, num_rows, matrix, matrix.f32, bias, output);
  } else {
    LinearPanels(x, num_rows, matrix, matrix.bf16, bias, output);
  }
}

}  // namespace
}  // namespace tokenflare
