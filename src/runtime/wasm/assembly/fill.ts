import { floatArg, floats, intArg, pointerArg } from './pool';

/** value + chunk: the smallest kernel there is, for tests of the pool. Arguments: out, length, chunk length, value. */
export function fill(job: usize, chunk: i32): void {
  const out = pointerArg(job, 0);
  const chunkLength = intArg(job, 2);
  const end = min(intArg(job, 1), (chunk + 1) * chunkLength);
  for (let i = chunk * chunkLength; i < end; i++) {
    f32.store(out + floats(i), floatArg(job, 3) + (chunk as f32));
  }
}
