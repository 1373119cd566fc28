interface Sources {
  readonly sources: readonly string[];
  readonly seconds: number;
}
export const SLOW_TESTS: readonly (Sources & {
  readonly tests: readonly string[];
  readonly tools?: readonly string[];
})[];
export const WHOLE_MATRIX: readonly string[];
