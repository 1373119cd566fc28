import { fileURLToPath } from 'node:url';
import { EngineError } from './errors.ts';
import { PACKAGE_ROOT } from './package-root.ts';

/**
 * What the log says of an error. An error's message is for the client that is told of it and may quote what it sent. The log
 * gets the code, the location in the code, numbers and names (`details`), and the message only where it is ours alone
 * (docs/decisions/0087-what-log-and-ids-tell.md).
 */

/** Deepest chain of causes that a line shows. */
const MAX_CAUSES = 4;

const ROOT = fileURLToPath(PACKAGE_ROOT);
/** A line of a stack that names a location in a file. */
const FRAME = /^\s+at .*:\d+:\d+\)?$/;
/** The module whose functions make errors for others. */
const MAKES_ERRORS = /[/\\]src[/\\]errors\.[jt]s:/;
/** `src/http/edge/json-body.ts:52`, of this package. */
const OWN_LOCATION = /((?:src|routes)[/\\][\w./\\-]+:\d+):\d+\)?$/;
/** Names that Node gives to faults of the system: `ECONNRESET`. */
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{2,40}$/;

/** Where an error was thrown: the lines of its stack without the message, which stands before them. */
export function framesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const { message, stack = '' } = error;
  const start = stack.indexOf(message);
  // A message that was changed since is not in the stack: there is no telling where the old one ends.
  if (start === -1) return [];
  // What is left of the message's last line is no frame.
  const [, ...lines] = stack.slice(start + message.length).split('\n');
  return lines.filter((line) => FRAME.test(line));
}

/** The location in this package that threw, like `src/http/edge/json-body.ts:52`; undefined where there is none in the stack. */
export function codeLocationOf(error: unknown): string | undefined {
  if (error instanceof EngineError && error.codeLocation !== undefined) return error.codeLocation;
  for (const frame of framesOf(error)) {
    const [, location] = OWN_LOCATION.exec(frame) ?? [];
    if (location !== undefined && !frame.includes('node_modules') && !MAKES_ERRORS.test(frame))
      return location;
  }
  return undefined;
}

/** The message of an error that others than its client may read: its own where that quotes nothing, else what and where it is. */
export function plainMessage(error: unknown): string {
  if (error instanceof EngineError && !error.mayQuote) return error.message;
  return [typeName(error), systemCode(error), codeLocationOf(error)]
    .filter((part) => part !== undefined)
    .join(' ');
}

/** An error as a field of a log line. */
export function loggedError(error: unknown, numCauses = 0): Record<string, unknown> {
  const { cause } = error instanceof Error ? error : {};
  const { details } = error instanceof EngineError ? error : {};
  return {
    type: typeName(error),
    message: plainMessage(error),
    ...(error instanceof EngineError ? { code: error.code } : {}),
    ...(details === undefined ? {} : { details }),
    stack: framesOf(error)
      .map((frame) => frame.replace(ROOT, ''))
      .join('\n'),
    ...(cause === undefined || numCauses === MAX_CAUSES ? {} : { cause: loggedError(cause, numCauses + 1) }),
  };
}

function typeName(error: unknown): string {
  return error instanceof Error ? error.constructor.name : typeof error;
}

function systemCode(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && SYSTEM_CODE.test(code) ? code : undefined;
}
