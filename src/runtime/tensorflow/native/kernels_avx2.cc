// The kernels for AVX2 with FMA: 4 rows by 24 outputs take 12 of the 16 registers.
#include "kernels.h"
#include "thread_pool.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define TOKENFLARE_KERNELS Avx2Kernels
#define TOKENFLARE_WIDTH 8
#define TOKENFLARE_TILE_ROWS 4
#include "kernels_impl.h"
#pragma GCC pop_options
