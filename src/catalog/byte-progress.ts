import { clearLine, cursorTo } from 'node:readline';
import { SingleBar } from 'cli-progress';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** For people, in powers of a thousand as the hub's pages have them: `1.23 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${UNITS[unit] ?? ''}`;
}

/** Where the output is no terminal, a line comes each time so many percent more are done. */
const PERCENT_PER_LINE = 10;

/** How far through so many bytes something is: a bar on a terminal, otherwise now and then a line, on stderr. */
export class ByteProgress {
  readonly #totalBytes: number;
  readonly #bar: SingleBar | undefined;
  #doneBytes = 0;
  #lastPercent = 0;

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
    if (!process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      stream: process.stderr,
      format: '{bar} {percentage} %  {done}  {eta_formatted} left  {name}',
      hideCursor: true,
      etaBuffer: 100,
    });
    this.#bar.start(totalBytes, 0, { done: this.#done(), name: '' });
  }

  /** What is being worked on. */
  name(name: string, bytes: number): void {
    if (this.#bar === undefined) console.error(`${name}, ${formatBytes(bytes)}`);
    else this.#bar.update({ name });
  }

  /** @param bytes less than 0 when some are to be done again */
  advance(bytes: number): void {
    this.#doneBytes += bytes;
    if (this.#bar !== undefined) {
      this.#bar.update(this.#doneBytes, { done: this.#done() });
      return;
    }
    const percent = Math.floor((100 * this.#doneBytes) / Math.max(this.#totalBytes, 1));
    if (percent < this.#lastPercent + PERCENT_PER_LINE) return;
    this.#lastPercent = percent - (percent % PERCENT_PER_LINE);
    console.error(`${percent} %, ${this.#done()}`);
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

  #done(): string {
    return `${formatBytes(this.#doneBytes)} of ${formatBytes(this.#totalBytes)}`;
  }
}
