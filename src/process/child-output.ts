import type { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { standardError } from './standard-streams.ts';

/** What standard error gets of what children print: all, all but warnings of Dawn, or nothing. */
export type ShownOutput = 'all' | 'noWarnings' | 'nothing';

let shown: ShownOutput = 'noWarnings';

/** For children that are started from now on, until it is called again. */
export function showChildOutput(output: ShownOutput): void {
  shown = output;
}

/**
 * Forwards what a child prints, native libraries included, to standard error: the log has standard output to itself. It
 * goes through this process, so that a reader of standard error who does not read holds up no child.
 */
export function forwardOutput({ stdout, stderr }: ChildProcess): void {
  for (const output of [stdout, stderr]) {
    const write = writerFor(shown);
    output?.on('data', write.data);
    output?.once('end', write.end);
    // The process is what keeps its starter alive, or does not.
    if (output instanceof Socket) output.unref();
  }
}

function writerFor(output: ShownOutput): { data: (bytes: Buffer) => void; end: () => void } {
  const nothing = (): void => undefined;
  if (output === 'nothing') return { data: nothing, end: nothing };
  if (output === 'all') return { data: (bytes) => standardError.write(bytes), end: nothing };
  const filter = new WarningFilter();
  const decoder = new StringDecoder('utf8');
  const write = (text: string): void => {
    if (text !== '') standardError.write(text);
  };
  return {
    data: (bytes) => write(filter.take(decoder.write(bytes))),
    end: () => write(filter.take(decoder.end()) + filter.end()),
  };
}

/** The second line of a warning: where in Dawn's sources it comes from. */
const PLACE_IN_DAWN = /^\s+at .*\/dawn\/.*:\d+\)?$/;

/** A warning of one line: a device in software has less of something than Dawn allows. */
const LIMIT_OF_DAWN = /^Warning: \w+ artificially reduced from \d+ to \d+ /;

/**
 * Takes the warnings of Dawn out of what a process prints: 'Warning: ' and a text, a line with a place in Dawn's sources,
 * an empty line. `RUNTIME=auto` tries WebGPU wherever Dawn is, so that each machine without a Vulkan loader would show one;
 * the reason why WebGPU was not taken has its text.
 */
export class WarningFilter {
  /** What has come of a line so far. */
  #line = '';
  /** A line that begins as a warning does: the next one decides. */
  #held: string | undefined;
  #skipsEmptyLine = false;

  /** @returns the whole lines to show, of this text and of what was held */
  take(text: string): string {
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    return lines.map((line) => this.#takeLine(line)).join('');
  }

  /** @returns what is left when no more comes */
  end(): string {
    const rest = (this.#held === undefined ? '' : `${this.#held}\n`) + this.#line;
    this.#line = '';
    this.#held = undefined;
    return rest;
  }

  #takeLine(line: string): string {
    const skipsEmptyLine = this.#skipsEmptyLine;
    this.#skipsEmptyLine = false;
    if (this.#held !== undefined && PLACE_IN_DAWN.test(line)) {
      this.#held = undefined;
      this.#skipsEmptyLine = true;
      return '';
    }
    if (skipsEmptyLine && line === '') return '';
    const before = this.#held === undefined ? '' : `${this.#held}\n`;
    this.#held = undefined;
    if (LIMIT_OF_DAWN.test(line)) return before;
    if (line.startsWith('Warning: ')) this.#held = line;
    return this.#held === undefined ? `${before}${line}\n` : before;
  }
}
