#ifndef TOKENFLARE_SCRATCH_H_
#define TOKENFLARE_SCRATCH_H_

#include <cstddef>
#include <cstdint>

// What the kernels need of the standard library stands in files that are compiled for every processor: a template that
// an instruction set's file instantiates could be the one that the linker takes for all.
namespace tokenflare {

// At least `size` floats of this thread's, at a multiple of 64, overwritten by the next call with the same `place`.
constexpr int kNumScratchPlaces = 5;
float *Scratch(int place, int64_t size);

// The `rank`-th largest of the numbers, from 0 on; their order changes.
float NthLargest(float *numbers, int64_t count, int64_t rank);

struct Entry {
  float value;
  int32_t place;
};

// Puts the `num_top` largest first, the first of equals first.
void SortTop(Entry *entries, int64_t count, int64_t num_top);

}  // namespace tokenflare

#endif  // TOKENFLARE_SCRATCH_H_
