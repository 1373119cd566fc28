#ifndef TOKENFLARE_PACK_H_
#define TOKENFLARE_PACK_H_

#include <cstdint>

#include "kernels.h"

namespace tokenflare {

// The formats of GGUF files that panels hold without loss, by ggml's number of them.
enum class StoredFormat : int32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kBF16 = 30,
};

bool IsStoredFormat(StoredFormat format);
// What the depth of rows must be a multiple of.
int64_t StoredDepthUnit(StoredFormat format);
// Bytes of a row of `depth` numbers in a file.
int64_t StoredRowBytes(StoredFormat format, int64_t depth);

// Whether panels of `to` hold rows of `from` without loss.
bool Holds(StoredFormat from, Format to);

// Puts output `row` of a segment into its panel, which holds zeros there, from a row as a file has it.
void PackStoredRow(const uint8_t *stored, StoredFormat from, int64_t depth, Format to, int64_t row, uint8_t *panels);

// Puts a row of float32 into its panel: for integers of 8 bits each 32 numbers are rounded, with a scale in float16.
void PackFloatRow(const float *numbers, int64_t depth, Format to, int64_t row, uint8_t *panels);

// IEEE 754 binary16, ties to even.
uint16_t ToHalf(float value);
// bfloat16, ties to even.
uint16_t ToBFloat(float value);
float FromHalf(uint16_t half);

}  // namespace tokenflare

#endif  // TOKENFLARE_PACK_H_
