import { text } from 'node:stream/consumers';

/** All of standard input, without the line break at its end; nothing where it is a terminal. */
export async function readInput(): Promise<string> {
  return process.stdin.isTTY ? '' : (await text(process.stdin)).replace(/\r?\n$/, '');
}
