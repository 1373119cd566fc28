#ifndef TOKENFLARE_TENSOR_H_
#define TOKENFLARE_TENSOR_H_

#include <cstdint>

#include "kernels.h"

namespace tokenflare {

// Keys and values of every layer: [layers, lanes, kv_heads, lane_length, padded_dim], twice, in float32 or float16.
struct Cache {
  uint8_t *keys, *values;
  int64_t num_layers, num_lanes, num_kv_heads, lane_length, padded_dim;
  bool is_half;
  int64_t NumberBytes() const { return is_half ? 2 : 4; }
  int64_t LayerBytes() const { return num_lanes * num_kv_heads * lane_length * padded_dim * NumberBytes(); }
};

// What a step reads, and of a cache also writes. Its memory belongs to the addon.
struct Tensor {
  enum Kind { kVector, kMatrix, kCache } kind;
  const float *numbers;  // of a vector, [size]
  int64_t size;
  Matrix matrix;
  Cache cache;
};

}  // namespace tokenflare

#endif  // TOKENFLARE_TENSOR_H_
