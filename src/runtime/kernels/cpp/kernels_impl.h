// The kernels of one instruction set. What they need of it, its own file has included before.
#include "row_impl.h"

#include "attention_impl.h"
#include "linear_float_impl.h"
#define TOKENFLARE_FLOAT_PANEL FloatPanel
#include "linear_impl.h"
#include "add_row_impl.h"
#include "top_impl.h"
#ifndef TOKENFLARE_INFERENCE_ONLY
#include "training_attention_impl.h"
#endif

namespace tokenflare {
namespace {

constexpr Kernels kKernels = {TOKENFLARE_KERNELS, Linear, FloatPanel, AddRow, LayerNorm,    RmsNorm, NormHeads,
                              Rotate,             Gelu,   Gate,       Add,    RunAttention, Top,
#ifndef TOKENFLARE_INFERENCE_ONLY
                              AttendSequences,    GeluGradient};
#else
                              nullptr,            nullptr};
#endif

}  // namespace
}  // namespace tokenflare
