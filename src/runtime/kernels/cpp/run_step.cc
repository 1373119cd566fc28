#include "run_step.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "growing_memory.h"
#include "pool.h"
#include "step_run.h"

namespace tokenflare {
namespace {

// The most blocks that the rows of a product take as integers.
int64_t MostRoundedBlocks(const Program &program, const StepRows &rows, const std::vector<const Tensor *> &tensors) {
  int64_t most = 0;
  for (int32_t i = 0; i < program.num_instructions; i++) {
    const Instruction &instruction = program.instructions[i];
    const int32_t place = instruction.tensors[0];
    if (instruction.kind != kLinear || place < 0 || place >= static_cast<int32_t>(tensors.size())) continue;
    const Tensor *tensor = tensors[place];
    if (tensor == nullptr || tensor->kind != Tensor::kMatrix || !tensor->matrix.HasIntegers()) continue;
    const bool is_selected = program.registers[instruction.output].is_selected != 0;
    const int64_t num_rows = is_selected ? rows.num_selected : rows.num_rows;
    most = std::max(most, RoundedBlocks(num_rows, tensor->matrix.depth));
  }
  return most;
}

// Sorts the rows of the result into those that come whole and those whose top is enough, each in order.
void WriteResult(const Kernels &kernels, const StepRows &rows, const float *result, int64_t cols,
                 const StepOutput &output) {
  std::vector<int64_t> places(rows.num_selected);
  int64_t num_whole = 0, num_tops = 0;
  for (int32_t row = 0; row < rows.num_selected; row++) {
    places[row] = rows.top_is_enough[row] ? num_tops++ : num_whole++;
  }
  ParallelFor(rows.num_selected, [&](int64_t row) {
    const float *from = result + row * cols;
    if (!rows.top_is_enough[row]) {
      std::memcpy(output.whole + places[row] * cols, from, cols * sizeof(float));
      return;
    }
    float *values = output.tops + places[row] * (rows.num_top + 1);
    kernels.top(from, cols, rows.num_top, values, output.places + places[row] * rows.num_top, values + rows.num_top);
  });
}

}  // namespace

const char *RunStep(const Kernels &kernels, Store &store, int32_t handle, const int32_t *row_words,
                    int64_t num_row_words, const StepOutput &output) {
  const StoredProgram *stored = store.ProgramAt(handle);
  if (stored == nullptr) return "there is no such program";
  Program program;
  StepRows rows;
  if (!ReadProgram(stored->words.data(), static_cast<int64_t>(stored->words.size()), &program)) return "a step has a program";
  if (!ReadRows(row_words, num_row_words, &rows)) return "a step has rows";
  std::vector<const Tensor *> tensors;
  for (const int32_t tensor : stored->handles) tensors.push_back(store.At(tensor));
  const Register &result = program.registers[program.result];
  int64_t num_tops = 0;
  for (int32_t row = 0; result.is_selected && row < rows.num_selected; row++) num_tops += rows.top_is_enough[row] != 0;
  const int64_t num_rows = result.is_selected ? rows.num_selected : rows.num_rows;
  const int64_t cols = result.cols;
  if (num_tops > 0 && (rows.num_top <= 0 || rows.num_top > cols)) return "a row has a top";
  const bool has_room = (num_rows - num_tops) * cols <= output.whole_size &&
                        num_tops * (rows.num_top + int64_t{1}) <= output.tops_size &&
                        num_tops * rows.num_top <= output.places_size;
  if (!has_room) return "the output has room for the result";
  const int64_t num_rounded = MostRoundedBlocks(program, rows, tensors);
  const int64_t activations = int64_t{program.cols} * rows.num_rows + int64_t{program.selected_cols} * rows.num_selected;
  const int64_t num_floats = activations + (num_tops > 0 ? num_rows * cols : 0);
  static GrowingMemory step_memory;
  const int64_t rounded_bytes = num_rounded * static_cast<int64_t>(sizeof(RowBlock));
  uint8_t *memory = static_cast<uint8_t *>(step_memory.Reserve(rounded_bytes + num_floats * 4));
  if (memory == nullptr && rounded_bytes + num_floats > 0) return "the system has memory for a step";
  float *floats = reinterpret_cast<float *>(memory + rounded_bytes);
  float *to = num_tops > 0 ? floats + activations : output.whole;
  StepRun run(kernels, program, rows, tensors, floats, to, reinterpret_cast<RowBlock *>(memory));
  const char *fault = run.Run();
  if (fault == nullptr && num_tops > 0) WriteResult(kernels, rows, to, cols, output);
  return fault;
}

}  // namespace tokenflare
