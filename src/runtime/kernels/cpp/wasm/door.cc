// The door of WebAssembly: what wasm-addon.ts calls. Sizes are doubles, which JavaScript has; addresses are of memory that it
// has allocated here. What is wrong comes back as the address of a text, or 0.
#include <cstdint>

#include "fractions.h"
#include "kernels.h"
#include "pool.h"
#include "run_step.h"
#include "self_check.h"
#include "store.h"
#include "threads.h"
#include "training.h"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace tokenflare {

const Kernels *WasmKernels();
const Kernels *WasmByteKernels();

namespace {

// The fastest first.
const Kernels *SetAt(int32_t index) {
#ifdef __wasm_relaxed_simd__
  if (index == 0) return WasmByteKernels();
  index--;
#endif
  return index == 0 ? WasmKernels() : nullptr;
}

// Never destroyed: it ends with its memory.
Store &store = *new Store();
const Kernels *kernels = nullptr;

}  // namespace

// Null behind the last.
EXPORT(nameOf) const char *NameOf(int32_t set) {
  const Kernels *named = SetAt(set);
  return named == nullptr ? nullptr : named->name;
}
EXPORT(computesRight) bool IsRight(int32_t set) { return ComputesRight(*SetAt(set)); }
EXPORT(digestOfFractions) uint32_t DigestOf(int32_t set) { return DigestOfFractions(*SetAt(set)); }
EXPORT(roundsOnce) bool IsFused(int32_t set) { return RoundsOnce(*SetAt(set)); }
EXPORT(use) void Use(int32_t set, int32_t num_threads) {
  kernels = SetAt(set);
  UseThreads(num_threads);
}

EXPORT(allocate) void *AllocateBytes(double num_bytes) {
  const int64_t size = static_cast<int64_t>(num_bytes);
  return IsCountable(size) ? AllocateLasting(size) : nullptr;
}
EXPORT(release) void ReleaseBytes(void *memory) { FreeLasting(memory); }

EXPORT(serve) void ServeJobs() { Serve(); }
EXPORT(stopThreads) void Stop() { StopThreads(); }
EXPORT(failThreads) void Fail() { FailThreads(); }

EXPORT(addVector) int32_t AddVector(double size) { return store.AddVector(static_cast<int64_t>(size)); }
EXPORT(addMatrix) int32_t AddMatrix(double depth, const int32_t *segments, int32_t num_segments) {
  return store.AddMatrix(static_cast<int64_t>(depth), segments, num_segments);
}
EXPORT(addCache)
int32_t AddCache(double layers, double pages, double heads, double head_dim, int32_t format) {
  return store.AddCache(static_cast<int64_t>(layers), static_cast<int64_t>(pages), static_cast<int64_t>(heads),
                        static_cast<int64_t>(head_dim), static_cast<CacheFormat>(format));
}
EXPORT(addProgram)
int32_t AddProgram(const int32_t *words, int32_t num_words, const int32_t *handles, int32_t num_handles) {
  return store.AddProgram(words, num_words, handles, num_handles);
}
EXPORT(freeTensor) void FreeTensor(int32_t handle) { store.FreeTensor(handle); }
EXPORT(freeProgram) void FreeProgram(int32_t handle) { store.FreeProgram(handle); }
EXPORT(writeVector) const char *WriteVector(int32_t handle, const float *numbers, double size) {
  return store.WriteVector(handle, numbers, static_cast<int64_t>(size));
}
EXPORT(memoryOf) const void *MemoryOf(int32_t handle) {
  int64_t num_bytes = 0;
  return store.MemoryOf(handle, &num_bytes);
}
EXPORT(numBytesOf) double NumBytesOf(int32_t handle) {
  int64_t num_bytes = 0;
  store.MemoryOf(handle, &num_bytes);
  return static_cast<double>(num_bytes);
}
EXPORT(numBytes) double NumBytes() { return static_cast<double>(store.num_bytes()); }
EXPORT(packFloats) const char *PackFloats(int32_t handle, double row, const float *numbers, double count) {
  return store.PackFloats(handle, static_cast<int64_t>(row), numbers, static_cast<int64_t>(count));
}
EXPORT(packRows)
const char *PackRows(int32_t handle, double row, int32_t format, const uint8_t *bytes, double num_bytes) {
  return store.PackRows(handle, static_cast<int64_t>(row), static_cast<StoredFormat>(format), bytes,
                        static_cast<int64_t>(num_bytes));
}
EXPORT(copyPage) const char *CopyPage(int32_t handle, double from, double to) {
  return store.CopyPage(handle, static_cast<int64_t>(from), static_cast<int64_t>(to));
}
EXPORT(readPage) const char *ReadPage(int32_t handle, double page, uint8_t *bytes, double num_bytes) {
  return store.ReadPage(handle, static_cast<int64_t>(page), bytes, static_cast<int64_t>(num_bytes));
}
EXPORT(writePage) const char *WritePage(int32_t handle, double page, const uint8_t *bytes, double num_bytes) {
  return store.WritePage(handle, static_cast<int64_t>(page), bytes, static_cast<int64_t>(num_bytes));
}
EXPORT(run)
const char *Run(int32_t program, const int32_t *rows, int32_t num_words, float *whole, double whole_size, float *tops,
                double tops_size, int32_t *places, double places_size) {
  return RunStep(*kernels, store, program, rows, num_words,
                 {whole, static_cast<int64_t>(whole_size), tops, static_cast<int64_t>(tops_size), places,
                  static_cast<int64_t>(places_size)});
}

// Of each operand its address, its size and 1 where it has integers.
EXPORT(train)
const char *TrainArrays(int32_t operation, const double *arrays, int32_t num_operands, double *numbers, int32_t num_numbers) {
  Operand operands[kMaxTrainingOperands];
  if (num_operands > kMaxTrainingOperands) return "a training operation has few operands";
  for (int32_t i = 0; i < num_operands; i++) {
    const double *array = arrays + 3 * i;
    operands[i] = {reinterpret_cast<void *>(static_cast<uintptr_t>(array[0])), static_cast<int64_t>(array[1]), array[2] != 0};
  }
  return Train(*kernels, nullptr, operation, operands, num_operands, numbers, num_numbers);
}

}  // namespace tokenflare
