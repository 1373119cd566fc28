#include "processor.h"

#include "self_check.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace tokenflare {
namespace {

struct Candidate {
  bool can_run;
  const Kernels *(*kernels)();
  // Of the check: tiles are for many.
  int64_t num_rows = kCheckedRows;
  // Whose products of bfloat16 have its bits.
  const Kernels *(*others)() = nullptr;
};

#if defined(__x86_64__)

struct Leaf {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

Leaf ReadLeaf(unsigned leaf, unsigned sub_leaf) {
  Leaf read;
  __get_cpuid_count(leaf, sub_leaf, &read.a, &read.b, &read.c, &read.d);
  return read;
}

bool Has(unsigned bits, int bit) { return (bits >> bit & 1) != 0; }

// The registers that the system saves when it switches threads: XCR0. Only where it says that it saves any.
unsigned ReadSavedRegisters() {
  unsigned low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

// Intel's manual, volume 2, CPUID. Not by the compiler's built-in function: what it reads is a variable of the
// compiler's library, which another library in the process may have in another form.
struct Features {
  bool has_avx2 = false, has_avx_vnni = false, has_avx512 = false, has_avx512_vnni = false;
  bool has_avx512_bfloat = false, has_tiles = false, has_bfloat_tiles = false, has_integer_tiles = false;

  Features() {
    const Leaf basic = ReadLeaf(1, 0), extended = ReadLeaf(7, 0), more = ReadLeaf(7, 1);
    const bool is_saving = Has(basic.c, 27);
    const unsigned saved = is_saving ? ReadSavedRegisters() : 0;
    const bool saves_avx = (saved & 0x6) == 0x6, saves_avx512 = (saved & 0xe6) == 0xe6;
    const bool has_fma = Has(basic.c, 12), has_f16c = Has(basic.c, 29);
    has_avx2 = saves_avx && has_fma && has_f16c && Has(extended.b, 5);
    has_avx_vnni = has_avx2 && Has(more.a, 4);
    const bool has_all_parts =
        Has(extended.b, 16) && Has(extended.b, 17) && Has(extended.b, 30) && Has(extended.b, 31);  // F, DQ, BW, VL
    has_avx512 = has_avx2 && saves_avx512 && has_all_parts;
    has_avx512_vnni = has_avx512 && Has(extended.c, 11);
    has_avx512_bfloat = has_avx512 && Has(more.a, 5);
    const bool saves_tiles = (saved & 0x60000) == 0x60000;
    has_tiles = has_avx512 && saves_tiles && Has(extended.d, 24);
    has_bfloat_tiles = has_tiles && Has(extended.d, 22);
    has_integer_tiles = has_tiles && has_avx512_vnni && Has(extended.d, 25);
  }
};

#elif defined(__aarch64__)

#if defined(__linux__)

bool HasDotProducts() { return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0; }
bool HasMixedProducts() { return (getauxval(AT_HWCAP2) & (1 << 13)) != 0; }  // HWCAP2_I8MM, which old headers lack

#else

bool HasDotProducts() { return true; }  // every Apple processor of 64 bits that runs Node
bool HasMixedProducts() {
  int has = 0;
  size_t size = sizeof has;
  return sysctlbyname("hw.optional.arm.FEAT_I8MM", &has, &size, nullptr, 0) == 0 && has != 0;
}

#endif

#endif

}  // namespace

#if defined(__x86_64__)

bool HasAvx512BFloat() { return Features().has_avx512_bfloat; }

namespace {

// arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA): Linux saves the tiles of processes alone that ask for it. It refuses
// where a thread has too small a stack for signals.
bool MayUseTiles() {
#if defined(TOKENFLARE_EMULATED_TILES)
  return true;
#elif defined(__linux__)
  return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
#else
  return false;
#endif
}

bool HasIntegerTiles(const Features &features) {
#if defined(TOKENFLARE_EMULATED_TILES)
  return features.has_avx512_vnni;
#elif defined(__linux__)
  return features.has_integer_tiles;
#else
  return false;
#endif
}

bool HasBFloatTiles(const Features &features) {
#if defined(TOKENFLARE_EMULATED_TILES)
  return HasIntegerTiles(features);
#else
  return features.has_bfloat_tiles;
#endif
}

constexpr int64_t kTiledRows = 2 * kHighTileRows + kCheckedRows;

const Kernels *VnniWithoutTiles() {
  static const Kernels kernels = [] {
    Kernels changed = *Avx512VnniKernels();
    changed.name = "AVX-512 VNNI, since the system refuses AMX";
    return changed;
  }();
  return &kernels;
}

}  // namespace

bool ProvidesTiles() { return Features().has_bfloat_tiles && MayUseTiles(); }

#endif

std::vector<const Kernels *> KernelsOfProcessor() {
#if defined(__x86_64__)
  const Features features;
  const bool has_tiles = HasIntegerTiles(features), may_use_tiles = has_tiles && MayUseTiles();
  const Candidate candidates[] = {
      {may_use_tiles && HasBFloatTiles(features), AmxTileKernels, kTiledRows, Avx512VnniKernels},
      {may_use_tiles, AmxIntegerKernels, kTiledRows},
      {features.has_avx512_vnni, has_tiles && !may_use_tiles ? VnniWithoutTiles : Avx512VnniKernels},
      {features.has_avx512, Avx512Kernels},
      {features.has_avx_vnni, AvxVnniKernels},
      {features.has_avx2, Avx2Kernels},
  };
#elif defined(__aarch64__)
  const Candidate candidates[] = {{HasMixedProducts(), NeonI8mmKernels}, {HasDotProducts(), NeonKernels}};
#endif
  std::vector<const Kernels *> found;
  for (const Candidate &candidate : candidates) {
    if (!candidate.can_run) continue;
    const Kernels &kernels = *candidate.kernels();
    if (!ComputesRight(kernels, candidate.num_rows)) continue;
    if (candidate.others != nullptr && !HasBFloatsOf(kernels, *candidate.others(), candidate.num_rows)) continue;
    found.push_back(&kernels);
  }
  return found;
}

}  // namespace tokenflare
