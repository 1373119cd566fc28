import { parseArgs, type ParseArgsConfig } from 'node:util';
import { toSnakeCase } from '../src/bench/snake-case.ts';
import { readNumber } from '../src/cli/read-values.ts';
import { EngineError } from '../src/errors.ts';

export { interruptSignal } from '../src/cli/interrupt-signal.ts';
export { readNames, readNumber, readNumbers } from '../src/cli/read-values.ts';

/** One way to measure: `npm run bench -- --FLAG …`. */
export interface BenchMode {
  /** Picks it; the one without is run when no flag picks another. */
  readonly flag?: string;
  readonly usage: string;
  /** @param args of the command line, the picking flag among them */
  readonly run: (args: string[]) => Promise<void>;
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** @throws EngineError `config_invalid` with the usage when there is a flag that the mode does not have */
export function readFlags<O extends Options>(args: string[], options: O, usage: string) {
  try {
    return parseArgs({ args, options, strict: true }).values;
  } catch (cause) {
    throw new EngineError(
      'config_invalid',
      `${cause instanceof Error ? cause.message : String(cause)}\n\n${usage}`,
    );
  }
}

export function readCount(flag: string, text: string | undefined, fallback: number): number {
  const count = readNumber(text, fallback);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new EngineError('config_invalid', `--${flag} is '${text ?? ''}': must be a whole number from 1 on`);
}

export function printReport<Report>(
  report: Report,
  format: (report: Report) => string,
  asJson: boolean | undefined,
): void {
  const text = asJson === true ? JSON.stringify(toSnakeCase(report), undefined, 2) : format(report);
  process.stdout.write(`${text}\n`);
}

/** Apart from the report. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
