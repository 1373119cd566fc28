// Runs the instructions of a step. What they name is checked first: a program that does not fit its tensors is refused
// and never reads or writes beside them.
#ifndef TOKENFLARE_STEP_RUN_H_
#define TOKENFLARE_STEP_RUN_H_

#include <cstring>
#include <vector>

#include "kernels.h"
#include "pool.h"
#include "step_program.h"
#include "tensor.h"

namespace tokenflare {
namespace {

class StepRun {
 public:
  // `tensors` are the step's, null where one is gone. `memory` holds (cols * num_rows + selected_cols * num_selected)
  // numbers, `result` all of the result, `rounded` the most blocks that a product takes (`RoundedBlocksOf`).
  StepRun(const Kernels &kernels, const Program &program, const StepRows &rows, const std::vector<const Tensor *> &tensors,
          float *memory, float *result, RowBlock *rounded)
      : kernels_(kernels), program_(program), rows_(rows), tensors_(tensors), memory_(memory), result_(result),
        rounded_(rounded) {
    const int32_t num_pages = rows.num_sequences == 0 ? 0 : rows.table_ends[rows.num_sequences - 1];
    for (int32_t i = 0; i < rows.num_tables; i++) ReadTables(rows.pages + int64_t{i} * num_pages, &tables_[i]);
  }

  // What is wrong with the step, or null. Nothing behind the fault is computed.
  const char *Run() {
    for (int32_t i = 0; i < program_.num_instructions && fault_ == nullptr; i++) Run(program_.instructions[i]);
    return fault_;
  }

 private:
  // The tables of the step's sequences, and the last page that one of them names.
  struct Tables {
    std::vector<PageTable> of_sequences;
    int32_t last_page = -1;
  };

  void ReadTables(const int32_t *all_pages, Tables *tables) {
    const int32_t *pages = all_pages;
    for (int32_t i = 0; i < rows_.num_sequences; i++) {
      const int32_t *end = all_pages + rows_.table_ends[i], *first = end;
      for (const int32_t *page = pages; page < end; page++) {
        tables->last_page = *page > tables->last_page ? *page : tables->last_page;
      }
      while (first > pages && first[-1] >= 0) first--;
      tables->of_sequences.push_back({pages, end - pages, first - pages});
      pages = end;
    }
  }

  void Run(const Instruction &i) {
    switch (i.kind) {
      case kEmbed: return Embed(i);
      case kLinear: return Linear(i);
      case kLayerNorm: return LayerNorm(i);
      case kRmsNorm: return RmsNorm(i);
      case kNormHeads: return NormHeads(i);
      case kRotate: return Rotate(i);
      case kAttention: return Attend(i);
      case kGelu: return Gelu(i);
      case kGate: return Gate(i);
      case kAdd: return Add(i);
      case kSelect: return Select(i);
      default: Require(false, "an instruction is of a kind that is known");
    }
  }

  bool Require(bool condition, const char *message) {
    if (!condition && fault_ == nullptr) fault_ = message;
    return fault_ == nullptr;
  }
  bool ok() const { return fault_ == nullptr; }

  int64_t ColsOf(int32_t index) const { return index == kNone ? 0 : program_.registers[index].cols; }
  int64_t RowsOf(int32_t index) const {
    return program_.registers[index].is_selected ? rows_.num_selected : rows_.num_rows;
  }

  float *Of(int32_t index) const {
    if (index == program_.result) return result_;
    const Register &r = program_.registers[index];
    if (!r.is_selected) return memory_ + int64_t{r.start} * rows_.num_rows;
    return memory_ + int64_t{program_.cols} * rows_.num_rows + int64_t{r.start} * rows_.num_selected;
  }

  // Whether x has as many rows as the output, and as many columns as given.
  bool Fits(const Instruction &i, int32_t x, int64_t cols, const char *message) {
    return Require(x != kNone && RowsOf(x) == RowsOf(i.output) && ColsOf(x) == cols, message);
  }

  bool HasAllRows(const Instruction &i) {
    return Require(!program_.registers[i.output].is_selected, "what depends on a row's place takes all rows");
  }

  const Tensor *TensorAt(int32_t place, Tensor::Kind kind) const {
    if (place < 0 || place >= static_cast<int32_t>(tensors_.size())) return nullptr;
    const Tensor *tensor = tensors_[place];
    return tensor != nullptr && tensor->kind == kind ? tensor : nullptr;
  }

  // A vector of that size; null if it was left out, and where it may not be, a fault.
  const float *VectorAt(int32_t place, int64_t size, bool is_optional) {
    if (place == kNone && is_optional) return nullptr;
    const Tensor *tensor = TensorAt(place, Tensor::kVector);
    const bool fits = tensor != nullptr && tensor->size == size;
    return Require(fits, "a vector has a number for each column") ? tensor->numbers : nullptr;
  }

  // A matrix whose rows have that depth.
  const Matrix *MatrixAt(int32_t place, int64_t depth) {
    const Tensor *tensor = TensorAt(place, Tensor::kMatrix);
    const bool fits = tensor != nullptr && tensor->matrix.depth == depth;
    return Require(fits, "rows and matrix have the same depth") ? &tensor->matrix : nullptr;
  }

  void Embed(const Instruction &i) {
    const int64_t dim = ColsOf(i.output), num_rows = rows_.num_rows;
    const bool has_positions = i.tensors[1] != kNone;
    const Matrix *tokens = MatrixAt(i.tensors[0], dim);
    const Matrix *positions = has_positions ? MatrixAt(i.tensors[1], dim) : nullptr;
    if (!ok() || !HasAllRows(i)) return;
    const auto is_inside = [](const Matrix *matrix, int32_t row) {
      return matrix == nullptr || (row >= 0 && row < matrix->num_out);
    };
    for (int64_t row = 0; row < num_rows; row++) {
      const bool fits = is_inside(tokens, rows_.tokens[row]) && is_inside(positions, rows_.positions[row]);
      if (!Require(fits, "tokens and positions are rows of their matrices")) return;
    }
    const float scale = i.scalar;
    ParallelFor(num_rows, [&](int64_t row) {
      float *to = Of(i.output) + row * dim;
      std::memset(to, 0, dim * sizeof(float));
      kernels_.add_row(*tokens, rows_.tokens[row], to);
      if (scale != 1.0f) {
        for (int64_t k = 0; k < dim; k++) to[k] *= scale;
      }
      if (has_positions) kernels_.add_row(*positions, rows_.positions[row], to);
    });
  }

  // x: the rows, y: what is added to the product, or nothing; numbers: 1 for GELU before that
  void Linear(const Instruction &i) {
    const int64_t num_out = ColsOf(i.output), depth = ColsOf(i.x);
    if (!Fits(i, i.x, depth, "a product has as many rows as its input")) return;
    const Matrix *matrix = MatrixAt(i.tensors[0], depth);
    const float *bias = VectorAt(i.tensors[1], num_out, true);
    if (i.y != kNone) Fits(i, i.y, num_out, "what is added has the shape of the product");
    if (!ok() || !Require(matrix->num_out == num_out, "a product has a column for each output")) return;
    kernels_.linear({Of(i.x), RowsOf(i.x), *matrix, bias, i.numbers[0] != 0, i.y == kNone ? nullptr : Of(i.y),
                     Of(i.output), rounded_});
  }

  void LayerNorm(const Instruction &i) {
    const int64_t dim = ColsOf(i.output);
    const float *gain = VectorAt(i.tensors[0], dim, false), *shift = VectorAt(i.tensors[1], dim, true);
    if (!ok() || !Fits(i, i.x, dim, kSameShape)) return;
    kernels_.layer_norm(Of(i.x), RowsOf(i.x), dim, gain, shift, i.scalar, Of(i.output));
  }

  void RmsNorm(const Instruction &i) {
    const int64_t dim = ColsOf(i.output);
    const float *gain = VectorAt(i.tensors[0], dim, false);
    if (!ok() || !Fits(i, i.x, dim, kSameShape)) return;
    kernels_.rms_norm(Of(i.x), RowsOf(i.x), dim, gain, i.scalar, Of(i.output));
  }

  // numbers: heads of queries, of keys, numbers of a head
  Stripes StripesOf(const Instruction &i) {
    const Stripes stripes = {i.numbers[0], i.numbers[1], i.numbers[2]};
    const bool are_heads = stripes.num_heads > 0 && stripes.num_kv_heads > 0 && stripes.head_dim > 0 &&
                           stripes.num_heads % stripes.num_kv_heads == 0;
    Require(are_heads && i.x != kNone && RowsOf(i.x) == RowsOf(i.output) && ColsOf(i.x) == stripes.RowSize(),
                  "queries, keys and values lie side by side");
    return stripes;
  }

  void NormHeads(const Instruction &i) {
    const Stripes stripes = StripesOf(i);
    const float *query_gain = VectorAt(i.tensors[0], stripes.head_dim, false);
    const float *key_gain = VectorAt(i.tensors[1], stripes.head_dim, false);
    if (!ok() || !Fits(i, i.x, ColsOf(i.output), kSameShape)) return;
    kernels_.norm_heads(Of(i.x), RowsOf(i.x), stripes, query_gain, key_gain, i.scalar, Of(i.output));
  }

  // numbers: the stripes, 1 if a pair is two neighbours
  void Rotate(const Instruction &i) {
    const Stripes stripes = StripesOf(i);
    const Tensor *table = TensorAt(i.tensors[0], Tensor::kVector);
    if (!Require(table != nullptr, "rotations have a table")) return;
    if (!Fits(i, i.x, ColsOf(i.output), kSameShape) || !HasAllRows(i)) return;
    const int64_t num_positions = table->size / stripes.head_dim;
    for (int64_t row = 0; row < rows_.num_rows; row++) {
      const bool is_inside = rows_.positions[row] >= 0 && rows_.positions[row] < num_positions;
      if (!Require(is_inside, "a row's position lies in the table")) return;
    }
    kernels_.rotate(Of(i.x), rows_.num_rows, stripes, {table->numbers, rows_.positions, i.numbers[3] != 0},
                    Of(i.output));
  }

  // numbers: the stripes, the window, the layer, which of a sequence's tables
  void Attend(const Instruction &i) {
    const Stripes stripes = StripesOf(i);
    const Tensor *tensor = TensorAt(i.tensors[0], Tensor::kCache);
    const int64_t layer = i.numbers[4];
    const bool fits = ok() && tensor != nullptr && tensor->cache.num_kv_heads == stripes.num_kv_heads &&
                      tensor->cache.padded_dim >= stripes.head_dim && layer >= 0 && layer < tensor->cache.num_layers &&
                      i.numbers[3] >= 0 && ColsOf(i.output) == stripes.num_heads * stripes.head_dim;
    if (!Require(fits, "queries fit the cache") || !HasAllRows(i)) return;
    const Cache &cache = tensor->cache;
    if (!Require(i.numbers[5] >= 0 && i.numbers[5] < rows_.num_tables, "sequences have tables")) return;
    const Tables &tables = tables_[i.numbers[5]];
    if (!Require(tables.last_page < cache.num_pages, "pages lie in the cache")) return;
    for (int64_t row = 0; row < rows_.num_rows; row++) {
      const PageTable &table = tables.of_sequences[rows_.sequences[row]];
      const int64_t position = rows_.positions[row], window = i.numbers[3];
      const int64_t first = window > 0 && position >= window ? position + 1 - window : 0;
      const bool inside = position / kPageTokens < table.num_pages && first / kPageTokens >= table.first;
      if (!Require(inside, "a row's sequence has pages for what the row sees")) return;
    }
    const int64_t slot = layer * cache.LayerSlots(), byte = slot * cache.SlotBytes();
    const bool has_scales = cache.format == CacheFormat::kInt8;
    float *key_scales = has_scales ? cache.key_scales + slot : nullptr;
    float *value_scales = has_scales ? cache.value_scales + slot : nullptr;
    kernels_.attention({Of(i.x), cache.keys + byte, cache.values + byte, key_scales, value_scales,
                        tables.of_sequences.data(), rows_.sequences, rows_.positions, Of(i.output), rows_.num_rows, stripes, cache.padded_dim,
                        cache.format, i.scalar, i.numbers[3]});
  }

  void Gelu(const Instruction &i) {
    if (!Fits(i, i.x, ColsOf(i.output), kSameShape)) return;
    kernels_.gelu(Of(i.x), RowsOf(i.x) * ColsOf(i.x), Of(i.output));
  }

  // numbers: 1 for SiLU, 0 for GELU. [rows, 2 * dim] -> [rows, dim]
  void Gate(const Instruction &i) {
    const int64_t dim = ColsOf(i.output);
    if (!Fits(i, i.x, 2 * dim, "a row has a gate for each value")) return;
    kernels_.gate(Of(i.x), RowsOf(i.x), dim, i.numbers[0] != 0, Of(i.output));
  }

  void Add(const Instruction &i) {
    const int64_t cols = ColsOf(i.output);
    if (!Fits(i, i.x, cols, kSameShape) || !Fits(i, i.y, cols, kSameShape)) return;
    kernels_.add(Of(i.x), Of(i.y), RowsOf(i.x) * cols, Of(i.output));
  }

  void Select(const Instruction &i) {
    const int64_t cols = ColsOf(i.output);
    const bool fits = i.x != kNone && ColsOf(i.x) == cols && !program_.registers[i.x].is_selected &&
                      program_.registers[i.output].is_selected;
    if (!Require(fits, "rows are selected of all rows")) return;
    for (int64_t row = 0; row < rows_.num_selected; row++) {
      std::memcpy(Of(i.output) + row * cols, Of(i.x) + rows_.selected[row] * cols, cols * sizeof(float));
    }
  }

  static constexpr const char *kSameShape = "input and output have the same shape";

  const Kernels &kernels_;
  const Program &program_;
  const StepRows &rows_;
  const std::vector<const Tensor *> &tensors_;
  float *memory_;
  float *result_;
  RowBlock *rounded_;
  Tables tables_[2];
  const char *fault_ = nullptr;
};

}  // namespace
}  // namespace tokenflare

#endif  // TOKENFLARE_STEP_RUN_H_
