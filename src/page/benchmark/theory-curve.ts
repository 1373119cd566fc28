/** The curve c x^power that passes through the last point: what the times would be if they grew as theory says. */
export function theoryCurve(
  points: readonly { x: number; y: number }[],
  power: number,
): { x: number; y: number }[] {
  const last = points.at(-1);
  if (last === undefined) return [];
  return points.map(({ x }) => ({ x, y: last.y * (x / last.x) ** power }));
}
