import { clearLine, cursorTo } from 'node:readline';
import { SingleBar } from 'cli-progress';

export interface ProgressFigures {
  readonly step: number;
  readonly loss: number;
  readonly bitsPerByte: number | undefined;
  readonly tokensPerSecond: number;
  /** Of the steps of this process but the first; NaN until there are two. */
  readonly medianStepMs: number;
  readonly secondsLeft: number;
}

/** Plain lines come this often where the output is no terminal. */
const LINE_INTERVAL_MS = 15_000;

/** One line that keeps up with the run: a bar on a terminal, otherwise now and then a line. */
export class Progress {
  readonly #numSteps: number;
  readonly #bar: SingleBar | undefined;
  #lastLineAt = 0;

  constructor(numSteps: number, startStep: number) {
    this.#numSteps = numSteps;
    if (!process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      stream: process.stderr,
      format: '{bar} {value}/{total} {figures}',
      hideCursor: true,
    });
    this.#bar.start(numSteps, startStep, { figures: '' });
  }

  update(figures: ProgressFigures): void {
    const text = describe(figures);
    if (this.#bar !== undefined) {
      this.#bar.update(figures.step, { figures: text });
      return;
    }
    const now = performance.now();
    const isLast = figures.step === this.#numSteps;
    if (!isLast && this.#lastLineAt > 0 && now - this.#lastLineAt < LINE_INTERVAL_MS) return;
    this.#lastLineAt = now;
    console.error(`step ${figures.step}/${this.#numSteps}  ${text}`);
  }

  /** A line of its own, above the bar. */
  note(text: string): void {
    if (this.#bar !== undefined) {
      clearLine(process.stderr, 0);
      cursorTo(process.stderr, 0);
    }
    console.error(text);
  }

  stop(): void {
    this.#bar?.stop();
  }
}

function describe({ loss, bitsPerByte, tokensPerSecond, secondsLeft }: ProgressFigures): string {
  const heldOut = bitsPerByte === undefined ? 'not yet' : bitsPerByte.toFixed(4);
  const minutes = Math.floor(secondsLeft / 60);
  const seconds = Math.floor(secondsLeft % 60);
  return (
    `loss ${loss.toFixed(3)}  held-out bits/byte ${heldOut}  ${tokensPerSecond.toFixed(0)} tokens/s  ` +
    `${minutes}:${String(seconds).padStart(2, '0')} left`
  );
}
