/** Adding 1.5 * 2^23 rounds a number below 2^22 to an integer and leaves it in the low bits, above these. */
const ROUNDING: f32 = 12582912;
const ROUNDING_BITS: i32 = 0x4b400000;

/** Numbers as integers times a scale. Ties go to the even integer. */
export abstract class Rounding {
  /** What an integer stands for, where `limit` stands for the largest magnitude; NaN if that is infinite. */
  @inline
  static scale(largest: f32, limit: f32): f32 {
    return largest < Rounding.tiny() ? 0 : largest / limit + (largest - largest);
  }

  @inline
  static inverse(largest: f32, limit: f32): f32 {
    return largest < Rounding.tiny() ? 0 : limit / largest;
  }

  @inline
  static round(x: f32): i32 {
    return reinterpret<i32>(x + ROUNDING) - ROUNDING_BITS;
  }

  @inline
  static roundVector(x: v128): v128 {
    return i32x4.sub(f32x4.add(x, f32x4.splat(ROUNDING)), i32x4.splat(ROUNDING_BITS));
  }

  /** 2^-100: so far down, the inverse may be infinite. */
  @inline
  static tiny(): f32 {
    return reinterpret<f32>(0x0d800000);
  }
}
