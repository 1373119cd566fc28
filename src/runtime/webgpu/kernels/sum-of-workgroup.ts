/**
 * The WGSL function `sum_of_workgroup(thread, value)`, which every thread calls. A tree in workgroup memory, the same on
 * any adapter: subgroups differ in size, and need a feature.
 * @param size threads of the workgroup, a power of two
 */
export function sumOfWorkgroupFunction(size: number): string {
  return `
var<workgroup> partial_sums: array<f32, ${size}>;
fn sum_of_workgroup(thread: u32, value: f32) -> f32 {
  partial_sums[thread] = value;
  for (var width = ${size / 2}u; width > 0; width >>= 1) {
    workgroupBarrier();
    if (thread < width) { partial_sums[thread] += partial_sums[thread + width]; }
  }
  let sum = workgroupUniformLoad(&partial_sums[0]);
  return sum;
}`;
}
