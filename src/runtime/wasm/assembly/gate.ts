import { Curve } from './curve';
import { floats, intArg, pointerArg } from './pool';
import { Vector } from './vector';

/**
 * The middle of a gated MLP (Shazeer 2020): silu(gate) * value or gelu(gate) * value, a row a chunk. The last vector
 * may read past its operands and writes no further than they go.
 * Arguments: x [rows, 2 * mlpDim], gate and value side by side, out [rows, mlpDim], mlpDim, 1 for GELU.
 */
export function gate(job: usize, chunk: i32): void {
  const mlpDim = intArg(job, 2);
  const isGelu = intArg(job, 3) == 1;
  const gates = pointerArg(job, 0) + floats(2 * chunk * mlpDim);
  const values = gates + floats(mlpDim);
  const out = pointerArg(job, 1) + floats(chunk * mlpDim);
  for (let i = 0; i < mlpDim; i += 4) {
    const at = floats(i);
    const x = v128.load(gates + at);
    const opened = isGelu ? Curve.gelu(x) : Curve.silu(x);
    Vector.store(out + at, f32x4.mul(opened, v128.load(values + at)), mlpDim - i);
  }
}
