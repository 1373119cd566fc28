// Runs the instructions of a step. What they name is checked first: a program that does not fit its tensors is refused
// and never reads or writes beside them.
#ifndef TOKENFLARE_STEP_RUN_H_
#define TOKENFLARE_STEP_RUN_H_

#include <algorithm>
#include <cstring>

#include "kernels.h"
#include "op_call.h"
#include "step_program.h"
#include "thread_pool.h"

namespace tokenflare {
namespace {

float Widen(float value) { return value; }

float Widen(uint16_t half) {
  const uint32_t word = static_cast<uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &word, sizeof value);
  return value;
}

// A row's numbers lie a panel width apart: asked for ahead, since no two share a cache line.
template <typename Weight>
void AddRow(const Weight *from, int64_t depth, int64_t width, float *output) {
  constexpr int64_t kAhead = 24;
  for (int64_t k = 0; k < depth; k++) {
    __builtin_prefetch(from + std::min(k + kAhead, depth - 1) * width);
    output[k] += Widen(from[k * width]);
  }
}

void AddRow(const TF_Tensor *packed, int64_t row, float *output) {
  const int64_t depth = TF_Dim(packed, 1), width = kernels->panel_width;
  const int64_t start = row / width * depth * width + row % width;
  if (TF_TensorType(packed) == TF_FLOAT) {
    AddRow(Data<float>(packed) + start, depth, width, output);
  } else {
    AddRow(Data<uint16_t>(packed) + start, depth, width, output);
  }
}

class StepRun {
 public:
  // `tensors` are the step's, `memory` holds (cols * num_rows + selected_cols * num_selected) numbers, `result` all of
  // the result.
  StepRun(Call *call, const Program &program, const StepRows &rows, const std::vector<TF_Tensor *> &tensors,
          float *memory, float *result)
      : call_(*call), program_(program), rows_(rows), tensors_(tensors), memory_(memory), result_(result) {}

  void Run() {
    for (int32_t i = 0; i < program_.num_instructions && call_.ok(); i++) Run(program_.instructions[i]);
  }

 private:
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
      default: call_.Require(false, "an instruction is of a kind that is known");
    }
  }

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
    return call_.Require(x != kNone && RowsOf(x) == RowsOf(i.output) && ColsOf(x) == cols, message);
  }

  bool HasAllRows(const Instruction &i) {
    return call_.Require(!program_.registers[i.output].is_selected, "what depends on a row's place takes all rows");
  }

  const TF_Tensor *TensorAt(int32_t place) const {
    return place < 0 || place >= static_cast<int32_t>(tensors_.size()) ? nullptr : tensors_[place];
  }

  // A vector of float32 of that size; null if it was left out, and where it may not be, a failure.
  const float *VectorAt(int32_t place, int64_t size, bool is_optional) {
    if (place == kNone && is_optional) return nullptr;
    const TF_Tensor *tensor = TensorAt(place);
    const bool fits = tensor != nullptr && TF_TensorType(tensor) == TF_FLOAT && TF_TensorElementCount(tensor) == size;
    return call_.Require(fits, "a vector has a number for each column") ? Data<float>(tensor) : nullptr;
  }

  // A packed matrix whose rows have that depth.
  const TF_Tensor *MatrixAt(int32_t place, int64_t depth) {
    const TF_Tensor *tensor = TensorAt(place);
    const bool fits = tensor != nullptr && TF_NumDims(tensor) == 3 && TF_Dim(tensor, 1) == depth &&
                      TF_Dim(tensor, 2) == kernels->panel_width;
    return call_.Require(fits, "rows and matrix have the same depth") ? tensor : nullptr;
  }

  // numbers: the rows of the tokens' matrix, those of the positions'
  void Embed(const Instruction &i) {
    const int64_t dim = ColsOf(i.output), num_rows = rows_.num_rows;
    const bool has_positions = i.tensors[1] != kNone;
    const TF_Tensor *tokens = MatrixAt(i.tensors[0], dim);
    const TF_Tensor *positions = has_positions ? MatrixAt(i.tensors[1], dim) : nullptr;
    if (!HasAllRows(i)) return;
    const auto is_inside = [](const TF_Tensor *matrix, int32_t row) {
      return matrix == nullptr || (row >= 0 && row < TF_Dim(matrix, 0) * TF_Dim(matrix, 2));
    };
    for (int64_t row = 0; row < num_rows; row++) {
      const bool fits = is_inside(tokens, rows_.tokens[row]) && is_inside(positions, rows_.positions[row]);
      if (!call_.Require(fits, "tokens and positions are rows of their matrices")) return;
    }
    ParallelFor(num_rows, [&](int64_t row) {
      float *to = Of(i.output) + row * dim;
      std::memset(to, 0, dim * sizeof(float));
      AddRow(tokens, rows_.tokens[row], to);
      if (i.scalar != 1.0f) {
        for (int64_t k = 0; k < dim; k++) to[k] *= i.scalar;
      }
      if (has_positions) AddRow(positions, rows_.positions[row], to);
    });
  }

  // x: the rows, y: what is added to the product, or nothing; numbers: 1 for GELU before that
  void Linear(const Instruction &i) {
    const int64_t num_out = ColsOf(i.output), depth = ColsOf(i.x), width = kernels->panel_width;
    if (!Fits(i, i.x, depth, "a product has as many rows as its input")) return;
    const TF_Tensor *packed = MatrixAt(i.tensors[0], depth);
    const float *bias = VectorAt(i.tensors[1], num_out, true);
    if (i.y != kNone) Fits(i, i.y, num_out, "what is added has the shape of the product");
    if (!call_.ok() || !call_.Require(TF_Dim(packed, 0) == (num_out + width - 1) / width, "a product has a column for each output")) return;
    const bool is_float = TF_TensorType(packed) == TF_FLOAT;
    const PackedMatrix matrix = {is_float ? Data<float>(packed) : nullptr,
                                 is_float ? nullptr : Data<uint16_t>(packed), num_out, depth};
    kernels->linear({Of(i.x), RowsOf(i.x), matrix, bias, i.numbers[0] != 0, i.y == kNone ? nullptr : Of(i.y),
                     Of(i.output)});
  }

  void LayerNorm(const Instruction &i) {
    const int64_t dim = ColsOf(i.output);
    const float *gain = VectorAt(i.tensors[0], dim, false), *shift = VectorAt(i.tensors[1], dim, true);
    if (!Fits(i, i.x, dim, kSameShape)) return;
    kernels->layer_norm(Of(i.x), RowsOf(i.x), dim, gain, shift, i.scalar, Of(i.output));
  }

  void RmsNorm(const Instruction &i) {
    const int64_t dim = ColsOf(i.output);
    const float *gain = VectorAt(i.tensors[0], dim, false);
    if (!Fits(i, i.x, dim, kSameShape)) return;
    kernels->rms_norm(Of(i.x), RowsOf(i.x), dim, gain, i.scalar, Of(i.output));
  }

  // numbers: heads of queries, of keys, numbers of a head
  Stripes StripesOf(const Instruction &i) {
    const Stripes stripes = {i.numbers[0], i.numbers[1], i.numbers[2]};
    const bool are_heads = stripes.num_heads > 0 && stripes.num_kv_heads > 0 && stripes.head_dim > 0 &&
                           stripes.num_heads % stripes.num_kv_heads == 0;
    call_.Require(are_heads && i.x != kNone && RowsOf(i.x) == RowsOf(i.output) && ColsOf(i.x) == stripes.RowSize(),
                  "queries, keys and values lie side by side");
    return stripes;
  }

  void NormHeads(const Instruction &i) {
    const Stripes stripes = StripesOf(i);
    const float *query_gain = VectorAt(i.tensors[0], stripes.head_dim, false);
    const float *key_gain = VectorAt(i.tensors[1], stripes.head_dim, false);
    if (!call_.ok() || !Fits(i, i.x, ColsOf(i.output), kSameShape)) return;
    kernels->norm_heads(Of(i.x), RowsOf(i.x), stripes, query_gain, key_gain, i.scalar, Of(i.output));
  }

  // numbers: the stripes, 1 if a pair is two neighbours
  void Rotate(const Instruction &i) {
    const Stripes stripes = StripesOf(i);
    const TF_Tensor *table = TensorAt(i.tensors[0]);
    if (!call_.Require(table != nullptr && TF_TensorType(table) == TF_FLOAT, "rotations have a table")) return;
    if (!Fits(i, i.x, ColsOf(i.output), kSameShape) || !HasAllRows(i)) return;
    const int64_t num_positions = TF_TensorElementCount(table) / stripes.head_dim;
    for (int64_t row = 0; row < rows_.num_rows; row++) {
      const bool is_inside = rows_.positions[row] >= 0 && rows_.positions[row] < num_positions;
      if (!call_.Require(is_inside, "a row's position lies in the table")) return;
    }
    kernels->rotate(Of(i.x), rows_.num_rows, stripes, {Data<float>(table), rows_.positions, i.numbers[3] != 0},
                    Of(i.output));
  }

  // tensors: the cache of one layer twice, [lanes, kvHeads, laneLength, paddedDim]; numbers: the stripes, the window
  void Attend(const Instruction &i) {
    const Stripes stripes = StripesOf(i);
    const TF_Tensor *keys = TensorAt(i.tensors[0]), *values = TensorAt(i.tensors[1]);
    const auto is_cache = [&](const TF_Tensor *tensor) {
      return tensor != nullptr && TF_TensorType(tensor) == TF_FLOAT && TF_NumDims(tensor) == 4 &&
             TF_Dim(tensor, 1) == stripes.num_kv_heads && TF_Dim(tensor, 3) >= stripes.head_dim &&
             TF_Dim(tensor, 3) % 16 == 0;
    };
    const bool fits = call_.ok() && is_cache(keys) && is_cache(values) && TF_Dim(keys, 0) == TF_Dim(values, 0) &&
                      TF_Dim(keys, 2) == TF_Dim(values, 2) && TF_Dim(keys, 3) == TF_Dim(values, 3) &&
                      ColsOf(i.output) == stripes.num_heads * stripes.head_dim;
    if (!call_.Require(fits, "queries fit the cache") || !HasAllRows(i)) return;
    for (int64_t row = 0; row < rows_.num_rows; row++) {
      const int32_t lane = rows_.lanes[row], position = rows_.positions[row];
      const bool inside = lane >= 0 && lane < TF_Dim(keys, 0) && position >= 0 && position < TF_Dim(keys, 2);
      if (!call_.Require(inside, "a row's lane and position lie in the cache")) return;
    }
    kernels->attention({Of(i.x), Data<float>(keys), Data<float>(values), rows_.lanes, rows_.positions, Of(i.output),
                        rows_.num_rows, stripes, TF_Dim(keys, 3), TF_Dim(keys, 2), i.scalar, i.numbers[3]});
  }

  void Gelu(const Instruction &i) {
    if (!Fits(i, i.x, ColsOf(i.output), kSameShape)) return;
    kernels->gelu(Of(i.x), RowsOf(i.x) * ColsOf(i.x), Of(i.output));
  }

  // numbers: 1 for SiLU, 0 for GELU. [rows, 2 * dim] -> [rows, dim]
  void Gate(const Instruction &i) {
    const int64_t dim = ColsOf(i.output);
    if (!Fits(i, i.x, 2 * dim, "a row has a gate for each value")) return;
    kernels->gate(Of(i.x), RowsOf(i.x), dim, i.numbers[0] != 0, Of(i.output));
  }

  void Add(const Instruction &i) {
    const int64_t cols = ColsOf(i.output);
    if (!Fits(i, i.x, cols, kSameShape) || !Fits(i, i.y, cols, kSameShape)) return;
    kernels->add(Of(i.x), Of(i.y), RowsOf(i.x) * cols, Of(i.output));
  }

  void Select(const Instruction &i) {
    const int64_t cols = ColsOf(i.output);
    const bool fits = i.x != kNone && ColsOf(i.x) == cols && !program_.registers[i.x].is_selected &&
                      program_.registers[i.output].is_selected;
    if (!call_.Require(fits, "rows are selected of all rows")) return;
    for (int64_t row = 0; row < rows_.num_selected; row++) {
      std::memcpy(Of(i.output) + row * cols, Of(i.x) + rows_.selected[row] * cols, cols * sizeof(float));
    }
  }

  static constexpr const char *kSameShape = "input and output have the same shape";

  Call &call_;
  const Program &program_;
  const StepRows &rows_;
  const std::vector<TF_Tensor *> &tensors_;
  float *memory_;
  float *result_;
};

}  // namespace
}  // namespace tokenflare

#endif  // TOKENFLARE_STEP_RUN_H_
