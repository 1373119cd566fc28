import pretty from 'pino-pretty';
import { printable } from './terminal.ts';

/** Fields that the text of a line has already, or that only a program asks for. */
const NOT_SHOWN: ReadonlySet<string> = new Set([
  ...['level', 'time', 'msg', 'err'],
  ...['requestId', 'method', 'path', 'status'],
]);
const MAX_VALUE_LENGTH = 120;

interface LoggedError {
  readonly type?: string;
  readonly message?: string;
  readonly stack?: string;
}

/**
 * Makes a line of the log readable: `[14:27:19] INFO: POST /v1/completions 200 durationMs=81 …`, and below it the stack
 * of an error that has one. What a client sent cannot move the cursor or change colours.
 * @returns what turns a line of JSON into such a line, its end included
 */
export function terminalLines(colorize: boolean): (line: string) => string {
  return pretty.prettyFactory({
    colorize,
    translateTime: 'SYS:HH:MM:ss',
    hideObject: true,
    messageFormat: (log) => messageOf(log),
  });
}

function messageOf(log: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(log).flatMap(([name, value]) =>
    NOT_SHOWN.has(name) || isEmpty(value) ? [] : [`${name}=${shown(value)}`],
  );
  const text = [shown(log['msg']), ...fields].join(' ').replaceAll('\n', ' ');
  const { type, stack, message } = (log['err'] ?? {}) as LoggedError;
  if (message === undefined) return printable(text);
  // The frames alone; with LOG_PROMPTS they come below the message.
  const error = stack?.includes(message) === true ? stack : `${type}: ${message}\n${stack ?? ''}`;
  return printable(`${text}\n${error}`.trimEnd());
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '';
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
}
