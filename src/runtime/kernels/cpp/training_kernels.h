#ifndef TOKENFLARE_TRAINING_KERNELS_H_
#define TOKENFLARE_TRAINING_KERNELS_H_

#include <cstdint>

namespace tokenflare {

// Which numbers dropout drops, by their places and a seed alone, so that no mask is kept: those whose hash is below the
// threshold, of 2^31. The others grow by keep_scale.
struct Dropout {
  int32_t seed, threshold;
  float keep_scale;
};

// Causal attention over sequences that lie one after the other, forward, or backward where d_qkv is not null. Lengths are
// multiples of 8.
struct SequenceAttention {
  const float *qkv;    // [sequences * seq, 3 * heads * head_dim]
  float *out;          // [sequences * seq, heads * head_dim]
  float *stats;        // [sequences * heads, 2, seq]: the largest score and 1 / sum of each query
  const float *d_out;  // as out
  float *d_qkv;        // as qkv
  int64_t num_sequences, seq, num_heads, head_dim;
  float scale;         // of scores
  Dropout dropout;     // of weights, by their places in [sequences * heads, seq, seq]
  int64_t first_head;  // of those places
};

// What a step of the optimizer changes, and by what.
struct Optimized {
  float *weights, *means, *squares;
  const float *gradients;
  int64_t size;
};

struct AdamWNumbers {
  float rate, beta1, beta2, epsilon, decay;
  float correction1, correction2;  // 1 - beta^step
  float clip;                      // factor of gradients
};

// What training needs beside the kernels of inference. Sizes are any; sums have one order, whatever the number of threads.
struct TrainingKernels {
  void (*attend)(const SequenceAttention &attention);
  // The gradient of GELU times that of its result.
  void (*gelu_gradient)(const float *x, const float *d_y, int64_t size, float *d_x);
  // Of LayerNorm: `stats` is room for [rows, 2].
  void (*layer_norm_gradient)(const float *x, const float *gain, const float *d_y, int64_t num_rows, int64_t dim,
                              float epsilon, float *stats, float *d_x, float *d_gain);
  // [rows, dim] -> [dim]
  void (*column_sum)(const float *x, int64_t num_rows, int64_t dim, float *output);
  void (*drop)(const float *x, int64_t size, const Dropout &dropout, float *output);
  // Rows of two tables, added: [rows, dim]
  void (*embed)(const float *tokens, const float *positions, const int32_t *ids, const int32_t *places,
                int64_t num_rows, int64_t dim, float *output);
  // Rows added to those of zeros that indices name: [rows, dim] -> [num_out, dim]
  void (*scatter_rows)(const float *rows, const int32_t *indices, int64_t num_rows, int64_t dim, int64_t num_out,
                       float *output);
  // The largest logit of each row, the sum of exp(logit - largest), and the target's logit: [rows, size] -> [rows, 3]
  void (*cross_entropy)(const float *logits, const int32_t *targets, int64_t num_rows, int64_t size, float *stats);
  // (softmax - one-hot target) * scale: [rows, size]
  void (*cross_entropy_gradient)(const float *logits, const int32_t *targets, const float *stats, int64_t num_rows,
                                 int64_t size, float scale, float *output);
  // In double precision; `partials` is room for NumPartials(size) numbers.
  double (*sum_of_squares)(const float *x, int64_t size, double *partials);
  // Loshchilov and Hutter 2019, in place: decay is taken from the weight itself.
  void (*adam_w)(const Optimized &optimized, const AdamWNumbers &numbers);
};

// Numbers that are computed by one thread in a row.
constexpr int64_t kNumbersPerChunk = 16384;
constexpr int64_t NumPartials(int64_t size) { return (size + kNumbersPerChunk - 1) / kNumbersPerChunk; }

}  // namespace tokenflare

#endif  // TOKENFLARE_TRAINING_KERNELS_H_
