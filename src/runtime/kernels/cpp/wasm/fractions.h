#ifndef TOKENFLARE_FRACTIONS_H_
#define TOKENFLARE_FRACTIONS_H_

#include <cstdint>

#include "kernels.h"

namespace tokenflare {

// Of products of fractions, which a relaxed instruction may round once or twice: another number where an engine does now the
// one and then the other; 0 where a row alone has other bits than in company.
uint32_t DigestOfFractions(const Kernels &kernels);

// Whether a product is rounded once with the sum that it is added to, as on processors: then bits are the same.
bool RoundsOnce(const Kernels &kernels);

}  // namespace tokenflare

#endif  // TOKENFLARE_FRACTIONS_H_
