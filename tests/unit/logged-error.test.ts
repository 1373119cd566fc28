import { fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { EngineError, toEngineError } from '../../src/errors.ts';
import { siblingProcess } from '../../src/process/sibling-process.ts';
import { framesOf, loggedError, codeLocationOf, plainMessage } from '../../src/logged-error.ts';

/** What a log line has of errors: never a text that one quotes. */

const SECRET = 'what the client wrote';

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('it was to throw');
}

describe('an error in the log', () => {
  it.each([
    ['that Node throws for JSON', () => JSON.parse(SECRET) as unknown],
    [
      'that has a line like one of a stack',
      () => fail(new Error(`a\n    at ${SECRET} (file:///x.js:1:2)\nb`)),
    ],
    ['whose message is a part of its name', () => fail(new TypeError('E'))],
    ['whose message was changed', () => fail(Object.assign(new Error(SECRET), { message: 'other' }))],
    ['whose name is a text', () => fail(Object.assign(new Error('x'), { name: SECRET }))],
    ['that is no error', () => fail(SECRET)],
    ['that quotes by its code', () => fail(new EngineError('invalid_request', SECRET))],
    [
      'that quotes although its code does not',
      () => fail(new EngineError('weights_invalid', SECRET, { mayQuote: true })),
    ],
    ['that is one of ours for one of these', () => fail(toEngineError(new Error(SECRET), SECRET))],
    [
      'with a cause that quotes',
      () => fail(new EngineError('backend_failure', 'x', { cause: new Error(SECRET) })),
    ],
  ])('has no message %s', (_, work) => {
    const error = thrownBy(work);
    const text = JSON.stringify(loggedError(error));
    for (const word of ['client', 'wrote']) expect(text).not.toContain(word);
    expect(plainMessage(error)).not.toContain('client');
  });

  it('has type, code, numbers and where it was thrown', () => {
    const error = new EngineError('internal', SECRET, { details: { numTokens: 3 } });
    expect(loggedError(error)).toMatchObject({
      type: 'EngineError',
      code: 'internal',
      details: { numTokens: 3 },
    });
    const [first = ''] = framesOf(error);
    expect(first).toMatch(/at .*logged-error\.test\.ts:\d+:\d+\)?$/);
  });

  it('has the message of ours that quotes nothing, and what the system calls a fault', () => {
    const lost = new EngineError('backend_failure', 'the engine process died (SIGKILL)');
    expect(loggedError(lost)).toMatchObject({ message: 'the engine process died (SIGKILL)' });
    const reset = Object.assign(new Error(SECRET), { code: 'ECONNRESET' });
    expect(plainMessage(reset)).toBe('Error ECONNRESET');
  });

  it('keeps the location that another process told', () => {
    const codeLocation = 'src/chat-template/renderer.ts:77';
    expect(codeLocationOf(new EngineError('invalid_request', SECRET, { codeLocation }))).toBe(codeLocation);
  });
});

function fail(thrown: unknown): never {
  throw thrown;
}

it('what ends a process of the model is told on standard error without the texts of its job', async () => {
  const { file, execArgv } = siblingProcess(import.meta.url, '../support/throwing-jobs');
  const child = fork(file, {
    execArgv,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    serialization: 'advanced',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  child.send({ type: 'setUp', setup: undefined });
  await once(child, 'message');
  child.send({ type: 'job', question: SECRET });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  expect(output).toMatch(/TypeError/);
  expect(output).not.toContain('client');
});
