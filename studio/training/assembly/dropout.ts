/** Which elements dropout keeps. */
export abstract class Dropout {
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
