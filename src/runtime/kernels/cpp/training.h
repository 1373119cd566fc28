#ifndef TOKENFLARE_TRAINING_H_
#define TOKENFLARE_TRAINING_H_

#include <cstdint>

#include "kernels.h"
#include "multiply_bfloat.h"

namespace tokenflare {

// An array of float32 or int32.
struct Operand {
  void *numbers;
  int64_t size;
  bool has_integers;
};

constexpr int kMaxTrainingOperands = 8;

// One operation of training by its place in TRAINING_OPERATIONS of training-operations.ts, which says what operands and numbers
// each takes; a result that is a number replaces the first of `numbers`. Returns what is wrong, or null.
const char *Train(const Kernels &kernels, const BFloatKernels *bfloats, int64_t operation, const Operand *operands,
                  int64_t num_operands, double *numbers, int64_t num_numbers);

}  // namespace tokenflare

#endif  // TOKENFLARE_TRAINING_H_
