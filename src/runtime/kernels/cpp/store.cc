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

// Something of each slot of a cache.
struct SlotArray {
  uint8_t *start;
  int64_t slot_bytes;
};

// Calls work(array) for keys, values, and the scales of both where there are any.
template <typename Work>
void ForSlotArrays(const Cache &cache, const Work &work) {
  work(SlotArray{cache.keys, cache.SlotBytes()});
  work(SlotArray{cache.values, cache.SlotBytes()});
  if (cache.format != CacheFormat::kInt8) return;
  work(SlotArray{reinterpret_cast<uint8_t *>(cache.key_scales), sizeof(float)});
  work(SlotArray{reinterpret_cast<uint8_t *>(cache.value_scales), sizeof(float)});
}

// Calls pack(row) for every row, whole panels to a thread: two rows of one share bytes.
template <typename Pack>
void ForPanelsOfRows(int64_t first_row, int64_t num_rows, const Pack &pack) {
  const int64_t first_panel = first_row / kPanelWidth, end_row = first_row + num_rows;
  ParallelFor(NumPanels(end_row) - first_panel, [&](int64_t chunk) {
    const int64_t start = std::max(first_row, (first_panel + chunk) * kPanelWidth);
    const int64_t end = std::min(end_row, (first_panel + chunk + 1) * kPanelWidth);
    for (int64_t row = start; row < end; row++) pack(row);
  });
}

}  // namespace

Store::~Store() {
  for (const auto &owned : tensors_) {
    if (owned != nullptr) FreeLasting(owned->memory);
  }
}

Store::Owned *Store::Add(int64_t num_bytes, int32_t *handle) {
  *handle = -1;
  if (num_bytes < 0 || !IsCountable(num_bytes)) return nullptr;
  void *memory = AllocateLasting(num_bytes);
  if (memory == nullptr) return nullptr;
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

int32_t Store::AddMatrix(int64_t depth, const int32_t *segments, int64_t num_segments) {
  if (depth <= 0 || num_segments <= 0 || num_segments > kMaxSegments) return -1;
  Matrix matrix = {0, depth, static_cast<int>(num_segments), {}};
  int64_t num_bytes = 0;
  for (int64_t i = 0; i < num_segments; i++) {
    const int64_t num_out = segments[2 * i];
    const int32_t format = segments[2 * i + 1];
    if (format < 0 || format >= kNumFormats || depth % DepthUnit(static_cast<Format>(format)) != 0) return -1;
    if (ProductOf({num_out, depth, 8}) < 0) return -1;
    matrix.segments[i] = {static_cast<Format>(format), matrix.num_out, num_out, nullptr};
    matrix.num_out += num_out;
    num_bytes += NumPanels(num_out) * PanelBytes(static_cast<Format>(format), depth);
  }
  int32_t handle;
  // A kernel asks for what lies behind a panel, and never uses it.
  Owned *owned = Add(num_bytes, &handle);
  if (owned == nullptr) return -1;
  const uint8_t *panels = static_cast<const uint8_t *>(owned->memory);
  for (int i = 0; i < matrix.num_segments; i++) {
    matrix.segments[i].panels = panels;
    panels += NumPanels(matrix.segments[i].num_out) * PanelBytes(matrix.segments[i].format, depth);
  }
  owned->tensor.kind = Tensor::kMatrix;
  owned->tensor.matrix = matrix;
  return handle;
}

int32_t Store::AddCache(int64_t num_layers, int64_t num_pages, int64_t num_kv_heads, int64_t head_dim,
                        CacheFormat format) {
  if (head_dim <= 0 || head_dim > kMaxBytes || num_pages > INT32_MAX) return -1;
  const int64_t padded_dim = (head_dim + 15) / 16 * 16;
  const int64_t num_slots = ProductOf({num_layers, num_pages, num_kv_heads, kPageTokens});
  const int64_t half = num_slots < 0 ? -1 : ProductOf({num_slots, padded_dim, NumberBytes(format)});
  const int64_t scale_bytes = format == CacheFormat::kInt8 ? num_slots * static_cast<int64_t>(sizeof(float)) : 0;
  int32_t handle;
  Owned *owned = half < 0 ? nullptr : Add(2 * (half + scale_bytes), &handle);
  if (owned == nullptr) return -1;
  uint8_t *keys = static_cast<uint8_t *>(owned->memory);
  float *scales = scale_bytes == 0 ? nullptr : reinterpret_cast<float *>(keys + 2 * half);
  owned->tensor.kind = Tensor::kCache;
  owned->tensor.cache = {keys,       keys + half, scales,       scales == nullptr ? nullptr : scales + num_slots,
                         num_layers, num_pages,   num_kv_heads, padded_dim, format};
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

const void *Store::MemoryOf(int32_t handle, int64_t *num_bytes) const {
  if (handle < 0 || handle >= static_cast<int64_t>(tensors_.size()) || tensors_[handle] == nullptr) return nullptr;
  *num_bytes = tensors_[handle]->num_bytes;
  return tensors_[handle]->memory;
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

// The segment that rows lie in; null where they do not lie in one.
const Segment *Store::SegmentOfRows(int32_t handle, int64_t first_row, int64_t num_rows) {
  Tensor *tensor = OfKind(handle, Tensor::kMatrix);
  if (tensor == nullptr || first_row < 0 || num_rows < 0 || first_row >= tensor->matrix.num_out) return nullptr;
  const Segment &segment = tensor->matrix.SegmentOf(first_row);
  return first_row + num_rows <= segment.first_out + segment.num_out ? &segment : nullptr;
}

constexpr const char *kNotInside = "rows are whole, and lie in one segment of the matrix";

const char *Store::PackFloats(int32_t handle, int64_t first_row, const float *rows, int64_t count) {
  Tensor *tensor = OfKind(handle, Tensor::kMatrix);
  if (tensor == nullptr) return kNoTensor;
  const int64_t depth = tensor->matrix.depth, num_rows = count / depth;
  const Segment *segment = count % depth != 0 ? nullptr : SegmentOfRows(handle, first_row, num_rows);
  if (segment == nullptr) return kNotInside;
  if (!IsFloat(segment->format) && segment->format != Format::kQ8) return "rows are rounded to 8 bits, or not at all";
  uint8_t *to = WritablePanels(handle, *segment);
  ForPanelsOfRows(first_row - segment->first_out, num_rows, [&](int64_t row) {
    PackFloatRow(rows + (row + segment->first_out - first_row) * depth, depth, segment->format, row, to);
  });
  return nullptr;
}

const char *Store::PackRows(int32_t handle, int64_t first_row, StoredFormat from, const uint8_t *rows,
                            int64_t num_bytes) {
  Tensor *tensor = OfKind(handle, Tensor::kMatrix);
  if (tensor == nullptr) return kNoTensor;
  const int64_t depth = tensor->matrix.depth;
  if (!IsStoredFormat(from) || depth % StoredDepthUnit(from) != 0) return "rows are whole blocks of a format";
  const int64_t row_bytes = StoredRowBytes(from, depth);
  const Segment *segment =
      num_bytes % row_bytes != 0 ? nullptr : SegmentOfRows(handle, first_row, num_bytes / row_bytes);
  if (segment == nullptr) return kNotInside;
  if (!Holds(from, segment->format)) return "panels hold rows of this format";
  uint8_t *to = WritablePanels(handle, *segment);
  ForPanelsOfRows(first_row - segment->first_out, num_bytes / row_bytes, [&](int64_t row) {
    PackStoredRow(rows + (row + segment->first_out - first_row) * row_bytes, from, depth, segment->format, row, to);
  });
  return nullptr;
}

uint8_t *Store::WritablePanels(int32_t handle, const Segment &segment) {
  uint8_t *memory = static_cast<uint8_t *>(tensors_[handle]->memory);
  return memory + (segment.panels - memory);
}

const char *Store::CopyPage(int32_t handle, int64_t from, int64_t to) {
  Tensor *tensor = OfKind(handle, Tensor::kCache);
  if (tensor == nullptr) return kNoTensor;
  const Cache &cache = tensor->cache;
  const auto is_page = [&](int64_t page) { return page >= 0 && page < cache.num_pages; };
  if (!is_page(from) || !is_page(to)) return "a page lies in the cache";
  ParallelFor(cache.num_layers, [&](int64_t layer) {
    ForSlotArrays(cache, [&](const SlotArray &array) {
      const int64_t bytes = cache.PageSlots() * array.slot_bytes;
      uint8_t *start = array.start + layer * cache.LayerSlots() * array.slot_bytes;
      std::memmove(start + to * bytes, start + from * bytes, bytes);
    });
  });
  return nullptr;
}

namespace {

// Calls move(in the cache, in a row of bytes, count) for every stretch of a page, as they lie one behind the other.
template <typename Move>
void ForStretches(const Cache &cache, int64_t page, const Move &move) {
  int64_t page_bytes = 0;
  ForSlotArrays(cache, [&](const SlotArray &array) { page_bytes += cache.PageSlots() * array.slot_bytes; });
  ParallelFor(cache.num_layers, [&](int64_t layer) {
    int64_t at = layer * page_bytes;
    ForSlotArrays(cache, [&](const SlotArray &array) {
      const int64_t bytes = cache.PageSlots() * array.slot_bytes;
      move(array.start + (layer * cache.num_pages + page) * bytes, at, bytes);
      at += bytes;
    });
  });
}

}  // namespace

// The cache, where it has the page and its pages have so many bytes; else null.
const Cache *Store::CacheOfPage(int32_t handle, int64_t page, int64_t num_bytes) {
  Tensor *tensor = OfKind(handle, Tensor::kCache);
  if (tensor == nullptr || page < 0 || page >= tensor->cache.num_pages) return nullptr;
  return num_bytes == tensors_[handle]->num_bytes / tensor->cache.num_pages ? &tensor->cache : nullptr;
}

constexpr const char *kNotThePage = "a page lies in the cache, and has all of its bytes";

const char *Store::ReadPage(int32_t handle, int64_t page, uint8_t *bytes, int64_t num_bytes) {
  const Cache *cache = CacheOfPage(handle, page, num_bytes);
  if (cache == nullptr) return kNotThePage;
  ForStretches(*cache, page, [&](const uint8_t *inside, int64_t at, int64_t count) {
    std::memcpy(bytes + at, inside, count);
  });
  return nullptr;
}

const char *Store::WritePage(int32_t handle, int64_t page, const uint8_t *bytes, int64_t num_bytes) {
  const Cache *cache = CacheOfPage(handle, page, num_bytes);
  if (cache == nullptr) return kNotThePage;
  ForStretches(*cache, page, [&](uint8_t *inside, int64_t at, int64_t count) {
    std::memcpy(inside, bytes + at, count);
  });
  return nullptr;
}

const char *Store::ReleasePages(int32_t handle, int64_t first, int64_t count) {
  Tensor *tensor = OfKind(handle, Tensor::kCache);
  if (tensor == nullptr) return kNoTensor;
  const Cache &cache = tensor->cache;
  if (first < 0 || count < 0 || first > cache.num_pages - count) return "pages lie in the cache";
  for (int64_t layer = 0; layer < cache.num_layers; layer++) {
    ForSlotArrays(cache, [&](const SlotArray &array) {
      const int64_t bytes = cache.PageSlots() * array.slot_bytes;
      ReleaseLasting(array.start + (layer * cache.num_pages + first) * bytes, count * bytes);
    });
  }
  return nullptr;
}

}  // namespace tokenflare
