export interface ChosenHead {
  layer: number;
  head: number;
}

/**
 * How far a head looks: the mean, over the tokens of a text, of the largest weight on a token that is neither itself,
 * nor the one before it, nor the first. A head that copies the token before has 0, and so has one that rests on the
 * first token; one that spreads evenly has little; one that finds an earlier word again has much.
 *
 * @param weights [queries][keys]; each row sums to 1
 */
export function reachOf(weights: readonly (readonly number[])[]): number {
  const far = weights.slice(3).map((line, index) => Math.max(...line.slice(1, index + 2)));
  return far.length === 0 ? 0 : far.reduce((sum, weight) => sum + weight, 0) / far.length;
}

/** The head that looks furthest; the first head where no text is long enough to tell. */
export function headWithReach(layers: readonly { heads: readonly number[][][] }[]): ChosenHead {
  let best = { layer: 0, head: 0, reach: 0 };
  layers.forEach(({ heads }, layer) =>
    heads.forEach((weights, head) => {
      const reach = reachOf(weights);
      if (reach > best.reach) best = { layer, head, reach };
    }),
  );
  return { layer: best.layer, head: best.head };
}

/**
 * The square to begin with. In a row that is asked for it is the largest weight, which is the thickest arc. Else it is
 * the largest weight of all on a token that is neither the looking one, nor the one before it, nor the first. Undefined
 * where there is none.
 */
export function strongestCell(
  weights: readonly (readonly number[])[],
  row?: number,
): { row: number; column: number } | undefined {
  const asked = row === undefined ? undefined : weights[row];
  if (row !== undefined && asked !== undefined) return { row, column: asked.indexOf(Math.max(...asked)) };
  let best: { row: number; column: number; weight: number } | undefined;
  weights.forEach((line, index) => {
    line.slice(1, Math.max(1, index - 1)).forEach((weight, offset) => {
      if (weight > (best?.weight ?? 0)) best = { row: index, column: offset + 1, weight };
    });
  });
  return best === undefined ? undefined : { row: best.row, column: best.column };
}
