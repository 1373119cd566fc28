#include "fractions.h"

#include <cstring>
#include <vector>

#include "pack.h"

namespace tokenflare {

uint32_t DigestOfFractions(const Kernels &kernels) {
  constexpr int64_t kOut = 20, kDepth = 200, kRows = 5;
  // As matrices are: with something behind them.
  std::vector<float> panels(PanelBytes(Format::kF32, kDepth) / sizeof(float) + 32);
  uint8_t *memory = reinterpret_cast<uint8_t *>(panels.data());
  std::vector<float> weights(kDepth), x(kRows * kDepth), output(kRows * kOut), alone(kOut);
  for (int64_t out = 0; out < kOut; out++) {
    for (int64_t k = 0; k < kDepth; k++) weights[k] = static_cast<float>((k * 89 + out * 37) % 255 - 127);
    PackFloatRow(weights.data(), kDepth, Format::kF32, out, memory);
  }
  // What float32 does not hold exactly.
  for (int64_t i = 0; i < kRows * kDepth; i++) x[i] = static_cast<float>((i * 53) % 128) / 3.0f;
  const Matrix matrix = {kOut, kDepth, 1, {{Format::kF32, 0, kOut, memory}}};
  kernels.linear({x.data(), kRows, matrix, nullptr, false, nullptr, output.data(), nullptr});
  kernels.linear({x.data(), 1, matrix, nullptr, false, nullptr, alone.data(), nullptr});
  if (std::memcmp(output.data(), alone.data(), kOut * sizeof(float)) != 0) return 0;
  uint32_t digest = 2166136261;
  for (const float number : output) {
    uint32_t word;
    std::memcpy(&word, &number, sizeof word);
    digest = (digest ^ word) * 16777619;
  }
  return digest | 1;
}

bool RoundsOnce(const Kernels &kernels) {
  // (1 + 2^-12)^2 - (1 + 2^-11) is 2^-24, or 0 where the square was rounded first.
  constexpr float kNumber = 1.0f + 1.0f / 4096;
  std::vector<float> panel(kPanelWidth + 32);
  PackFloatRow(&kNumber, 1, Format::kF32, 0, reinterpret_cast<uint8_t *>(panel.data()));
  const Matrix matrix = {1, 1, 1, {{Format::kF32, 0, 1, reinterpret_cast<const uint8_t *>(panel.data())}}};
  const float bias = -(1.0f + 1.0f / 2048);
  float output = 0;
  kernels.linear({&kNumber, 1, matrix, &bias, false, nullptr, &output, nullptr});
  return output != 0.0f;
}

}  // namespace tokenflare
