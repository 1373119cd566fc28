#include "self_check.h"

#include <cstring>
#include <vector>

#include "pack.h"

namespace tokenflare {
namespace {

constexpr int64_t kOut = 40, kDepth = 256;

// From -7 to 7.
int32_t WeightAt(int64_t out, int64_t k) { return static_cast<int32_t>((out * 31 + k * 17) % 15) - 7; }
// From -127 to 127; each block of 32 has a 127, so that rounding leaves whole numbers as they are.
int32_t NumberAt(int64_t row, int64_t k) {
  return k % kBlockDepth == row % kBlockDepth ? 127 : static_cast<int32_t>((row * 53 + k * 29) % 255) - 127;
}

// One output in the format of a file with a scale of one: kQ4_0, or Q6_K.
std::vector<uint8_t> StoredRow(StoredFormat format, int64_t out) {
  std::vector<uint8_t> row(StoredRowBytes(format, kDepth));
  const uint16_t one = 0x3c00;
  for (int64_t k = 0; k < kDepth; k++) {
    const int32_t weight = WeightAt(out, k);
    if (format == StoredFormat::kQ4_0) {
      uint8_t *block = row.data() + k / kBlockDepth * 18;
      std::memcpy(block, &one, sizeof one);
      block[2 + k % 16] |= static_cast<uint8_t>((weight + 8) << (k % kBlockDepth < 16 ? 0 : 4));
    } else {
      uint8_t *set = row.data();
      const int32_t stored = weight + 32;
      set[64 * (k / 128) + k % 64] |= static_cast<uint8_t>((stored & 15) << (k % 128 < 64 ? 0 : 4));
      set[128 + 32 * (k / 128) + k % 32] |= static_cast<uint8_t>((stored >> 4) << k / 32 % 4 * 2);
      set[192 + k / 16] = 1;
      std::memcpy(set + 208, &one, sizeof one);
    }
  }
  return row;
}

bool Check(const Kernels &kernels, int64_t num_rows, Format format, StoredFormat stored) {
  const int64_t panel_bytes = PanelBytes(format, kDepth);
  // As matrices are: aligned, and with something behind them.
  std::vector<uint8_t> memory(NumPanels(kOut) * panel_bytes + 128);
  uint8_t *panels = memory.data() + (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64;
  const bool is_of_floats = stored == StoredFormat::kF32;
  for (int64_t out = 0; out < kOut; out++) {
    if (is_of_floats) {
      float weights[kDepth];
      for (int64_t k = 0; k < kDepth; k++) {
        weights[k] = k % kBlockDepth == 0 ? 127.0f : static_cast<float>(WeightAt(out, k));
      }
      PackFloatRow(weights, kDepth, format, out, panels);
    } else {
      PackStoredRow(StoredRow(stored, out).data(), stored, kDepth, format, out, panels);
    }
  }
  std::vector<float> x(num_rows * kDepth), output(num_rows * kOut);
  for (int64_t row = 0; row < num_rows; row++) {
    for (int64_t k = 0; k < kDepth; k++) x[row * kDepth + k] = static_cast<float>(NumberAt(row, k));
  }
  std::vector<RowBlock> rounded(RoundedBlocks(num_rows, kDepth));
  const Matrix matrix = {kOut, kDepth, 1, {{format, 0, kOut, panels}}};
  kernels.linear({x.data(), num_rows, matrix, nullptr, false, nullptr, output.data(), rounded.data()});
  for (int64_t row = 0; row < num_rows; row++) {
    for (int64_t out = 0; out < kOut; out++) {
      int64_t sum = 0;
      for (int64_t k = 0; k < kDepth; k++) {
        const bool is_largest = is_of_floats && k % kBlockDepth == 0;
        sum += int64_t{is_largest ? 127 : WeightAt(out, k)} * NumberAt(row, k);
      }
      if (output[row * kOut + out] != static_cast<float>(sum)) return false;
    }
  }
  return true;
}

std::vector<float> MultiplyFractions(const Kernels &kernels, int64_t num_rows) {
  std::vector<uint8_t> panels(NumPanels(kOut) * PanelBytes(Format::kBF16, kDepth) + 128);
  std::vector<float> weights(kDepth), x(num_rows * kDepth), output(num_rows * kOut);
  for (int64_t out = 0; out < kOut; out++) {
    for (int64_t k = 0; k < kDepth; k++) weights[k] = static_cast<float>(NumberAt(out, k)) / 7.0f;
    PackFloatRow(weights.data(), kDepth, Format::kBF16, out, panels.data());
  }
  for (int64_t i = 0; i < num_rows * kDepth; i++) x[i] = static_cast<float>(i * 53 % 255 - 127) / 3.0f;
  const Matrix matrix = {kOut, kDepth, 1, {{Format::kBF16, 0, kOut, panels.data()}}};
  kernels.linear({x.data(), num_rows, matrix, nullptr, false, nullptr, output.data(), nullptr});
  return output;
}

}  // namespace

bool HasBFloatsOf(const Kernels &kernels, const Kernels &others, int64_t num_rows) {
  return MultiplyFractions(kernels, num_rows) == MultiplyFractions(others, num_rows);
}

bool ComputesRight(const Kernels &kernels, int64_t num_rows) {
  return Check(kernels, num_rows, Format::kBF16, StoredFormat::kF32) &&
         Check(kernels, num_rows, Format::kQ8, StoredFormat::kF32) &&
         Check(kernels, num_rows, Format::kQ4, StoredFormat::kQ4_0) &&
         Check(kernels, num_rows, Format::kQ6K, StoredFormat::kQ6_K);
}

}  // namespace tokenflare
