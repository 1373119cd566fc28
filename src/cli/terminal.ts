import { toSnakeCase } from '../bench/snake-case.ts';

/** A text without what a terminal obeys: what a file, a server or a client says may hold it. New lines stay. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}

/** A model's text without what a terminal obeys; tabs stay, too. */
export function printableText(text: string): string {
  return text.split('\t').map(printable).join('\t');
}

/** A line of what was asked for. */
export function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

/** A line beside it, for people. */
export function say(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** What was asked for, for programs. */
export function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(toSnakeCase(value), undefined, 2)}\n`);
}
