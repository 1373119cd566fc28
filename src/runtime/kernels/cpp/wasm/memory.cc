// What lasts, and what threads need for a while, in WebAssembly's memory. Its malloc is for one thread: the caller's,
// or one that asks for scratch.
#include <atomic>
#include <cstdlib>
#include <cstring>

#include "lasting_memory.h"
#include "scratch.h"
#include "threads.h"

namespace tokenflare {
namespace {

constexpr size_t kAlignment = 64;

std::atomic_flag is_taken = ATOMIC_FLAG_INIT;

// A thread that trapped in malloc keeps it for good.
void Take() {
  while (is_taken.test_and_set(std::memory_order_acquire)) {
    if (HaveFailed()) __builtin_trap();
  }
}

void *Allocate(size_t num_bytes) {
  const size_t size = (num_bytes + kAlignment - 1) / kAlignment * kAlignment;
  Take();
  void *memory = std::aligned_alloc(kAlignment, size < kAlignment ? kAlignment : size);
  is_taken.clear(std::memory_order_release);
  return memory;
}

void Free(void *memory) {
  Take();
  std::free(memory);
  is_taken.clear(std::memory_order_release);
}

struct Place {
  float *numbers;
  int64_t size;
};
thread_local Place places[kNumScratchPlaces];

}  // namespace

void *AllocateLasting(size_t num_bytes) {
  void *memory = Allocate(num_bytes);
  if (memory != nullptr) std::memset(memory, 0, num_bytes);
  return memory;
}

// WebAssembly's memory only grows.
void ReleaseLasting(void *, size_t) {}

void FreeLasting(void *memory) { Free(memory); }

float *Scratch(int place, int64_t size) {
  Place &found = places[place];
  if (found.size < size) {
    Free(found.numbers);
    const int64_t num_bytes = size * static_cast<int64_t>(sizeof(float));
    found.numbers = IsCountable(num_bytes) ? static_cast<float *>(Allocate(num_bytes)) : nullptr;
    if (found.numbers == nullptr) std::abort();
    found.size = size;
  }
  return found.numbers;
}

}  // namespace tokenflare
