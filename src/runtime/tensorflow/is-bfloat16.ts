/** Whether every number is one that bfloat16 holds exactly: the lower half of its bits is zero. */
export function isBfloat16(values: Float32Array): boolean {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return words.every((word) => (word & 0xffff) === 0);
}
