// A whole step as one operation.
#ifndef TOKENFLARE_STEP_OP_H_
#define TOKENFLARE_STEP_OP_H_

#include <sys/mman.h>

#include <cstdlib>

#include "op_call.h"
#include "step_run.h"

namespace tokenflare {
namespace {

// This thread's memory for the activations of a step: it grows to what the largest step took, and stays.
float *StepMemory(int64_t size) {
  static thread_local float *memory = nullptr;
  static thread_local int64_t capacity = 0;
  if (size <= capacity) return memory;
  constexpr size_t kPage = size_t{2} << 20;
  std::free(memory);
  const size_t num_bytes = (size * sizeof(float) + kPage - 1) / kPage * kPage;
  memory = static_cast<float *>(std::aligned_alloc(kPage, num_bytes));
  capacity = memory == nullptr ? 0 : num_bytes / sizeof(float);
  if (memory != nullptr) madvise(memory, num_bytes, MADV_HUGEPAGE);
  return memory;
}

// Numbers of a row of tops: the largest, where they stand, and log(sum(exp(row))).
int64_t TopSize(int64_t num_top) { return 2 * num_top + 1; }

// Sorts the rows of the result into those that come whole and those whose top is enough, each in order.
void WriteResult(const StepRows &rows, const float *result, int64_t cols, float *whole, float *tops) {
  std::vector<int64_t> places(rows.num_selected);
  int64_t num_whole = 0, num_tops = 0;
  for (int32_t row = 0; row < rows.num_selected; row++) {
    places[row] = rows.top_is_enough[row] ? num_tops++ : num_whole++;
  }
  ParallelFor(rows.num_selected, [&](int64_t row) {
    const float *from = result + row * cols;
    if (!rows.top_is_enough[row]) {
      std::memcpy(whole + places[row] * cols, from, cols * sizeof(float));
      return;
    }
    float *to = tops + places[row] * TopSize(rows.num_top);
    kernels->top(from, cols, rows.num_top, to, to + rows.num_top, to + 2 * rows.num_top);
  });
}

// The program, the rows, then the tensors that it names -> the rows of the result that come whole [whole, cols], and
// the tops of the others [tops, TopSize]
void ComputeStep(void *, TF_OpKernelContext *context) {
  Call call(context);
  const TF_Tensor *words = call.Input(0), *row_words = call.Input(1);
  std::vector<TF_Tensor *> tensors;
  for (int i = 2; i < TF_NumInputs(context); i++) tensors.push_back(call.Input(i));
  if (!call.ok()) return;
  Program program;
  StepRows rows;
  const bool is_program = ReadProgram(Data<int32_t>(words), TF_TensorElementCount(words), &program);
  if (!call.Require(is_program, "a step has a program")) return;
  const bool are_rows = ReadRows(Data<int32_t>(row_words), TF_TensorElementCount(row_words), &rows);
  if (!call.Require(are_rows, "a step has rows")) return;
  const Register &result = program.registers[program.result];
  int64_t num_tops = 0;
  for (int32_t row = 0; result.is_selected && row < rows.num_selected; row++) num_tops += rows.top_is_enough[row] != 0;
  const int64_t num_rows = result.is_selected ? rows.num_selected : rows.num_rows;
  if (!call.Require(num_tops == 0 || (rows.num_top > 0 && rows.num_top <= result.cols), "a row has a top")) return;
  TF_Tensor *whole = call.Output(0, TF_FLOAT, {num_rows - num_tops, result.cols});
  TF_Tensor *tops = call.Output(1, TF_FLOAT, {num_tops, TopSize(rows.num_top)});
  if (!call.ok()) return;
  const int64_t activations =
      int64_t{program.cols} * rows.num_rows + int64_t{program.selected_cols} * rows.num_selected;
  float *memory = StepMemory(activations + (num_tops > 0 ? num_rows * result.cols : 0));
  if (!call.Require(memory != nullptr || activations == 0, "the system has no memory left for a step")) return;
  float *to = num_tops > 0 ? memory + activations : Data<float>(whole);
  StepRun(&call, program, rows, tensors, memory, to).Run();
  if (call.ok() && num_tops > 0) WriteResult(rows, to, result.cols, Data<float>(whole), Data<float>(tops));
}

}  // namespace
}  // namespace tokenflare

#endif  // TOKENFLARE_STEP_OP_H_
