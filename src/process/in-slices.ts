/** Work that can be interrupted wherever it yields, some milliseconds after the place before. */
export type InSlices<Result> = Generator<undefined, Result>;

/** Does work without interruptions. */
export function runToEnd<Result>(work: InSlices<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
