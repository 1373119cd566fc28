/**
 * Four numbers at a time. Static methods, because TypeScript takes no decorator on a function, and the compiler
 * inlines nothing of this size without one: a call would cost as much as the arithmetic.
 */
export abstract class Vector {
  /** e^x of four numbers, relative error about 2e-7; exactly 0 below -87, where float32 runs out of exponents. */
  @inline
  static exp4(x: v128): v128 {
    const inRange = f32x4.ge(x, f32x4.splat(-87));
    // pmin and pmax are single instructions in V8; min and max are not, for the sake of NaN.
    const clamped = f32x4.pmin(f32x4.splat(88), f32x4.pmax(f32x4.splat(-87), x));
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
    const shifted = f32x4.add(f32x4.mul(clamped, f32x4.splat(1.44269504)), f32x4.splat(12582912));
    const n = f32x4.sub(shifted, f32x4.splat(12582912));
    // Cephes expf: ln 2 in two parts, then a polynomial on [-ln 2 / 2, ln 2 / 2].
    let r = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)));
    r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
    let p = f32x4.splat(1.98756915e-4);
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
    p = f32x4.add(f32x4.mul(f32x4.mul(p, r), r), f32x4.add(r, f32x4.splat(1)));
    // The low bits of 1.5 * 2^23 + n hold n; shifted into the exponent field they multiply by 2^n.
    const scaled = i32x4.add(p, i32x4.shl(shifted, 23));
    return v128.and(scaled, inRange);
  }

  /** The sum of the four lanes, pairwise. */
  @inline
  static sum4(x: v128): f32 {
    return (
      f32x4.extract_lane(x, 0) +
      f32x4.extract_lane(x, 1) +
      (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
    );
  }

  /**
   * Lanes of all ones where the counter's hash (the finaliser of MurmurHash3, public domain, by Austin Appleby) is at
   * least `threshold` of 2^31: an element survives dropout by its index and the seed alone, so that no mask is kept.
   */
  @inline
  static keepMask(index: v128, seed: i32, threshold: i32): v128 {
    let h = v128.xor(i32x4.mul(index, i32x4.splat(<i32>0x9e3779b1)), i32x4.splat(seed));
    h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), i32x4.splat(<i32>0x85ebca6b));
    h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 13)), i32x4.splat(<i32>0xc2b2ae35));
    h = i32x4.shr_u(v128.xor(h, i32x4.shr_u(h, 16)), 1);
    return i32x4.ge_s(h, i32x4.splat(threshold));
  }
}
