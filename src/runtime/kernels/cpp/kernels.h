#ifndef TOKENFLARE_KERNELS_H_
#define TOKENFLARE_KERNELS_H_

#include <cstdint>

#include "panel.h"
#include "training_kernels.h"

namespace tokenflare {

// activation(x W^T + bias) + residual: [rows, depth] -> [rows, num_out]
struct Product {
  const float *x;
  int64_t num_rows;
  Matrix matrix;
  const float *bias;      // [num_out], or null
  bool gelu;              // the activation is GELU, else there is none
  const float *residual;  // [rows, num_out], or null
  float *output;
  RowBlock *rounded;  // room for x as integers, RoundedBlocks of them, where the matrix has integers
  // x rounded to bfloat16, [rows, PaddedDepth], where the matrix has such; `linear` sets it.
  const float *bfloats = nullptr;
};

// A panel of a product's matrix: where its columns are, and where they go.
struct PanelOf {
  const Segment &segment;
  int64_t index;  // in the segment
  int64_t Column() const { return segment.first_out + index * kPanelWidth; }
  int NumCols() const {
    const int64_t left = segment.num_out - index * kPanelWidth;
    return static_cast<int>(left < kPanelWidth ? left : kPanelWidth);
  }
};

// How queries, keys and values lie side by side in a row: num_heads, then twice num_kv_heads stripes of head_dim.
struct Stripes {
  int64_t num_heads, num_kv_heads, head_dim;
  int64_t RowSize() const { return (num_heads + 2 * num_kv_heads) * head_dim; }
};

// How a cache holds the numbers of keys and values; integers of a token's head share a scale.
enum class CacheFormat : int32_t { kF32 = 0, kF16 = 1, kInt8 = 2 };
constexpr int64_t NumberBytes(CacheFormat format) {
  return format == CacheFormat::kF32 ? 4 : format == CacheFormat::kF16 ? 2 : 1;
}

// Tokens of a page of a cache.
constexpr int64_t kPageTokens = 64;

// Where a sequence's keys and values are: the page of each kPageTokens of its tokens. Those before `first` may be gone.
struct PageTable {
  const int32_t *pages;
  int64_t num_pages, first;
};

struct Attention {
  const float *qkv;  // [rows, stripes]
  void *keys;    // [pages, kv_heads, kPageTokens / 16, padded_dim, 16], in the cache's format
  void *values;  // [pages, kv_heads, kPageTokens, padded_dim]
  float *key_scales, *value_scales;  // of integers: [pages, kv_heads, kPageTokens]; else null
  const PageTable *tables;
  const int32_t *sequences;  // [rows], whose table
  const int32_t *positions;
  float *output;  // [rows, heads * head_dim]
  int64_t num_rows;
  Stripes stripes;
  int64_t padded_dim;
  CacheFormat format;
  float scale;
  int64_t window;  // tokens that a query sees, itself included; 0: all
};

struct Rotation {
  const float *table;  // [positions, head_dim]: the cosines of a head's pairs, then their sines
  const int32_t *positions;
  bool neighbours;  // a pair is 2 i and 2 i + 1, else i and i + head_dim / 2
};

// One set of kernels for each instruction set. Each sums in one fixed order, whatever the number of rows or threads.
struct Kernels {
  const char *name;
  void (*linear)(const Product &product);
  // The part of it of one panel. Where that has integers or bfloat16, the rows are rounded.
  void (*panel)(const Product &product, const PanelOf &panel);
  // Adds row `row` of a matrix to `output`, [depth].
  void (*add_row)(const Matrix &matrix, int64_t row, float *output);
  // (x - mean) / sqrt(variance + epsilon) * gain + shift over rows; shift may be null.
  void (*layer_norm)(const float *x, int64_t num_rows, int64_t dim, const float *gain, const float *shift,
                     float epsilon, float *output);
  // x / sqrt(mean of squares + epsilon) * gain over rows.
  void (*rms_norm)(const float *x, int64_t num_rows, int64_t dim, const float *gain, float epsilon, float *output);
  // RMS norm of each head of queries and of keys; values are copied.
  void (*norm_heads)(const float *qkv, int64_t num_rows, const Stripes &stripes, const float *query_gain,
                     const float *key_gain, float epsilon, float *output);
  // Turns the pairs of each head of queries and of keys by the row's position; values are copied.
  void (*rotate)(const float *qkv, int64_t num_rows, const Stripes &stripes, const Rotation &rotation, float *output);
  // GELU in its tanh form, element by element.
  void (*gelu)(const float *x, int64_t size, float *output);
  // SiLU or GELU of a row's first half, times its second: [rows, 2 * dim] -> [rows, dim].
  void (*gate)(const float *x, int64_t num_rows, int64_t dim, bool is_silu, float *output);
  // x + y, element by element.
  void (*add)(const float *x, const float *y, int64_t size, float *output);
  // Writes the rows' keys and values into their pages, then lets each row attend up to its own position, and no
  // farther back than the window.
  void (*attention)(const Attention &attention);
  // The `num_top` largest of a row's numbers, the first of equals first, and where they stand: [size] -> [num_top],
  // [num_top]. Returns sum(exp((row - the largest) * scale)): not a number where the row has one or an infinity on top.
  double (*top)(const float *row, int64_t size, int64_t num_top, float scale, float *values, int32_t *places);
  const TrainingKernels *training;
};

// The sets of one kind of processor. A set that differs by its products of integers alone has all else of another.
const Kernels *AmxTileKernels();
const Kernels *AmxIntegerKernels();
const Kernels *Avx512VnniKernels();
const Kernels *Avx512Kernels();
const Kernels *AvxVnniKernels();
const Kernels *Avx2Kernels();
const Kernels *NeonKernels();
const Kernels *NeonI8mmKernels();

}  // namespace tokenflare

#endif  // TOKENFLARE_KERNELS_H_
