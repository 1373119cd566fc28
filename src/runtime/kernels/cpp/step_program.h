// A step as it comes from step-program.ts: what to compute, in what order, and where everything lies.
#ifndef TOKENFLARE_STEP_PROGRAM_H_
#define TOKENFLARE_STEP_PROGRAM_H_

#include <cstdint>
#include <cstring>

namespace tokenflare {
namespace {

// In the order of KINDS in step-program.ts.
enum Kind : int32_t { kEmbed, kLinear, kLayerNorm, kRmsNorm, kNormHeads, kRotate, kAttention, kGelu, kGate, kAdd, kSelect };

constexpr int32_t kNone = -1;

// An activation: [rows, cols]. `start` counts columns in the memory of its kind, all rows of a column together; the
// result of a step, which is read from elsewhere, has none.
struct Register {
  int32_t cols, start, is_selected;
};

struct Instruction {
  int32_t kind, output;
  int32_t x, y;              // registers, or kNone
  int32_t tensors[3];        // places among the step's tensors, or kNone
  int32_t numbers[6];        // what these are depends on the kind: see step_run.h
  float scalar;
};

struct Program {
  int32_t num_registers, num_instructions;
  int32_t cols, selected_cols;  // columns that the activations of all rows take, and those of the selected rows
  int32_t result;
  const Register *registers;
  const Instruction *instructions;
};

// What of a row of the result is wanted: all of it; its top; all of it, its top, and what a draw at a temperature weighs.
enum RowForm : int32_t { kWhole, kTop, kWeighed };

// The tokens of a step, and the rows of its result that are wanted.
struct StepRows {
  int32_t num_rows, num_selected, num_top, num_sequences;
  int32_t num_tables;  // 2 where layers that see no more than a window have pages of their own, else 1
  const int32_t *tokens, *positions, *sequences;  // [num_rows]
  const int32_t *selected;                        // [num_selected], rows
  const int32_t *forms;                           // [num_selected], of RowForm
  const float *scales;                            // [num_selected], of rows that are weighed: one by the temperature
  const int32_t *table_ends;  // [num_sequences], where the pages of each end; they lie one after the other
  const int32_t *pages;       // [num_tables, table_ends of the last]; -1: gone, since no row looks so far back
};

constexpr int64_t kProgramHeader = 5, kRowsHeader = 5;
// Far more than the activations of any model take.
constexpr int32_t kMaxCols = 1 << 24;

// False if the numbers are not a program.
inline bool ReadProgram(const int32_t *words, int64_t num_words, Program *program) {
  if (num_words < kProgramHeader) return false;
  *program = {words[0], words[1], words[2], words[3], words[4], nullptr, nullptr};
  static_assert(sizeof(Register) == 3 * sizeof(int32_t) && sizeof(Instruction) == 14 * sizeof(int32_t));
  const int64_t registers_end = kProgramHeader + int64_t{3} * program->num_registers;
  if (program->num_registers <= 0 || program->num_instructions < 0 || program->cols < 0 || program->selected_cols < 0 ||
      program->cols > kMaxCols || program->selected_cols > kMaxCols || program->num_registers > num_words ||
      program->num_instructions > num_words ||
      num_words != registers_end + int64_t{14} * program->num_instructions) {
    return false;
  }
  program->registers = reinterpret_cast<const Register *>(words + kProgramHeader);
  program->instructions = reinterpret_cast<const Instruction *>(words + registers_end);
  const auto is_register = [&](int32_t index) { return index >= 0 && index < program->num_registers; };
  for (int32_t i = 0; i < program->num_registers; i++) {
    const Register &r = program->registers[i];
    const int64_t cols = r.is_selected ? program->selected_cols : program->cols;
    if (r.cols < 0 || (i != program->result && (r.start < 0 || int64_t{r.start} + r.cols > cols))) return false;
  }
  for (int32_t i = 0; i < program->num_instructions; i++) {
    const Instruction &instruction = program->instructions[i];
    if (!is_register(instruction.output)) return false;
    if (instruction.x != kNone && !is_register(instruction.x)) return false;
    if (instruction.y != kNone && !is_register(instruction.y)) return false;
  }
  return is_register(program->result);
}

inline bool ReadRows(const int32_t *words, int64_t num_words, StepRows *rows) {
  if (num_words < kRowsHeader) return false;
  const int32_t num_rows = words[0], num_selected = words[1], num_sequences = words[3], num_tables = words[4];
  const int64_t fixed = kRowsHeader + int64_t{3} * num_rows + int64_t{3} * num_selected + num_sequences;
  if (num_rows < 0 || num_selected < 0 || num_sequences < 0 || num_words < fixed) return false;
  if (num_tables != 1 && num_tables != 2) return false;
  const int32_t *tokens = words + kRowsHeader, *selected = tokens + int64_t{3} * num_rows;
  const int32_t *table_ends = selected + 3 * int64_t{num_selected};
  *rows = {num_rows, num_selected, words[2], num_sequences, num_tables, tokens, tokens + num_rows, tokens + 2 * int64_t{num_rows},
           selected, selected + num_selected, reinterpret_cast<const float *>(selected + 2 * int64_t{num_selected}), table_ends, table_ends + num_sequences};
  for (int32_t i = 0; i < num_selected; i++) {
    if (selected[i] < 0 || selected[i] >= num_rows) return false;
    if (rows->forms[i] < kWhole || rows->forms[i] > kWeighed) return false;
  }
  for (int32_t i = 0; i < num_rows; i++) {
    if (rows->sequences[i] < 0 || rows->sequences[i] >= num_sequences || rows->positions[i] < 0) return false;
  }
  int32_t end = 0;
  for (int32_t i = 0; i < num_sequences; i++) {
    if (table_ends[i] < end) return false;
    end = table_ends[i];
  }
  return num_words == fixed + int64_t{num_tables} * end;
}

}  // namespace
}  // namespace tokenflare

#endif  // TOKENFLARE_STEP_PROGRAM_H_
