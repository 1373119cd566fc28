// The products of integers of an instruction set that has all else of another: TOKENFLARE_BASE gives that one.
#define TOKENFLARE_FLOAT_PANEL TOKENFLARE_BASE()->panel
#include "linear_impl.h"

namespace tokenflare {
namespace {

const Kernels *KernelsWithIntegers() {
  static const Kernels kernels = [] {
    Kernels changed = *TOKENFLARE_BASE();
    changed.name = TOKENFLARE_KERNELS;
    changed.linear = Linear;
    changed.panel = MultiplyPanel;
    return changed;
  }();
  return &kernels;
}

}  // namespace
}  // namespace tokenflare
