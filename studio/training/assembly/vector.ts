/**
 * Four numbers at a time. Static methods, because a decorator is legal TypeScript on a method alone and the compiler
 * inlines nothing of this size without one.
 */
export abstract class Vector {
  /**
   * a b + c. In a module with relaxed SIMD the processor does it in one instruction where it can, and then rounds once:
   * everywhere in the module alike, so that a sum in one order still has the same bits in all loops.
   */
  @inline
  static multiplyAdd(a: v128, b: v128, c: v128): v128 {
    if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
    return f32x4.add(f32x4.mul(a, b), c);
  }

  /** e^x of four numbers, relative error about 2e-7; exactly 0 below -87, where float32 runs out of exponents. */
  @inline
  static exp(x: v128): v128 {
    const inRange = f32x4.ge(x, f32x4.splat(-87));
    // pmin and pmax are single instructions in V8; min and max are not, for the sake of NaN.
    const clamped = f32x4.pmin(f32x4.splat(88), f32x4.pmax(f32x4.splat(-87), x));
    // x = n ln 2 + r: adding 1.5 * 2^23 rounds to the integer n and leaves it in the low bits.
    const shifted = f32x4.add(f32x4.mul(clamped, f32x4.splat(1.44269504)), f32x4.splat(12582912));
    const n = f32x4.sub(shifted, f32x4.splat(12582912));
    // The constants of Cephes' expf: ln 2 in two parts, and a polynomial on [-ln 2 / 2, ln 2 / 2].
    let r = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)));
    r = f32x4.add(r, f32x4.mul(n, f32x4.splat(2.12194440e-4)));
    let p = f32x4.splat(1.9875691500e-4);
    p = Vector.multiplyAdd(p, r, f32x4.splat(1.3981999507e-3));
    p = Vector.multiplyAdd(p, r, f32x4.splat(8.3334519073e-3));
    p = Vector.multiplyAdd(p, r, f32x4.splat(4.1665795894e-2));
    p = Vector.multiplyAdd(p, r, f32x4.splat(1.6666665459e-1));
    p = Vector.multiplyAdd(p, r, f32x4.splat(5.0000001201e-1));
    p = Vector.multiplyAdd(f32x4.mul(p, r), r, f32x4.add(r, f32x4.splat(1)));
    // n, shifted into the exponent field, multiplies by 2^n.
    return v128.and(i32x4.add(p, i32x4.shl(shifted, 23)), inRange);
  }

  /** The sum of the four lanes, pairwise. */
  @inline
  static sum(x: v128): f32 {
    const low = f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1);
    return low + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
  }

  /** The largest of the four lanes. */
  @inline
  static max(x: v128): f32 {
    const low = max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1));
    return max(low, max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)));
  }

  /** Stores the first `count` lanes, all four from 4 up, none below 1. */
  @inline
  static store(to: usize, x: v128, count: i32): void {
    if (count >= 4) {
      v128.store(to, x);
      return;
    }
    if (count > 0) f32.store(to, f32x4.extract_lane(x, 0));
    if (count > 1) f32.store(to, f32x4.extract_lane(x, 1), 4);
    if (count > 2) f32.store(to, f32x4.extract_lane(x, 2), 8);
  }
}
