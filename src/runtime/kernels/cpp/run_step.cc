#include "run_step.h"

#include <algorithm>
#include <cmath>
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

// How many rows come whole, and how many tops.
struct Counts {
  int64_t whole = 0, tops = 0;
};

Counts CountForms(const StepRows &rows) {
  Counts counts;
  for (int32_t row = 0; row < rows.num_selected; row++) {
    counts.whole += rows.forms[row] != kTop;
    counts.tops += rows.forms[row] != kWhole;
  }
  return counts;
}

// Puts the rows of the result, which may be there already, and their tops where they belong, each in order.
void WriteResult(const Kernels &kernels, const StepRows &rows, const float *result, int64_t cols,
                 const StepOutput &output) {
  std::vector<Counts> places(rows.num_selected);
  Counts counts;
  for (int32_t row = 0; row < rows.num_selected; row++) {
    places[row] = counts;
    counts.whole += rows.forms[row] != kTop;
    counts.tops += rows.forms[row] != kWhole;
  }
  ParallelFor(rows.num_selected, [&](int64_t row) {
    const float *from = result + row * cols;
    const int32_t form = rows.forms[row];
    float *whole = output.whole + places[row].whole * cols;
    if (form != kTop && whole != from) std::memcpy(whole, from, cols * sizeof(float));
    if (form == kWhole) return;
    float *values = output.tops + places[row].tops * (rows.num_top + 1);
    int32_t *tokens = output.places + places[row].tops * rows.num_top;
    const double weight = kernels.top(from, cols, rows.num_top, form == kTop ? 1.0f : rows.scales[row], values, tokens);
    if (form == kWeighed) {
      values[rows.num_top] = static_cast<float>(weight);
    } else {
      values[rows.num_top] = std::isfinite(values[0]) ? static_cast<float>(values[0] + std::log(weight)) : values[0];
    }
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
  const int64_t num_rows = result.is_selected ? rows.num_selected : rows.num_rows;
  const auto [num_whole, num_tops] = result.is_selected ? CountForms(rows) : Counts{num_rows, 0};
  const int64_t cols = result.cols;
  if (num_tops > 0 && (rows.num_top <= 0 || rows.num_top > cols)) return "a row has a top";
  const bool has_room = num_whole * cols <= output.whole_size &&
                        num_tops * (rows.num_top + int64_t{1}) <= output.tops_size &&
                        num_tops * rows.num_top <= output.places_size;
  if (!has_room) return "the output has room for the result";
  const int64_t num_rounded = MostRoundedBlocks(program, rows, tensors);
  const int64_t activations = int64_t{program.cols} * rows.num_rows + int64_t{program.selected_cols} * rows.num_selected;
  const int64_t num_floats = activations + (num_whole < num_rows ? num_rows * cols : 0);
  static GrowingMemory step_memory;
  const int64_t rounded_bytes = num_rounded * static_cast<int64_t>(sizeof(RowBlock));
  uint8_t *memory = static_cast<uint8_t *>(step_memory.Reserve(rounded_bytes + num_floats * 4));
  if (memory == nullptr && rounded_bytes + num_floats > 0) return "the system has memory for a step";
  float *floats = reinterpret_cast<float *>(memory + rounded_bytes);
  float *to = num_whole < num_rows ? floats + activations : output.whole;
  StepRun run(kernels, program, rows, tensors, floats, to, reinterpret_cast<RowBlock *>(memory));
  const char *fault = run.Run();
  if (fault == nullptr && num_tops > 0) WriteResult(kernels, rows, to, cols, output);
  return fault;
}

}  // namespace tokenflare
