// The kernels of one instruction set. What they need of it, its own file has included before.
#include "row_impl.h"

#include "attention_impl.h"
#include "linear_float_impl.h"
#define TOKENFLARE_FLOAT_PANEL FloatPanel
#include "linear_impl.h"
#include "add_row_impl.h"
#include "top_impl.h"
#include "training_numbers_impl.h"
#include "training_attention_impl.h"
#include "training_rows_impl.h"

namespace tokenflare {
namespace {

constexpr TrainingKernels kTraining = {AttendSequences, GeluGradient, LayerNormGradient, ColumnSum,
                                       Drop,            Embed,        ScatterRows,       CrossEntropy,
                                       CrossEntropyGradient, SumOfSquares, AdamW};

constexpr Kernels kKernels = {TOKENFLARE_KERNELS, Linear, MultiplyPanel, AddRow, LayerNorm,    RmsNorm, NormHeads,
                              Rotate,             Gelu,   Gate,          Add,    RunAttention, Top,     &kTraining};

}  // namespace
}  // namespace tokenflare
