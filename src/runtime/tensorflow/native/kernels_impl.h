// The kernels in terms of a vector of TOKENFLARE_WIDTH floats; included once for each instruction set.
#include "vector_impl.h"

#include "row_impl.h"

#include "attention_impl.h"
#include "linear_impl.h"
#include "top_logits_impl.h"

namespace tokenflare {

const Kernels &TOKENFLARE_KERNELS() {
  static const Kernels kernels = {kPanelWidth, Linear,    LayerNorm, RmsNorm,     NormHeads,
                                  Rotate,      Gelu,      Gate,      Add,         RunAttention, Top};
  return kernels;
}

}  // namespace tokenflare
