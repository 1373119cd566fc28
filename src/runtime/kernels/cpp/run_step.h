#ifndef TOKENFLARE_RUN_STEP_H_
#define TOKENFLARE_RUN_STEP_H_

#include <cstdint>

#include "kernels.h"
#include "store.h"

namespace tokenflare {

// Where a step leaves the rows of its result, in their order: those that come whole, and the tops.
struct StepOutput {
  float *whole;  // [whole rows, cols]
  int64_t whole_size;
  float *tops;  // [tops, num_top + 1]: the largest logits, then log(sum(exp(row))), or the weight of a row that is weighed
  int64_t tops_size;
  int32_t *places;  // [tops, num_top]
  int64_t places_size;
};

// Runs a program over rows as `ReadRows` reads them. What is wrong with them, or null.
const char *RunStep(const Kernels &kernels, Store &store, int32_t program, const int32_t *row_words,
                    int64_t num_row_words, const StepOutput &output);

}  // namespace tokenflare

#endif  // TOKENFLARE_RUN_STEP_H_
