// Operations that make what lives long: packed matrices and caches.
#ifndef TOKENFLARE_MATRIX_OPS_H_
#define TOKENFLARE_MATRIX_OPS_H_

#include <algorithm>
#include <cstring>

#include "kernels.h"
#include "op_call.h"
#include "thread_pool.h"

namespace tokenflare {
namespace {

uint16_t RoundToBfloat16(float value) {
  uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  if ((word & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>((word >> 16) | 0x40);  // NaN stays NaN
  return static_cast<uint16_t>((word + 0x7fff + ((word >> 16) & 1)) >> 16);
}

template <typename Weight, typename Convert>
void PackInto(Weight *packed, const float *matrix, int64_t num_out, int64_t depth, Convert convert) {
  const int64_t width = kernels->panel_width;
  const int64_t num_panels = (num_out + width - 1) / width;
  ParallelFor(num_panels, [&](int64_t panel) {
    Weight *to = packed + panel * depth * width;
    for (int64_t i = 0; i < width; i++) {
      const int64_t out = panel * width + i;
      for (int64_t k = 0; k < depth; k++) to[k * width + i] = out < num_out ? convert(matrix[out * depth + k]) : Weight{};
    }
  });
}

// [out, in] -> [panels, in, panel width]
void ComputePack(void *, TF_OpKernelContext *context) {
  Call call(context);
  const TF_Tensor *matrix = call.Input(0);
  if (!call.Require(call.ok() && TF_NumDims(matrix) == 2, "a matrix has two dimensions")) return;
  const int64_t num_out = TF_Dim(matrix, 0), depth = TF_Dim(matrix, 1), width = kernels->panel_width;
  const TF_DataType type = TF_ExpectedOutputDataType(context, 0);
  TF_Tensor *packed = call.LastingOutput(type, {(num_out + width - 1) / width, depth, width});
  if (!call.ok()) return;
  if (type == TF_FLOAT) {
    PackInto(Data<float>(packed), Data<float>(matrix), num_out, depth, [](float value) { return value; });
  } else {
    PackInto(Data<uint16_t>(packed), Data<float>(matrix), num_out, depth, RoundToBfloat16);
  }
}

// The shape, four numbers -> zeros of that shape
void ComputeZeros(void *, TF_OpKernelContext *context) {
  Call call(context);
  const TF_Tensor *shape = call.Input(0);
  if (!call.Require(call.ok() && TF_TensorElementCount(shape) == 4, "a cache has four dimensions")) return;
  const int32_t *dims = Data<int32_t>(shape);
  call.LastingOutput(TF_FLOAT, {dims[0], dims[1], dims[2], dims[3]});
}

}  // namespace
}  // namespace tokenflare

#endif  // TOKENFLARE_MATRIX_OPS_H_
