import { createServer } from 'node:http';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { logServerErrors } from '../../../../src/http/edge/node-server.ts';

it('logs the errors of a server, at most a line in ten seconds, and outlives them', () => {
  const lines: unknown[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const server = createServer();
  const clock = { now: 0 };
  logServerErrors(server, logger, () => clock.now);
  for (let index = 0; index < 5; index++) server.emit('error', new Error('accept EMFILE'));
  expect(lines).toMatchObject([{ level: 50, numErrors: 1, err: { message: 'accept EMFILE' } }]);
  clock.now = 10_000;
  server.emit('error', new Error('accept EMFILE'));
  expect(lines.slice(1)).toMatchObject([{ numErrors: 5 }]);
});
