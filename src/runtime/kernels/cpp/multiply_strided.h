#ifndef TOKENFLARE_MULTIPLY_STRIDED_H_
#define TOKENFLARE_MULTIPLY_STRIDED_H_

#include <cstdint>

#include "kernels.h"

namespace tokenflare {

// A matrix [lanes, depth] of float32, by rows or by columns: where numbers lie, in numbers.
struct Strided {
  const float *numbers;
  int64_t lane_stride, depth_stride;
};

// A B^T + bias of matrices that change from call to call, as those of training do: [rows, depth], [cols, depth] -> [rows,
// cols]. What is wrong, or null.
const char *MultiplyStrided(const Kernels &kernels, const Strided &a, const Strided &b, const float *bias, int64_t rows,
                            int64_t cols, int64_t depth, float *output);

}  // namespace tokenflare

#endif  // TOKENFLARE_MULTIPLY_STRIDED_H_
