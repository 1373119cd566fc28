#ifndef TOKENFLARE_STORE_H_
#define TOKENFLARE_STORE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "lasting_memory.h"
#include "pack.h"
#include "step_program.h"
#include "tensor.h"

namespace tokenflare {

// A step, checked to be a program, and the handles of the tensors that it names.
struct StoredProgram {
  std::vector<int32_t> words;
  std::vector<int32_t> handles;
};

// Tensors and programs of one runtime, by handles. Functions that may fail return -1 or what is wrong; null is success.
class Store {
 public:
  ~Store();

  // [size] zeros; -1 without memory.
  int32_t AddVector(int64_t size);
  // [sum of the segments, depth] zeros in panels. `segments` has outputs and format of each.
  int32_t AddMatrix(int64_t depth, const int32_t *segments, int64_t num_segments);
  int32_t AddCache(int64_t num_layers, int64_t num_pages, int64_t num_kv_heads, int64_t head_dim, CacheFormat format);
  int32_t AddProgram(const int32_t *words, int64_t num_words, const int32_t *handles, int64_t num_handles);
  void FreeTensor(int32_t handle);
  void FreeProgram(int32_t handle);

  const char *WriteVector(int32_t handle, const float *numbers, int64_t size);
  // Rows of float32 of one segment, from `first_row` on: exact for float32, else rounded.
  const char *PackFloats(int32_t handle, int64_t first_row, const float *rows, int64_t count);
  // Rows of one segment as a file has them.
  const char *PackRows(int32_t handle, int64_t first_row, StoredFormat from, const uint8_t *rows, int64_t num_bytes);
  // A page of a cache, in every layer.
  const char *CopyPage(int32_t handle, int64_t from, int64_t to);
  // The bytes of a page, layer by layer: keys, values, and the scales of both.
  const char *ReadPage(int32_t handle, int64_t page, uint8_t *bytes, int64_t num_bytes);
  const char *WritePage(int32_t handle, int64_t page, const uint8_t *bytes, int64_t num_bytes);
  // Gives the memory of some pages that hold nothing back to the system, as far as it can be had; they may hold zeros then.
  const char *ReleasePages(int32_t handle, int64_t first, int64_t count);

  // All of a tensor's memory; null where there is none.
  const void *MemoryOf(int32_t handle, int64_t *num_bytes) const;
  Tensor *At(int32_t handle);
  const StoredProgram *ProgramAt(int32_t handle) const;
  // Of all tensors.
  int64_t num_bytes() const { return num_bytes_; }

 private:
  struct Owned {
    Tensor tensor;
    void *memory;
    int64_t num_bytes;
  };

  // Memory of zeros for a tensor; null where there is none.
  Owned *Add(int64_t num_bytes, int32_t *handle);
  Tensor *OfKind(int32_t handle, Tensor::Kind kind);
  const Cache *CacheOfPage(int32_t handle, int64_t page, int64_t num_bytes);
  const Segment *SegmentOfRows(int32_t handle, int64_t first_row, int64_t num_rows);
  uint8_t *WritablePanels(int32_t handle, const Segment &segment);

  std::vector<std::unique_ptr<Owned>> tensors_;
  std::vector<std::unique_ptr<StoredProgram>> programs_;
  int64_t num_bytes_ = 0;
};

}  // namespace tokenflare

#endif  // TOKENFLARE_STORE_H_
