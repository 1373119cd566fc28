import { parseArgs, type ParseArgsConfig } from 'node:util';
import { toSnakeCase } from '../src/bench/snake-case.ts';
import { interruptSignal } from '../src/cli/drain-on-signals.ts';
import { readNames, readNumber, readNumbers } from '../src/cli/read-values.ts';
import { EngineError } from '../src/errors.ts';
import { messageOf } from '../src/values.ts';

/** One way to measure: `npm run bench -- --FLAG …`. */
export interface BenchMode {
  /** Picks it; the one without is run when no flag picks another. */
  readonly flag?: string;
  readonly usage: string;
  /** @param args of the command line, the picking flag among them */
  readonly run: (args: string[]) => Promise<void>;
}

/** A flag with a value. */
export interface BenchOption<Value> {
  readonly flag: string;
  /** How it stands in the usage: `N`, `NAME,...`. */
  readonly value: string;
  readonly meaning: string;
  /** @throws EngineError `config_invalid` */
  readonly read: (text: string | undefined) => Value;
}

type Options = Readonly<Record<string, BenchOption<unknown>>>;
export type ParamsOf<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends BenchOption<infer Value> ? Value : never;
};

interface ModeParts<O extends Options, Report> {
  /** Picks it. It may be one of the options, and may stand beside another mode's. */
  readonly flag: string;
  readonly besideFlag?: string;
  /** Goes on after the flag in the usage. */
  readonly about: string;
  readonly options: O;
  readonly measure: (params: ParamsOf<O>, signal: AbortSignal) => Promise<Report>;
  readonly format: (report: Report) => string;
  /** Whether what `--require` asks for is met; a mode without it has no such flag. */
  readonly isMet?: (report: Report, params: ParamsOf<O>) => boolean;
  /** Others were at work: the figures are no figures. */
  readonly isDisturbed?: (report: Report) => boolean;
}

/** A mode that reads its options, measures, and prints a report: as a table, or with `--json` as JSON. */
export function benchMode<O extends Options, Report>(mode: ModeParts<O, Report>): BenchMode {
  const usage = usageOf(mode);
  return {
    flag: mode.flag,
    usage,
    run: async (args) => {
      const flags = readFlags(args, mode, usage);
      const params = Object.fromEntries(
        Object.entries(mode.options).map(([name, { flag, read }]) => [name, read(textOf(flags[flag]))]),
      ) as ParamsOf<O>;
      const report = await mode.measure(params, interruptSignal());
      const text =
        flags['json'] === true ? JSON.stringify(toSnakeCase(report), undefined, 2) : mode.format(report);
      process.stdout.write(`${text}\n`);
      const isMissed = flags['require'] === true && mode.isMet?.(report, params) === false;
      if (isMissed || mode.isDisturbed?.(report) === true) process.exitCode = 1;
    },
  };
}

type Flags = Readonly<Record<string, string | boolean | undefined>>;

const textOf = (flag: string | boolean | undefined): string | undefined =>
  typeof flag === 'string' ? flag : undefined;

/** @throws EngineError `config_invalid` with the usage when there is a flag that the mode does not have */
function readFlags<O extends Options, Report>(
  args: string[],
  mode: ModeParts<O, Report>,
  usage: string,
): Flags {
  const { flag, besideFlag, isMet } = mode;
  const switches = [
    flag,
    'json',
    ...(besideFlag === undefined ? [] : [besideFlag]),
    ...(isMet ? ['require'] : []),
  ];
  const withValue = Object.values(mode.options).map((option) => option.flag);
  const options: NonNullable<ParseArgsConfig['options']> = Object.fromEntries<{ type: 'boolean' | 'string' }>(
    [
      ...switches.map((name) => [name, { type: 'boolean' }] as const),
      ...withValue.map((name) => [name, { type: 'string' }] as const),
    ],
  );
  try {
    return parseArgs({ args, options, strict: true }).values as Flags;
  } catch (cause) {
    throw new EngineError('config_invalid', `${messageOf(cause)}\n\n${usage}`);
  }
}

const COLUMN = 25;

function usageOf<O extends Options, Report>({
  flag,
  besideFlag,
  about,
  options,
  isMet,
}: ModeParts<O, Report>): string {
  const all = Object.values(options);
  const own = all.find((option) => option.flag === flag);
  const picks = [...(besideFlag === undefined ? [] : [`--${besideFlag}`]), `--${flag}`, own?.value ?? ''];
  const line = (start: string, meaning: string): string => `  ${start}`.padEnd(COLUMN) + meaning;
  return [
    `npm run bench -- ${picks.join(' ').trim()}   ${about}`,
    ...all
      .filter((option) => option !== own)
      .map(({ flag: name, value, meaning }) => line(`--${name} ${value}`, meaning)),
    ...(isMet ? [line('--require', 'fail when a bar is missed or not measured')] : []),
    line('--json', 'the report as JSON'),
    '',
  ].join('\n');
}

/** A whole number from 1 on. */
export const count = (flag: string, fallback: number, meaning: string): BenchOption<number> => ({
  flag,
  value: 'N',
  meaning: `${meaning} (${fallback})`,
  read: (text) => {
    const number = readNumber(text, fallback);
    if (Number.isInteger(number) && number >= 1) return number;
    throw new EngineError('config_invalid', `--${flag} is '${text ?? ''}': must be a whole number from 1 on`);
  },
});

/** Not a number becomes NaN, which what uses the number refuses by its name. */
export const number = (flag: string, fallback: number, meaning: string): BenchOption<number> => ({
  flag,
  value: 'N',
  meaning: `${meaning} (${fallback})`,
  read: (text) => readNumber(text, fallback),
});

export const numbers = (
  flag: string,
  fallback: readonly number[],
  meaning: string,
): BenchOption<readonly number[]> => ({
  flag,
  value: 'N,N,...',
  meaning: `${meaning} (${fallback.join()})`,
  read: (text) => readNumbers(text, fallback),
});

/** Of known names, all by default. */
export const names = <Name extends string>(
  flag: string,
  known: readonly Name[],
  meaning: string,
): BenchOption<readonly Name[]> => ({
  flag,
  value: 'NAME,...',
  meaning: `${meaning} (${known.join()})`,
  read: (text) => readNames(flag, text, known),
});

const MODELS = '`embedded`, `gpt2-small` (of random weights), or a model directory';

export const model = (fallback: string): BenchOption<string> => ({
  flag: 'models',
  value: 'NAME',
  meaning: `${MODELS} (${fallback})`,
  read: (text) => text ?? fallback,
});

export const models = (fallback: readonly string[]): BenchOption<readonly string[]> => ({
  flag: 'models',
  value: 'NAME,...',
  meaning: `${MODELS} (${fallback.join()})`,
  read: (text) => text?.split(',') ?? fallback,
});

export const seed = (): BenchOption<number> => number('seed', 0, 'of what is drawn');

/** Apart from the report. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
