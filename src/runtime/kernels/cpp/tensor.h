#ifndef TOKENFLARE_TENSOR_H_
#define TOKENFLARE_TENSOR_H_

#include <cstdint>

#include "kernels.h"

namespace tokenflare {

// Keys and values of every layer: [layers, lanes, kv_heads, lane_length, padded_dim], twice. A slot is a token's head.
struct Cache {
  uint8_t *keys, *values;
  float *key_scales, *value_scales;  // of integers, [layers, lanes, kv_heads, lane_length]; else null
  int64_t num_layers, num_lanes, num_kv_heads, lane_length, padded_dim;
  CacheFormat format;
  int64_t SlotBytes() const { return padded_dim * NumberBytes(format); }
  int64_t LayerSlots() const { return num_lanes * num_kv_heads * lane_length; }
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
