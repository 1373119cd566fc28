export const SLOW_CASES: readonly {
  readonly cases: readonly string[];
  readonly sources: readonly string[];
  readonly seconds: number;
}[];
