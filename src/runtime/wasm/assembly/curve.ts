import { Vector } from './vector';

/** Activation functions of four numbers at a time. */
export abstract class Curve {
  /** GELU in its tanh form (Hendrycks & Gimpel 2016, section 2). */
  @inline
  static gelu(x: v128): v128 {
    // 0.5 (1 + tanh u) = 1 / (1 + e^-2u), with u = sqrt(2 / pi) (x + 0.044715 x^3).
    const cubic = f32x4.add(f32x4.splat(1), f32x4.mul(f32x4.splat(0.044715), f32x4.mul(x, x)));
    const exponent = f32x4.mul(f32x4.splat(-1.5957691216057308), f32x4.mul(x, cubic));
    // Vector.exp ends at e^88, which for x below -10 still makes a zero of -10, though not of every x.
    const bounded = f32x4.pmax(x, f32x4.splat(-10));
    return f32x4.div(bounded, f32x4.add(f32x4.splat(1), Vector.exp(exponent)));
  }

  /** SiLU, x times its logistic function (Hendrycks & Gimpel 2016, section 1). */
  @inline
  static silu(x: v128): v128 {
    // As in gelu: e^88 makes a zero of -88.
    const bounded = f32x4.pmax(x, f32x4.splat(-88));
    return f32x4.div(bounded, f32x4.add(f32x4.splat(1), Vector.exp(f32x4.neg(x))));
  }
}
