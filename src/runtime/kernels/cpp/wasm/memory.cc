// What lasts, and what threads need for a while, in WebAssembly's memory. Its malloc is for one thread: the caller's,
// or one that asks for scratch. Large memory that lasts is not of malloc: the system adds zeros to the end of the module's
// memory, and has nothing behind them until they are written to. A cache of 1 GiB costs what its used pages do.
#include <atomic>
#include <cstdint>
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

void Give() { is_taken.clear(std::memory_order_release); }

constexpr size_t RoundUp(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

void *Allocate(size_t num_bytes) {
  const size_t size = RoundUp(num_bytes, kAlignment);
  Take();
  void *memory = std::aligned_alloc(kAlignment, size < kAlignment ? kAlignment : size);
  Give();
  return memory;
}

void Free(void *memory) {
  Take();
  std::free(memory);
  Give();
}

constexpr size_t kWasmPage = 65536;
// From so many bytes on what lasts is a range of pages of its own.
constexpr size_t kLarge = 16 * kWasmPage;

// In front of what lasts.
struct alignas(kAlignment) Header {
  size_t range_size;  // of pages; 0: malloc has it
};

// Pages that were given up, at their own beginning: in the order of their addresses, none beside another.
struct FreeRange {
  size_t size;
  FreeRange *next;
  char *end() { return reinterpret_cast<char *>(this) + size; }
};
FreeRange *free_ranges = nullptr;

// The first free range that has room, else new pages; null where the memory is at its end.
void *TakeRange(size_t size, bool *is_zero) {
  for (FreeRange **at = &free_ranges; *at != nullptr; at = &(*at)->next) {
    FreeRange *const found = *at;
    if (found->size < size) continue;
    if (found->size == size) {
      *at = found->next;
    } else {
      FreeRange *const rest = reinterpret_cast<FreeRange *>(reinterpret_cast<char *>(found) + size);
      *rest = {found->size - size, found->next};
      *at = rest;
    }
    return found;
  }
  const size_t page = __builtin_wasm_memory_grow(0, size / kWasmPage);
  if (page == SIZE_MAX) return nullptr;
  *is_zero = true;
  return reinterpret_cast<void *>(page * kWasmPage);
}

void GiveRange(void *start, size_t size) {
  FreeRange *before = nullptr, *after = free_ranges;
  while (after != nullptr && after < start) {
    before = after;
    after = after->next;
  }
  FreeRange *const range = static_cast<FreeRange *>(start);
  *range = {size, after};
  if (after != nullptr && range->end() == reinterpret_cast<char *>(after)) {
    *range = {size + after->size, after->next};
  }
  if (before == nullptr) {
    free_ranges = range;
  } else if (before->end() == start) {
    *before = {before->size + range->size, range->next};
  } else {
    before->next = range;
  }
}

struct Place {
  float *numbers;
  int64_t size;
};
thread_local Place places[kNumScratchPlaces];

}  // namespace

void *AllocateLasting(size_t num_bytes) {
  if (num_bytes > SIZE_MAX - 2 * kWasmPage) return nullptr;
  const size_t needed = sizeof(Header) + num_bytes;
  const size_t range_size = needed < kLarge ? 0 : RoundUp(needed, kWasmPage);
  bool is_zero = false;
  Header *header;
  if (range_size == 0) {
    header = static_cast<Header *>(Allocate(needed));
  } else {
    Take();
    header = static_cast<Header *>(TakeRange(range_size, &is_zero));
    Give();
  }
  if (header == nullptr) return nullptr;
  header->range_size = range_size;
  if (!is_zero) std::memset(header + 1, 0, num_bytes);
  return header + 1;
}

// WebAssembly's memory only grows.
void ReleaseLasting(void *, size_t) {}

void FreeLasting(void *memory) {
  if (memory == nullptr) return;
  Take();
  Header *const header = static_cast<Header *>(memory) - 1;
  if (header->range_size == 0) {
    std::free(header);
  } else {
    GiveRange(header, header->range_size);
  }
  Give();
}

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
