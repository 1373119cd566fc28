/**
 * GELU in its tanh form, written as x times a logistic function: 0.5 (1 + tanh u) = 1 / (1 + exp(-2 u)). The clamp
 * keeps exp finite, since WGSL promises nothing about infinity.
 */
export const GELU_FUNCTION = `
fn gelu(x: f32) -> f32 {
  let u = 0.7978845608028654 * x * (1.0 + 0.044715 * x * x);
  return x / (1.0 + exp(clamp(-2.0 * u, -80.0, 80.0)));
}
`;
