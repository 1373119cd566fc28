// Tile instructions by names of our own, so that tests can run them on processors that have none: with
// TOKENFLARE_EMULATED_TILES they are plain C++ that ends the process where the processor would end it.
#ifndef TOKENFLARE_TILES_H_
#define TOKENFLARE_TILES_H_

#include <cstdint>

namespace tokenflare {

// What a processor is told of its eight tiles. Of the program, not of a function: GCC takes the instruction to read no more
// than the first bytes.
struct alignas(64) TileShapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16];
  uint8_t num_rows[16];
  constexpr TileShapes(const uint16_t (&bytes)[8], const uint8_t (&rows)[8]) : row_bytes(), num_rows() {
    for (int tile = 0; tile < 8; tile++) {
      row_bytes[tile] = bytes[tile];
      num_rows[tile] = rows[tile];
    }
  }
};
static_assert(sizeof(TileShapes) == 64, "as the instruction reads it");

}  // namespace tokenflare

#ifndef TOKENFLARE_EMULATED_TILES

#include <immintrin.h>

#define TILE_CONFIGURE(shapes) _tile_loadconfig(shapes)
#define TILE_RELEASE() _tile_release()
#define TILE_ZERO(tile) _tile_zero(tile)
// GCC's loads do not say that they read memory: what was written before might be written behind them, or never.
#define TILE_LOAD(tile, from, row_bytes) \
  __asm__ volatile("" ::: "memory");     \
  _tile_loadd(tile, from, row_bytes)
#define TILE_STORE(tile, to, row_bytes) _tile_stored(tile, to, row_bytes)
#define TILE_DOT(sums, a, b) _tile_dpbssd(sums, a, b)
#define TILE_DOT_BFLOATS(sums, a, b) _tile_dpbf16ps(sums, a, b)

#else

#include <cmath>
#include <cstdlib>
#include <cstring>

namespace tokenflare {
namespace {

// Intel's manual, volume 2: LDTILECFG, TILELOADD, TILESTORED, TDPBSSD, TDPBF16PS.
class EmulatedTiles {
 public:
  void Configure(const void *shapes) {
    std::memcpy(shapes_, shapes, sizeof shapes_);
    is_configured_ = true;
    for (int tile = 0; tile < kNumTiles; tile++) Zero(tile);
  }
  void Release() { is_configured_ = false; }
  void Zero(int tile) {
    Require(is_configured_ && shapes_[0] == 1 && Rows(tile) <= 16 && RowBytes(tile) <= 64);
    std::memset(numbers_[tile], 0, sizeof numbers_[tile]);
  }
  void Load(int tile, const void *from, int64_t stride) {
    Zero(tile);
    const uint8_t *bytes = static_cast<const uint8_t *>(from);
    for (int row = 0; row < Rows(tile); row++) std::memcpy(numbers_[tile][row], bytes + row * stride, RowBytes(tile));
  }
  void Store(int tile, void *to, int64_t stride) const {
    Require(is_configured_);
    uint8_t *bytes = static_cast<uint8_t *>(to);
    for (int row = 0; row < Rows(tile); row++) std::memcpy(bytes + row * stride, numbers_[tile][row], RowBytes(tile));
  }
  // sums [rows, cols] += a [rows, 4 quads] b [quads, cols * 4], of signed bytes
  void Dot(int sums, int a, int b) {
    RequireProduct(sums, a, b);
    for (int row = 0; row < Rows(sums); row++) {
      for (int col = 0; col < RowBytes(sums) / 4; col++) {
        uint32_t sum;
        std::memcpy(&sum, numbers_[sums][row] + 4 * col, 4);
        for (int k = 0; k < RowBytes(a); k++) {
          const int8_t left = static_cast<int8_t>(numbers_[a][row][k]);
          const int8_t right = static_cast<int8_t>(numbers_[b][k / 4][4 * col + k % 4]);
          sum += static_cast<uint32_t>(left * right);
        }
        std::memcpy(numbers_[sums][row] + 4 * col, &sum, 4);
      }
    }
  }

  // Adds the product of a [rows, 2 pairs] and b [pairs, cols * 2] of bfloat16 to sums in float32.
  void DotBFloats(int sums, int a, int b) {
    RequireProduct(sums, a, b);
    for (int row = 0; row < Rows(sums); row++) {
      for (int col = 0; col < RowBytes(sums) / 4; col++) {
        float sum, chains[2] = {};
        for (int k = 0; k < RowBytes(a) / 2; k++) {
          const float left = WidenAt(numbers_[a][row] + 2 * k);
          const float right = WidenAt(numbers_[b][k / 2] + 4 * col + 2 * (k % 2));
          chains[k % 2] = Flush(std::fma(left, right, chains[k % 2]));
        }
        std::memcpy(&sum, numbers_[sums][row] + 4 * col, 4);
        sum = Flush(Flush(sum) + Flush(chains[0] + chains[1]));
        std::memcpy(numbers_[sums][row] + 4 * col, &sum, 4);
      }
    }
  }

 private:
  static constexpr int kNumTiles = 8;

  static void Require(bool condition) {
    if (!condition) std::abort();
  }
  void RequireProduct(int sums, int a, int b) const {
    Require(is_configured_ && Rows(sums) == Rows(a) && RowBytes(sums) == RowBytes(b) && RowBytes(a) == 4 * Rows(b));
  }
  // Denormal numbers are zero.
  static float Flush(float value) { return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(0.0f, value) : value; }
  static float WidenAt(const uint8_t *bfloat) {
    float value = 0.0f;
    std::memcpy(reinterpret_cast<uint8_t *>(&value) + 2, bfloat, 2);
    return Flush(value);
  }
  int Rows(int tile) const { return shapes_[48 + tile]; }
  int RowBytes(int tile) const { return shapes_[16 + 2 * tile] | shapes_[17 + 2 * tile] << 8; }

  bool is_configured_ = false;
  uint8_t shapes_[64] = {};
  uint8_t numbers_[kNumTiles][16][64] = {};
};

// Of each thread, as the processor's are.
thread_local EmulatedTiles emulated_tiles;

}  // namespace
}  // namespace tokenflare

#define TILE_CONFIGURE(shapes) emulated_tiles.Configure(shapes)
#define TILE_RELEASE() emulated_tiles.Release()
#define TILE_ZERO(tile) emulated_tiles.Zero(tile)
#define TILE_LOAD(tile, from, row_bytes) emulated_tiles.Load(tile, from, row_bytes)
#define TILE_STORE(tile, to, row_bytes) emulated_tiles.Store(tile, to, row_bytes)
#define TILE_DOT(sums, a, b) emulated_tiles.Dot(sums, a, b)
#define TILE_DOT_BFLOATS(sums, a, b) emulated_tiles.DotBFloats(sums, a, b)

#endif

#endif  // TOKENFLARE_TILES_H_
