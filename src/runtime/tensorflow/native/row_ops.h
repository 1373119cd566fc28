// Operations on the rows of a step.
#ifndef TOKENFLARE_ROW_OPS_H_
#define TOKENFLARE_ROW_OPS_H_

#include <algorithm>
#include <cstring>

#include "kernels.h"
#include "op_call.h"
#include "thread_pool.h"

namespace tokenflare {
namespace {

// [rows, dim], [dim], [dim] or [0] -> [rows, dim]
void ComputeLayerNorm(void *attributes, TF_OpKernelContext *context) {
  Call call(context);
  const TF_Tensor *x = call.Input(0), *gain = call.Input(1), *shift = call.Input(2);
  if (!call.ok()) return;
  TF_Tensor *output = call.Output(TF_FLOAT, {TF_Dim(x, 0), TF_Dim(x, 1)});
  if (!call.ok()) return;
  kernels->layer_norm(Data<float>(x), TF_Dim(x, 0), TF_Dim(x, 1), Data<float>(gain), Optional(shift),
                      AttributesOf(attributes).epsilon, Data<float>(output));
}

// [rows, dim], [dim] -> [rows, dim]
void ComputeRmsNorm(void *attributes, TF_OpKernelContext *context) {
  Call call(context);
  const TF_Tensor *x = call.Input(0), *gain = call.Input(1);
  if (!call.ok()) return;
  const int64_t num_rows = TF_Dim(x, 0), dim = TF_Dim(x, 1);
  if (!call.Require(TF_TensorElementCount(gain) == dim, "a row has a gain for each of its numbers")) return;
  TF_Tensor *output = call.Output(TF_FLOAT, {num_rows, dim});
  if (!call.ok()) return;
  kernels->rms_norm(Data<float>(x), num_rows, dim, Data<float>(gain), AttributesOf(attributes).epsilon,
                    Data<float>(output));
}

Stripes StripesOf(const Attributes &attributes) {
  return {attributes.num_heads, attributes.num_kv_heads, attributes.head_dim};
}

constexpr const char *kStripesFit = "queries, keys and values lie side by side";

// [rows, stripes], [head_dim], [head_dim] -> [rows, stripes]
void ComputeNormHeads(void *attributes, TF_OpKernelContext *context) {
  const Stripes stripes = StripesOf(AttributesOf(attributes));
  Call call(context);
  const TF_Tensor *qkv = call.Input(0), *query_gain = call.Input(1), *key_gain = call.Input(2);
  if (!call.ok() || !call.Require(TF_Dim(qkv, 1) == stripes.RowSize(), kStripesFit)) return;
  const bool fits =
      TF_TensorElementCount(query_gain) == stripes.head_dim && TF_TensorElementCount(key_gain) == stripes.head_dim;
  if (!call.Require(fits, "a head has a gain for each of its numbers")) return;
  TF_Tensor *output = call.Output(TF_FLOAT, {TF_Dim(qkv, 0), TF_Dim(qkv, 1)});
  if (!call.ok()) return;
  kernels->norm_heads(Data<float>(qkv), TF_Dim(qkv, 0), stripes, Data<float>(query_gain), Data<float>(key_gain),
                      AttributesOf(attributes).epsilon, Data<float>(output));
}

// [rows, stripes], the table [positions * head_dim], the position of each row -> [rows, stripes]
void ComputeRotate(void *attributes, TF_OpKernelContext *context) {
  const Stripes stripes = StripesOf(AttributesOf(attributes));
  Call call(context);
  const TF_Tensor *qkv = call.Input(0), *table = call.Input(1), *positions = call.Input(2);
  if (!call.ok() || !call.Require(TF_Dim(qkv, 1) == stripes.RowSize(), kStripesFit)) return;
  const int64_t num_rows = TF_Dim(qkv, 0), num_positions = TF_TensorElementCount(table) / stripes.head_dim;
  if (!call.Require(TF_Dim(positions, 0) == num_rows, "each row has a position")) return;
  for (int64_t row = 0; row < num_rows; row++) {
    const int32_t position = Data<int32_t>(positions)[row];
    if (!call.Require(position >= 0 && position < num_positions, "a row's position lies in the table")) return;
  }
  TF_Tensor *output = call.Output(TF_FLOAT, {num_rows, TF_Dim(qkv, 1)});
  if (!call.ok()) return;
  const Rotation rotation = {Data<float>(table), Data<int32_t>(positions), AttributesOf(attributes).neighbours};
  kernels->rotate(Data<float>(qkv), num_rows, stripes, rotation, Data<float>(output));
}

void ComputeGelu(void *, TF_OpKernelContext *context) {
  Call call(context);
  const TF_Tensor *x = call.Input(0);
  if (!call.ok()) return;
  TF_Tensor *output = call.Output(TF_FLOAT, {TF_Dim(x, 0), TF_Dim(x, 1)});
  if (call.ok()) kernels->gelu(Data<float>(x), TF_TensorElementCount(x), Data<float>(output));
}

// [rows, 2 * dim] -> [rows, dim]
void ComputeGate(void *attributes, TF_OpKernelContext *context) {
  Call call(context);
  const TF_Tensor *x = call.Input(0);
  if (!call.Require(call.ok() && TF_Dim(x, 1) % 2 == 0, "a row has a gate for each value")) return;
  const int64_t num_rows = TF_Dim(x, 0), dim = TF_Dim(x, 1) / 2;
  TF_Tensor *output = call.Output(TF_FLOAT, {num_rows, dim});
  if (!call.ok()) return;
  kernels->gate(Data<float>(x), num_rows, dim, AttributesOf(attributes).silu, Data<float>(output));
}

void ComputeAdd(void *, TF_OpKernelContext *context) {
  Call call(context);
  const TF_Tensor *x = call.Input(0), *y = call.Input(1);
  if (!call.ok()) return;
  const bool fits = TF_Dim(x, 0) == TF_Dim(y, 0) && TF_Dim(x, 1) == TF_Dim(y, 1);
  if (!call.Require(fits, "both have the same shape")) return;
  TF_Tensor *output = call.Output(TF_FLOAT, {TF_Dim(x, 0), TF_Dim(x, 1)});
  if (call.ok()) kernels->add(Data<float>(x), Data<float>(y), TF_TensorElementCount(x), Data<float>(output));
}

// [rows, stripes], the cache of one layer [lanes, kvHeads, laneLength, paddedDim] twice, written in place, the lane and
// position of each row -> [rows, heads * headDim]
void ComputeAttention(void *made, TF_OpKernelContext *context) {
  const Attributes &attributes = AttributesOf(made);
  const Stripes stripes = StripesOf(attributes);
  Call call(context);
  const TF_Tensor *qkv = call.Input(0), *keys = call.Input(1), *values = call.Input(2), *lanes = call.Input(3),
                  *positions = call.Input(4);
  if (!call.ok()) return;
  const int64_t num_rows = TF_Dim(qkv, 0);
  const bool fits = TF_Dim(qkv, 1) == stripes.RowSize() && TF_Dim(keys, 1) == stripes.num_kv_heads &&
                    TF_Dim(keys, 3) >= stripes.head_dim && TF_Dim(lanes, 0) == num_rows;
  if (!call.Require(fits, "queries fit the cache")) return;
  for (int64_t row = 0; row < num_rows; row++) {
    const int32_t lane = Data<int32_t>(lanes)[row], position = Data<int32_t>(positions)[row];
    const bool inside = lane >= 0 && lane < TF_Dim(keys, 0) && position >= 0 && position < TF_Dim(keys, 2);
    if (!call.Require(inside, "a row's lane and position lie in the cache")) return;
  }
  TF_Tensor *output = call.Output(TF_FLOAT, {num_rows, stripes.num_heads * stripes.head_dim});
  if (!call.ok()) return;
  kernels->attention({Data<float>(qkv), Data<float>(keys), Data<float>(values), Data<int32_t>(lanes),
                      Data<int32_t>(positions), Data<float>(output), num_rows, stripes, TF_Dim(keys, 3),
                      TF_Dim(keys, 2), attributes.scale, attributes.window});
}

}  // namespace
}  // namespace tokenflare

#endif  // TOKENFLARE_ROW_OPS_H_
