#include "store.h"

#include <algorithm>
#include <cstring>

#include "pool.h"

namespace tokenflare {
namespace {

constexpr int64_t kMaxBytes = int64_t{1} << 46;

// The product of sizes, or -1 where it is beyond every memory.
int64_t ProductOf(std::initializer_list<int64_t> sizes) {
  int64_t product = 1;
  for (const int64_t size : sizes) {
    if (size <= 0 || product > kMaxBytes / size) return -1;
    product *= size;
  }
  return product;
}

constexpr const char *kNoTensor = "there is no such tensor";

}  // namespace

Store::~Store() {
  for (const auto &owned : tensors_) {
    if (owned != nullptr) FreeLasting(owned->memory);
  }
}

Store::Owned *Store::Add(int64_t num_bytes, int32_t *handle) {
  *handle = -1;
  if (num_bytes < 0) return nullptr;
  void *memory = AllocateLasting(num_bytes);
  if (memory == nullptr) return nullptr;
  std::memset(memory, 0, num_bytes);
  *handle = static_cast<int32_t>(tensors_.size());
  tensors_.push_back(std::make_unique<Owned>(Owned{{}, memory, num_bytes}));
  num_bytes_ += num_bytes;
  return tensors_.back().get();
}

int32_t Store::AddVector(int64_t size) {
  int32_t handle;
  Owned *owned = Add(ProductOf({size, 4}), &handle);
  if (owned == nullptr) return -1;
  owned->tensor.kind = Tensor::kVector;
  owned->tensor.numbers = static_cast<const float *>(owned->memory);
  owned->tensor.size = size;
  return handle;
}

int32_t Store::AddMatrix(int64_t num_out, int64_t depth, Format format) {
  if (ProductOf({num_out, depth, 4}) < 0) return -1;
  int32_t handle;
  // A kernel asks for what lies behind a panel, and never uses it.
  Owned *owned = Add(ProductOf({NumPanels(num_out), PanelBytes(format, depth)}), &handle);
  if (owned == nullptr) return -1;
  owned->tensor.kind = Tensor::kMatrix;
  owned->tensor.matrix = {format, static_cast<const uint8_t *>(owned->memory), num_out, depth};
  return handle;
}

int32_t Store::AddCache(int64_t num_layers, int64_t num_lanes, int64_t num_kv_heads, int64_t lane_length,
                        int64_t head_dim) {
  const int64_t padded_dim = (head_dim + 15) / 16 * 16;
  const int64_t half = ProductOf({num_layers, num_lanes, num_kv_heads, lane_length, padded_dim, 4});
  int32_t handle;
  Owned *owned = half < 0 ? nullptr : Add(2 * half, &handle);
  if (owned == nullptr) return -1;
  float *keys = static_cast<float *>(owned->memory);
  owned->tensor.kind = Tensor::kCache;
  owned->tensor.cache = {keys, keys + half / 4, num_layers, num_lanes, num_kv_heads, lane_length, padded_dim};
  return handle;
}

int32_t Store::AddProgram(const int32_t *words, int64_t num_words, const int32_t *handles, int64_t num_handles) {
  Program program;
  if (!ReadProgram(words, num_words, &program)) return -1;
  programs_.push_back(std::make_unique<StoredProgram>());
  programs_.back()->words.assign(words, words + num_words);
  programs_.back()->handles.assign(handles, handles + num_handles);
  return static_cast<int32_t>(programs_.size() - 1);
}

void Store::FreeTensor(int32_t handle) {
  if (At(handle) == nullptr) return;
  num_bytes_ -= tensors_[handle]->num_bytes;
  FreeLasting(tensors_[handle]->memory);
  tensors_[handle].reset();
}

void Store::FreeProgram(int32_t handle) {
  if (ProgramAt(handle) != nullptr) programs_[handle].reset();
}

Tensor *Store::At(int32_t handle) {
  if (handle < 0 || handle >= static_cast<int64_t>(tensors_.size()) || tensors_[handle] == nullptr) return nullptr;
  return &tensors_[handle]->tensor;
}

const StoredProgram *Store::ProgramAt(int32_t handle) const {
  if (handle < 0 || handle >= static_cast<int64_t>(programs_.size())) return nullptr;
  return programs_[handle].get();
}

Tensor *Store::OfKind(int32_t handle, Tensor::Kind kind) {
  Tensor *tensor = At(handle);
  return tensor != nullptr && tensor->kind == kind ? tensor : nullptr;
}

const char *Store::WriteVector(int32_t handle, const float *numbers, int64_t size) {
  Tensor *tensor = OfKind(handle, Tensor::kVector);
  if (tensor == nullptr) return kNoTensor;
  if (size != tensor->size) return "a vector has as many numbers as its size";
  std::memcpy(tensors_[handle]->memory, numbers, size * sizeof(float));
  return nullptr;
}

const char *Store::PackFloats(int32_t handle, int64_t first_row, const float *rows, int64_t count) {
  Tensor *tensor = OfKind(handle, Tensor::kMatrix);
  if (tensor == nullptr) return kNoTensor;
  const auto &[format, panels, num_out, depth] = tensor->matrix;
  const int64_t num_rows = count / depth;
  if (count % depth != 0 || first_row < 0 || first_row + num_rows > num_out) return "rows lie in the matrix";
  if (format != Format::kF32 && format != Format::kBF16 && format != Format::kQ8) return "no rows are rounded to 4 bits";
  uint8_t *to = static_cast<uint8_t *>(tensors_[handle]->memory);
  ParallelFor(num_rows, [&](int64_t row) { PackFloatRow(rows + row * depth, tensor->matrix, first_row + row, to); });
  return nullptr;
}

const char *Store::PackRows(int32_t handle, int64_t first_row, StoredFormat from, const uint8_t *rows,
                            int64_t num_bytes) {
  Tensor *tensor = OfKind(handle, Tensor::kMatrix);
  if (tensor == nullptr) return kNoTensor;
  const Matrix &matrix = tensor->matrix;
  if (!Holds(from, matrix.format) || matrix.depth % kBlockDepth != 0) return "panels hold rows of this format";
  const int64_t row_bytes = StoredRowBytes(from, matrix.depth), num_rows = num_bytes / row_bytes;
  const bool fits = num_bytes % row_bytes == 0 && first_row >= 0 && first_row + num_rows <= matrix.num_out;
  if (!fits) return "rows lie in the matrix";
  uint8_t *to = static_cast<uint8_t *>(tensors_[handle]->memory);
  // Whole panels to a thread: two rows of one share bytes.
  const int64_t first_panel = first_row / kPanelWidth, end_panel = NumPanels(first_row + num_rows);
  ParallelFor(end_panel - first_panel, [&](int64_t chunk) {
    const int64_t start = std::max(first_row, (first_panel + chunk) * kPanelWidth);
    const int64_t end = std::min(first_row + num_rows, (first_panel + chunk + 1) * kPanelWidth);
    for (int64_t row = start; row < end; row++) PackStoredRow(rows + (row - first_row) * row_bytes, from, matrix, row, to);
  });
  return nullptr;
}

const char *Store::CopyLane(int32_t handle, int64_t from, int64_t to, int64_t num_tokens) {
  Tensor *tensor = OfKind(handle, Tensor::kCache);
  if (tensor == nullptr) return kNoTensor;
  const Cache &cache = tensor->cache;
  const auto is_lane = [&](int64_t lane) { return lane >= 0 && lane < cache.num_lanes; };
  if (!is_lane(from) || !is_lane(to) || num_tokens < 0 || num_tokens > cache.lane_length) return "tokens lie in a lane";
  const int64_t head_size = cache.lane_length * cache.padded_dim;
  ParallelFor(cache.num_layers * cache.num_kv_heads, [&](int64_t chunk) {
    const int64_t layer = chunk / cache.num_kv_heads, head = chunk % cache.num_kv_heads;
    const auto start = [&](int64_t lane) {
      return ((layer * cache.num_lanes + lane) * cache.num_kv_heads + head) * head_size;
    };
    const size_t num_bytes = num_tokens * cache.padded_dim * sizeof(float);
    std::memmove(cache.keys + start(to), cache.keys + start(from), num_bytes);
    std::memmove(cache.values + start(to), cache.values + start(from), num_bytes);
  });
  return nullptr;
}

const char *Store::ClearLane(int32_t handle, int64_t lane, int64_t from) {
  Tensor *tensor = OfKind(handle, Tensor::kCache);
  if (tensor == nullptr) return kNoTensor;
  const Cache &cache = tensor->cache;
  const bool fits = lane >= 0 && lane < cache.num_lanes && from >= 0 && from <= cache.lane_length;
  if (!fits) return "tokens lie in a lane";
  for (int64_t layer = 0; layer < cache.num_layers; layer++) {
    for (int64_t head = 0; head < cache.num_kv_heads; head++) {
      const int64_t slot = ((layer * cache.num_lanes + lane) * cache.num_kv_heads + head) * cache.lane_length + from;
      const size_t num_bytes = (cache.lane_length - from) * cache.padded_dim * sizeof(float);
      std::memset(cache.keys + slot * cache.padded_dim, 0, num_bytes);
      std::memset(cache.values + slot * cache.padded_dim, 0, num_bytes);
    }
  }
  return nullptr;
}

}  // namespace tokenflare
