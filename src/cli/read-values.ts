import { EngineError } from '../errors.ts';

/** Not a number becomes NaN, which the user of the number refuses by its name. */
export function readNumber(text: string | undefined, fallback: number): number {
  return text === undefined ? fallback : Number(text);
}

/** Numbers separated by commas. */
export function readNumbers(text: string | undefined, fallback: readonly number[]): readonly number[] {
  return text === undefined ? fallback : text.split(',').map(Number);
}

/**
 * Names separated by commas; all that are known without a text.
 * @throws EngineError `config_invalid` naming the flag and those that are known
 */
export function readNames<Name extends string>(
  flag: string,
  text: string | undefined,
  known: readonly Name[],
): readonly Name[] {
  return text === undefined ? known : text.split(',').map((name) => readName(flag, name, known));
}

/** @throws EngineError `config_invalid` naming the flag and those that are known */
export function readName<Name extends string>(flag: string, text: string, known: readonly Name[]): Name {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new EngineError('config_invalid', `--${flag} has '${text}': must be of ${known.join(', ')}`);
}
