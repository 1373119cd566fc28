#ifndef TOKENFLARE_SELF_CHECK_H_
#define TOKENFLARE_SELF_CHECK_H_

#include "kernels.h"

namespace tokenflare {

// Whether products of whole numbers come out exactly: a processor, an emulator or a compiler may be wrong about its
// instructions, and flags do not tell.
constexpr int64_t kCheckedRows = 7;
bool ComputesRight(const Kernels &kernels, int64_t num_rows = kCheckedRows);

// Whether products of bfloat16 that are no whole numbers have the same bits.
bool HasBFloatsOf(const Kernels &kernels, const Kernels &others, int64_t num_rows);

}  // namespace tokenflare

#endif  // TOKENFLARE_SELF_CHECK_H_
