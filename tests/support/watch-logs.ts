import { Socket } from 'node:net';
import { afterAll, afterEach } from 'vitest';
import { standardError } from '../../src/process/standard-streams.ts';
import { checkLogs, forgetTexts, noteSent, watchLine } from './log-watch.ts';

/** For each test file: watches what its clients send, and what the services in its process say. */

type Write = (this: Socket, chunk: unknown, ...rest: unknown[]) => boolean;

/** Files that share a process share its sockets and streams, too: they are watched from the first file on. */
const { watchedForTests } = globalThis as { watchedForTests?: true };
if (watchedForTests === undefined) {
  Object.assign(globalThis, { watchedForTests: true });
  // Every client ends up here: fetch, supertest, SDKs, raw sockets.
  const { prototype } = Socket as unknown as { prototype: { write: Write } };
  const write = prototype.write;
  prototype.write = function (chunk, ...rest) {
    // A server's own end of a connection says what was sent to it: that may be in its log.
    const isClient = !('server' in this) || this.server === null || this.server === undefined;
    if (isClient && typeof chunk === 'string') noteSent(chunk);
    else if (isClient && chunk instanceof Uint8Array) noteSent(Buffer.from(chunk).toString('utf8'));
    return write.call(this, chunk, ...rest);
  };

  const writeError = standardError.write.bind(standardError);
  standardError.write = (text) => {
    watchLine(Buffer.from(text).toString('utf8'));
    writeError(text);
  };
}

afterEach(checkLogs);
afterAll(() => {
  checkLogs();
  forgetTexts();
});
