#ifndef TOKENFLARE_TENSOR_H_
#define TOKENFLARE_TENSOR_H_

#include <cstdint>

#include "kernels.h"

namespace tokenflare {

// Keys and values of every layer: [layers, pages, kv_heads, kPageTokens, padded_dim], twice. A slot is a token's head; of
// keys, sixteen slots lie across each other (`Attention`).
struct Cache {
  uint8_t *keys, *values;
  float *key_scales, *value_scales;  // of integers, [layers, pages, kv_heads, kPageTokens]; else null
  int64_t num_layers, num_pages, num_kv_heads, padded_dim;
  CacheFormat format;
  int64_t SlotBytes() const { return padded_dim * NumberBytes(format); }
  int64_t PageSlots() const { return num_kv_heads * kPageTokens; }
  int64_t LayerSlots() const { return num_pages * PageSlots(); }
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
