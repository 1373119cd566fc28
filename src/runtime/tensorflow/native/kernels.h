#ifndef TOKENFLARE_KERNELS_H_
#define TOKENFLARE_KERNELS_H_

#include <cstdint>

namespace tokenflare {

// A matrix [out, in] in panels of `panel_width` outputs: [panels, in, panel_width], the last panel filled with zeros.
// Exactly one of the two pointers is set.
struct PackedMatrix {
  const float *f32;
  const uint16_t *bf16;
  int64_t num_out;
  int64_t depth;
};

struct Attention {
  const float *qkv;  // [rows, 3 * heads * head_dim]
  float *keys;       // [lanes, heads, lane_length, padded_dim]
  float *values;     // [lanes, heads, lane_length, padded_dim]
  const int32_t *lanes;
  const int32_t *positions;
  float *output;  // [rows, heads * head_dim]
  int64_t num_rows, num_heads, head_dim, padded_dim, lane_length;
};

// One set of kernels for each instruction set. Each sums in one fixed order, whatever the number of rows or threads.
struct Kernels {
  int64_t panel_width;
  // x W^T + bias: [rows, depth] -> [rows, num_out]; bias may be null.
  void (*linear)(const float *x, int64_t num_rows, const PackedMatrix &matrix, const float *bias, float *output);
  // (x - mean) / sqrt(variance + epsilon) * gain + shift over rows; shift may be null.
  void (*layer_norm)(const float *x, int64_t num_rows, int64_t dim, const float *gain, const float *shift,
                     float epsilon, float *output);
  // GELU in its tanh form, element by element.
  void (*gelu)(const float *x, int64_t size, float *output);
  // x + y, element by element.
  void (*add)(const float *x, const float *y, int64_t size, float *output);
  // Writes the rows' keys and values into their lanes, then lets each row attend up to its own position.
  void (*attention)(const Attention &attention);
};

const Kernels &Avx512Kernels();
const Kernels &Avx2Kernels();

}  // namespace tokenflare

#endif  // TOKENFLARE_KERNELS_H_
