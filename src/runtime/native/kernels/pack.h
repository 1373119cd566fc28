#ifndef TOKENFLARE_PACK_H_
#define TOKENFLARE_PACK_H_

#include <cstdint>

#include "panel.h"

namespace tokenflare {

// The block formats of GGUF files that panels hold without loss, by ggml's number of them.
enum class StoredFormat : int32_t { kF32 = 0, kF16 = 1, kQ4_0 = 2, kQ4_1 = 3, kQ8_0 = 8, kBF16 = 30 };

// Bytes of a row of `depth` numbers in a file; 0 for a format that is not known.
int64_t StoredRowBytes(StoredFormat format, int64_t depth);

// Fills the panels from `first_panel` to `end_panel` of a matrix [num_out, depth] from its rows as a file has them.
// Outputs beyond `num_out` become zeros. False where panels of `to` cannot hold rows of `from` without loss.
bool PackStored(const uint8_t *rows, StoredFormat from, Format to, int64_t num_out, int64_t depth,
                int64_t first_panel, int64_t end_panel, uint8_t *panels);

// The same from float32, each 32 numbers of a row rounded to integers of 8 bits and a scale in float16.
void PackRounded(const float *rows, int64_t num_out, int64_t depth, int64_t first_panel, int64_t end_panel,
                 uint8_t *panels);

// IEEE 754 binary16, ties to even.
uint16_t ToHalf(float value);
float FromHalf(uint16_t half);

}  // namespace tokenflare

#endif  // TOKENFLARE_PACK_H_
