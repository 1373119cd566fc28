/**
 * How the keys and values of a head are held in a lane, and what attention makes of them. Never instantiated: attention
 * is compiled once for each subclass. Lanes have whole panels of eight tokens.
 */
export abstract class KeysValues {
  abstract keyBytes(headDim: i32, laneLength: i32): usize;
  abstract valueBytes(headDim: i32, laneLength: i32): usize;

  /** Writes key and value [headDim] of the token at `position`. */
  abstract store(k: usize, v: usize, keys: usize, values: usize, position: i32, headDim: i32, laneLength: i32): void;

  /**
   * Scores of up to four queries [headDim], `queryBytes` apart, times `scale`, against the tokens `start`, a panel's
   * first, to `end`: scores [4][laneLength].
   */
  abstract score(
    query: usize,
    queryBytes: usize,
    numRows: i32,
    scale: f32,
    keys: usize,
    headDim: i32,
    start: i32,
    end: i32,
    scores: usize,
    laneLength: i32,
    scratch: usize,
  ): void;

  /**
   * Adds weight * value to sums [4][headDim up to a multiple of 8], token by token. Row r sees the tokens up to
   * `position` + r; of those before, what is outside of its window weighs nothing, and all before `first` are.
   */
  abstract addValues(
    weights: usize,
    values: usize,
    first: i32,
    position: i32,
    numRows: i32,
    headDim: i32,
    laneLength: i32,
    sums: usize,
    scratch: usize,
  ): void;
}

/** Up to whole panels of eight. */
export function wholePanels(size: i32): i32 {
  return (size + 7) & ~7;
}
