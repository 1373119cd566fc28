#include "multiply_strided.h"

#include <algorithm>
#include <cstring>

#include "growing_memory.h"
#include "pool.h"

namespace tokenflare {
namespace {

// Numbers of the depth that are moved at a time: of 32 lanes they fit into the innermost cache.
constexpr int64_t kStretch = 64;

// Lanes from `first` on, at most 32, as a panel [depth][32]; what is missing is zero.
void PackPanel(const Strided &from, int64_t first, int64_t num_lanes, int64_t depth, float *panel) {
  const int64_t count = std::min(kPanelWidth, num_lanes - first);
  const float *numbers = from.numbers + first * from.lane_stride;
  for (int64_t start = 0; start < depth; start += kStretch) {
    const int64_t end = std::min(depth, start + kStretch);
    if (from.lane_stride == 1) {
      for (int64_t k = start; k < end; k++) {
        float *to = panel + k * kPanelWidth;
        std::memcpy(to, numbers + k * from.depth_stride, count * sizeof(float));
        std::fill(to + count, to + kPanelWidth, 0.0f);
      }
      continue;
    }
    for (int64_t lane = 0; lane < kPanelWidth; lane++) {
      for (int64_t k = start; k < end; k++) {
        const int64_t place = lane * from.lane_stride + k * from.depth_stride;
        panel[k * kPanelWidth + lane] = lane < count ? numbers[place] : 0.0f;
      }
    }
  }
}

// Some lanes one after the other: [lanes][depth]. Few are written side by side, since as many as ways of the innermost cache
// would drive each other out where the depth is a power of two.
void PackRows(const Strided &from, int64_t first, int64_t end, int64_t depth, float *rows) {
  constexpr int64_t kLanes = 4;
  for (int64_t start = 0; start < depth; start += kStretch) {
    const int64_t stop = std::min(depth, start + kStretch);
    int64_t lane = first;
    for (; lane + kLanes <= end; lane += kLanes) {
      for (int64_t k = start; k < stop; k++) {
        const float *column = from.numbers + k * from.depth_stride + lane * from.lane_stride;
        for (int64_t i = 0; i < kLanes; i++) rows[(lane + i) * depth + k] = column[i * from.lane_stride];
      }
    }
    for (; lane < end; lane++) {
      for (int64_t k = start; k < stop; k++) {
        rows[lane * depth + k] = from.numbers[k * from.depth_stride + lane * from.lane_stride];
      }
    }
  }
}

}  // namespace

const char *MultiplyStrided(const Kernels &kernels, const Strided &a, const Strided &b, const float *bias, int64_t rows,
                            int64_t cols, int64_t depth, float *output) {
  static GrowingMemory memory;
  const int64_t panel_bytes = PanelBytes(Format::kF32, depth), num_panels = NumPanels(cols);
  const int64_t row_bytes = a.depth_stride == 1 ? 0 : rows * depth * static_cast<int64_t>(sizeof(float));
  uint8_t *panels = static_cast<uint8_t *>(memory.Reserve(num_panels * panel_bytes + row_bytes));
  if (panels == nullptr) return "the system has memory for a product";
  ParallelFor(num_panels, [&](int64_t panel) {
    PackPanel(b, panel * kPanelWidth, cols, depth, reinterpret_cast<float *>(panels + panel * panel_bytes));
  });
  // Rows whose numbers lie side by side are read where they are. The caller has checked that no gap is between rows.
  const float *x = a.numbers;
  if (a.depth_stride != 1) {
    float *packed = reinterpret_cast<float *>(panels + num_panels * panel_bytes);
    ParallelFor((rows + kPanelWidth - 1) / kPanelWidth, [&](int64_t chunk) {
      PackRows(a, chunk * kPanelWidth, std::min(rows, (chunk + 1) * kPanelWidth), depth, packed);
    });
    x = packed;
  }
  const Matrix matrix = {cols, depth, 1, {{Format::kF32, 0, cols, panels}}};
  kernels.linear({x, rows, matrix, bias, false, nullptr, output, nullptr});
  return nullptr;
}

}  // namespace tokenflare
