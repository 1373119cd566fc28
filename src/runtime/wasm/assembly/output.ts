import { Vector } from './vector';

/** The end of a sum. */
export abstract class Output {
  /** Adds the bias (none at address 0) and stores at most `cols` numbers. */
  @inline
  static store(to: usize, sum: v128, bias: usize, cols: i32): void {
    Vector.store(to, bias ? f32x4.add(sum, v128.load(bias)) : sum, cols);
  }
}
