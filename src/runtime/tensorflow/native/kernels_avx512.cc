// The kernels for AVX-512: 8 rows by 48 outputs take 24 of the 32 registers.
#include "kernels.h"
#include "thread_pool.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#define TOKENFLARE_KERNELS Avx512Kernels
#define TOKENFLARE_WIDTH 16
#define TOKENFLARE_TILE_ROWS 8
#include "kernels_impl.h"
#pragma GCC pop_options
