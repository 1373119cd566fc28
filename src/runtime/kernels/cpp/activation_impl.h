// Activations of sixteen numbers.
#ifndef TOKENFLARE_ACTIVATION_IMPL_H_
#define TOKENFLARE_ACTIVATION_IMPL_H_

namespace tokenflare {
namespace {

// 0.5 x (1 + tanh(u)) = x / (1 + e^(-2 u))
inline Vector GeluOf(Vector x) {
  constexpr float kTwice = 2 * 0.7978845608f;
  return x / (Exp(x * (x * x * (-kTwice * 0.044715f) - kTwice)) + 1.0f);
}

inline Vector SiluOf(Vector x) { return x / (Exp(-x) + 1.0f); }

}  // namespace
}  // namespace tokenflare

#endif  // TOKENFLARE_ACTIVATION_IMPL_H_
