#include "scratch.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <new>

namespace tokenflare {
#if !defined(__wasm__)
namespace {

struct Place {
  float *numbers = nullptr;
  int64_t size = 0;
  ~Place() { ::operator delete(numbers, std::align_val_t{64}); }
};

}  // namespace

float *Scratch(int place, int64_t size) {
  static thread_local Place places[kNumScratchPlaces];
  Place &found = places[place];
  if (found.size < size) {
    ::operator delete(found.numbers, std::align_val_t{64});
    found.numbers = nullptr;
    // A kernel has no way to fail: without memory for its scratch the process ends, as it would by a page fault.
    found.numbers = static_cast<float *>(::operator new(size * sizeof(float), std::align_val_t{64}, std::nothrow));
    if (found.numbers == nullptr) std::abort();
    found.size = size;
  }
  return found.numbers;
}

#endif

float NthLargest(float *numbers, int64_t count, int64_t rank) {
  std::nth_element(numbers, numbers + rank, numbers + count, std::greater<float>());
  return numbers[rank];
}

void SortTop(Entry *entries, int64_t count, int64_t num_top) {
  std::partial_sort(entries, entries + num_top, entries + count, [](const Entry &a, const Entry &b) {
    return a.value > b.value || (a.value == b.value && a.place < b.place);
  });
}

}  // namespace tokenflare
