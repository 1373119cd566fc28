import { isatty } from 'node:tty';
import { pino, type Logger } from 'pino';
import { showChildOutput } from '../process/child-output.ts';
import type { Config } from '../config/config.ts';
import { standardError, type standardOutput } from '../process/standard-streams.ts';

type Level = Config['logLevel'];

/** Whether the service's log is read by a person as it comes. */
export function isTerminalLog(): boolean {
  return isatty(1);
}

/** The log: lines for people in a terminal, and one JSON object a line elsewhere. */
export async function openLog(level: Level, sink: typeof standardOutput): Promise<Logger> {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!isatty(sink === standardError ? 2 : 1)) return pino(options, sink);
  // Loaded where a person reads alone.
  const { terminalLines } = await import('./terminal-lines.ts');
  const format = terminalLines(hasColors());
  return pino(options, { write: (line: string) => sink.write(format(line)) });
}

/** What children print, drivers among them, is shown as much as the log shows. */
export function showChildrenFor(level: Level): void {
  const isAsked = level === 'trace' || level === 'debug';
  showChildOutput(level === 'silent' ? 'nothing' : isAsked ? 'all' : 'noWarnings');
}

/** https://no-color.org; a terminal that knows no colours is called `dumb`. */
function hasColors(): boolean {
  return !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}
