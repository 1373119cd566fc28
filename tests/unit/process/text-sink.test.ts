import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TextSink } from '../../../src/process/text-sink.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const FLUSH_LIMIT_MS = 10_000;

/** A pipe with a reader that reads when it is told to. */
function openPipe(): { writeFd: number; readFd: number } {
  const path = join(tempDirectory(), 'pipe');
  execFileSync('mkfifo', [path]);
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { writeFd: openSync(path, 'w'), readFd };
}

/** What is in the pipe now. */
function readAll(fd: number): string {
  const bytes = Buffer.alloc(1 << 20);
  let text = '';
  for (;;) {
    let numRead = 0;
    try {
      numRead = readSync(fd, bytes);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
    if (numRead === 0) return text;
    text += bytes.toString('utf8', 0, numRead);
  }
}

it('writes lines into a file, in order', async () => {
  const path = join(tempDirectory(), 'log');
  const sink = new TextSink(openSync(path, 'a'));
  const lines = Array.from({ length: 5000 }, (_, index) => `line ${index}\n`);
  for (const line of lines) sink.write(line);
  await sink.flush(FLUSH_LIMIT_MS);
  expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
  expect(sink.numLinesLost).toBe(0);
});

it('writes lines into a pipe that is read', async () => {
  const { writeFd, readFd } = openPipe();
  const sink = new TextSink(writeFd);
  sink.write('one\n');
  sink.write(Buffer.from('two\n'));
  await sink.flush(FLUSH_LIMIT_MS);
  expect(readAll(readFd)).toBe('one\ntwo\n');
});

it('loses what a full device does not take, and counts it', async () => {
  const sink = new TextSink(openSync('/dev/full', 'w'));
  for (let index = 0; index < 3; index++) sink.write('a line\n');
  await sink.flush(FLUSH_LIMIT_MS);
  expect(sink.numLinesLost).toBe(3);
  sink.write('two\nlines\n');
  await sink.flush(FLUSH_LIMIT_MS);
  expect(sink.numLinesLost).toBe(5);
});

it('loses what nobody can read any more', async () => {
  const { writeFd, readFd } = openPipe();
  const sink = new TextSink(writeFd);
  sink.write('read\n');
  await sink.flush(FLUSH_LIMIT_MS);
  closeSync(readFd);
  for (let index = 0; index < 3; index++) {
    sink.write('not read\n');
    await sink.flush(FLUSH_LIMIT_MS);
  }
  expect(sink.numLinesLost).toBe(3);
});

it('keeps a bounded part for a reader that stalls, loses the rest, and goes on when it reads again', async () => {
  const { writeFd, readFd } = openPipe();
  const sink = new TextSink(writeFd, { maxQueuedBytes: 100_000 });
  const line = `${'x'.repeat(999)}\n`;
  const numLines = 400;
  for (let index = 0; index < numLines; index++) {
    sink.write(line);
    // The event loop turns while the pipe is full.
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sink.numLinesLost).toBeGreaterThan(200);
  await sink.flush(1);
  let numRead = 0;
  while (numRead + sink.numLinesLost < numLines) {
    numRead += readAll(readFd).length / line.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await sink.flush(FLUSH_LIMIT_MS);
  sink.write('again\n');
  await sink.flush(FLUSH_LIMIT_MS);
  expect(readAll(readFd)).toBe('again\n');
});

it('leaves the description of the pipe, which other processes share, as it is', async () => {
  const { writeFd, readFd } = openPipe();
  const isBlocking = (): boolean => {
    const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${writeFd}`, 'utf8'))?.[1] ?? '';
    return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) === 0;
  };
  expect(isBlocking()).toBe(true);
  const sink = new TextSink(writeFd);
  sink.write('a line\n');
  await sink.flush(FLUSH_LIMIT_MS);
  expect(readAll(readFd)).toBe('a line\n');
  expect(isBlocking()).toBe(true);
});
