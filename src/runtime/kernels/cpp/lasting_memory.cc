#include "lasting_memory.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>

namespace tokenflare {
namespace {

constexpr size_t kPage = size_t{2} << 20;
// Matrices lie side by side in stretches of this size, since the last page of one alone would be half empty.
constexpr size_t kStretch = size_t{64} << 20;
constexpr size_t kAlignment = 64;

size_t RoundUp(size_t size, size_t to) { return (size + to - 1) / to * to; }

struct Stretch {
  size_t size, used;
  int num_parts;
};

std::mutex mutex;
std::map<char *, Stretch> stretches;  // by where they start
char *open = nullptr;                 // the one that still has room

#if defined(_WIN32)

char *MapPages(size_t size) {
  return static_cast<char *>(VirtualAlloc(nullptr, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
}
void UnmapPages(char *start, size_t) { VirtualFree(start, 0, MEM_RELEASE); }
// What was committed once stays so.
void DiscardPages(char *, size_t) {}
size_t SystemPage() { return kPage; }

#else

// Whole pages, aligned to them.
char *MapPages(size_t size) {
  void *mapped = mmap(nullptr, size + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  char *start = static_cast<char *>(mapped);
  char *aligned = reinterpret_cast<char *>(RoundUp(reinterpret_cast<uintptr_t>(start), kPage));
  if (aligned > start) munmap(start, aligned - start);
  munmap(aligned + size, start + kPage - aligned);
  // Asked for, not demanded: a system without them serves as well, slower.
#if defined(MADV_HUGEPAGE)
  madvise(aligned, size, MADV_HUGEPAGE);
#endif
  return aligned;
}
void UnmapPages(char *start, size_t size) { munmap(start, size); }
void DiscardPages(char *start, size_t size) {
#if defined(__linux__)
  madvise(start, size, MADV_DONTNEED);
#else
  madvise(start, size, MADV_FREE);
#endif
}
size_t SystemPage() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

#endif

}  // namespace

void *AllocateLasting(size_t num_bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  const size_t needed = RoundUp(std::max<size_t>(num_bytes, 1), kAlignment);
  if (open == nullptr || stretches[open].used + needed > stretches[open].size) {
    const size_t size = std::max(kStretch, RoundUp(needed, kPage));
    char *start = MapPages(size);
    if (start == nullptr) return nullptr;
    stretches[start] = {size, 0, 0};
    // What is left of the old one stays with it, so that it goes when its parts have gone.
    open = start;
  }
  Stretch &stretch = stretches[open];
  void *memory = open + stretch.used;
  stretch.used += needed;
  stretch.num_parts++;
  return memory;
}

void ReleaseLasting(void *start, size_t num_bytes) {
  const size_t page = SystemPage();
  const uintptr_t from = RoundUp(reinterpret_cast<uintptr_t>(start), page);
  const uintptr_t to = (reinterpret_cast<uintptr_t>(start) + num_bytes) / page * page;
  // Pages of the system that hold something else as well stay.
  if (from < to) DiscardPages(reinterpret_cast<char *>(from), to - from);
}

void FreeLasting(void *memory) {
  std::lock_guard<std::mutex> lock(mutex);
  const auto found = std::prev(stretches.upper_bound(static_cast<char *>(memory)));
  if (--found->second.num_parts > 0) return;
  if (found->first == open) open = nullptr;
  UnmapPages(found->first, found->second.size);
  stretches.erase(found);
}

}  // namespace tokenflare
