/** Bytes that one step along the depth takes in a panel. */
export const BFLOAT16_PANEL_STEP: usize = 16;

/**
 * bfloat16, the upper half of a float32, in panels: the eight weights of a step are four words, each of two weights
 * four columns apart, the first in its lower half. Shifts alone take them apart.
 *
 *     word     0       1       2       3
 *     weights  0 | 4   1 | 5   2 | 6   3 | 7
 */
export abstract class Bfloat16 {
  /** Weights 0 to 3 of a step; exact. */
  @inline
  static low(words: v128): v128 {
    return i32x4.shl(words, 16);
  }

  /** Weights 4 to 7 of a step; exact. A mask in place of the second shift would take a register that is not there. */
  @inline
  static high(words: v128): v128 {
    return i32x4.shl(i32x4.shr_u(words, 16), 16);
  }

  /** Where weight `col` of 8 lies in a step, in bytes. */
  @inline
  static offset(col: i32): usize {
    return (((col & 3) << 2) + ((col >> 2) << 1)) as usize;
  }

  @inline
  static load(address: usize): f32 {
    return reinterpret<f32>((load<u16>(address) as u32) << 16);
  }

  /** The bits of a float32 rounded, ties to even, as `encodeBfloat16` of half-precision.ts; exact where nothing is lost. */
  @inline
  static round(bits: u32): u16 {
    const isNaN = (bits & 0x7fffffff) > 0x7f800000;
    return (isNaN ? (bits >> 16) | 0x40 : (bits + 0x7fff + ((bits >> 16) & 1)) >> 16) as u16;
  }
}
