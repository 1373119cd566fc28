// Operations on packed matrices.
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
  TF_Tensor *packed = call.Output(type, {(num_out + width - 1) / width, depth, width});
  if (!call.ok()) return;
  if (type == TF_FLOAT) {
    PackInto(Data<float>(packed), Data<float>(matrix), num_out, depth, [](float value) { return value; });
  } else {
    PackInto(Data<uint16_t>(packed), Data<float>(matrix), num_out, depth, RoundToBfloat16);
  }
}

// [rows, in], [panels, in, panel width], [out] or [0] -> [rows, out]
void ComputeLinear(void *attributes, TF_OpKernelContext *context) {
  const int64_t num_out = AttributesOf(attributes).size;
  Call call(context);
  const TF_Tensor *x = call.Input(0), *packed = call.Input(1), *bias = call.Input(2);
  if (!call.ok()) return;
  const int64_t num_rows = TF_Dim(x, 0), depth = TF_Dim(x, 1), width = kernels->panel_width;
  const bool fits = TF_Dim(packed, 1) == depth && TF_Dim(packed, 0) == (num_out + width - 1) / width;
  if (!call.Require(fits, "rows and matrix have the same depth")) return;
  TF_Tensor *output = call.Output(TF_FLOAT, {num_rows, num_out});
  if (!call.ok()) return;
  const bool is_float = TF_TensorType(packed) == TF_FLOAT;
  const PackedMatrix matrix = {is_float ? Data<float>(packed) : nullptr, is_float ? nullptr : Data<uint16_t>(packed),
                               num_out, depth};
  kernels->linear(Data<float>(x), num_rows, matrix, Optional(bias), Data<float>(output));
}

float Widen(float value) { return value; }

float Widen(uint16_t half) {
  const uint32_t word = static_cast<uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &word, sizeof value);
  return value;
}

// A row's numbers lie a panel width apart: asked for ahead, since no two share a cache line.
template <typename Weight>
void AddRow(const Weight *from, int64_t depth, int64_t width, float *output) {
  constexpr int64_t kAhead = 24;
  for (int64_t k = 0; k < depth; k++) {
    __builtin_prefetch(from + std::min(k + kAhead, depth - 1) * width);
    output[k] += Widen(from[k * width]);
  }
}

void AddRow(const TF_Tensor *packed, int64_t row, float *output) {
  const int64_t depth = TF_Dim(packed, 1), width = kernels->panel_width;
  const int64_t start = row / width * depth * width + row % width;
  if (TF_TensorType(packed) == TF_FLOAT) {
    AddRow(Data<float>(packed) + start, depth, width, output);
  } else {
    AddRow(Data<uint16_t>(packed) + start, depth, width, output);
  }
}

// Rows of a packed matrix times a scale, and those of another, if there is one, added: ids [rows], positions [rows] ->
// [rows, dim]
void ComputeEmbed(void *attributes, TF_OpKernelContext *context) {
  const float scale = AttributesOf(attributes).scale;
  Call call(context);
  const TF_Tensor *tokens = call.Input(0), *positions = call.Input(1), *ids = call.Input(2), *places = call.Input(3);
  if (!call.ok()) return;
  const int64_t num_rows = TF_Dim(ids, 0), dim = TF_Dim(tokens, 1);
  const bool has_positions = TF_TensorElementCount(positions) > 0;
  TF_Tensor *output = call.Output(TF_FLOAT, {num_rows, dim});
  if (!call.ok()) return;
  ParallelFor(num_rows, [&](int64_t row) {
    float *to = Data<float>(output) + row * dim;
    std::memset(to, 0, dim * sizeof(float));
    AddRow(tokens, Data<int32_t>(ids)[row], to);
    if (scale != 1.0f) {
      for (int64_t i = 0; i < dim; i++) to[i] *= scale;
    }
    if (has_positions) AddRow(positions, Data<int32_t>(places)[row], to);
  });
}

}  // namespace
}  // namespace tokenflare

#endif  // TOKENFLARE_MATRIX_OPS_H_
