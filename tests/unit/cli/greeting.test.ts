import { expect, it } from 'vitest';
import { farewell } from '../../../src/cli/drain-on-signals.ts';
import { greeting } from '../../../src/cli/run-service.ts';

const URL = 'http://127.0.0.1:8787';
const model = {
  id: 'tales',
  runtimeDescription: 'tfjs cpu',
  maxNumSeqs: 32,
  kvCacheTokens: 1024,
  chatTemplate: 'builtin' as const,
};

it('is three lines: what is served, where its page is, what to try', () => {
  expect(greeting(URL, model, false).split('\n')).toEqual([
    `Tokenflare serves tales on ${URL} (tfjs cpu; 32 sequences at once, 1024 tokens in the cache)`,
    `Page: ${URL}/`,
    `Try:  curl -N ${URL}/v1/completions -H 'content-type: application/json' ` +
      `-d '{"prompt":"Once upon a time","max_tokens":64,"stream":true}'`,
    '',
  ]);
});

it('lets a model that chats chat, and names the key where one is wanted', () => {
  const text = greeting(URL, { ...model, chatTemplate: 'own' }, true);
  expect(text).toContain(`curl -N ${URL}/v1/chat/completions -H "authorization: Bearer $KEY"`);
  expect(text).toContain('"messages":[{"role":"user"');
});

it('says how tokens are drawn where the model does not', () => {
  const family = { from: 'family', family: 'SmolLM2', document: 'the model card of SmolLM2' } as const;
  const defaults = { temperature: 0.2, topP: 0.9 };
  expect(
    greeting(URL, { ...model, generationDefaults: defaults, generationSource: family }, false),
  ).toContain(
    '\nSampling: temperature 0.2, top_p 0.9: for SmolLM2, by the model card of SmolLM2; GENERATION_CONFIG=FILE.json sets others\n',
  );
  const none = { generationDefaults: {}, generationSource: { from: 'none' } } as const;
  expect(greeting(URL, { ...model, ...none }, false)).toMatch(
    /\nSampling: temperature 1: the model's files recommend nothing.*GENERATION_CONFIG=FILE.json sets another\n/,
  );
  const own = { generationDefaults: defaults, generationSource: { from: 'model' } } as const;
  expect(greeting(URL, { ...model, ...own }, false)).not.toContain('Sampling');
});

it.each([
  ['SIGINT', 0, 30_000, 'Tokenflare stops'],
  ['SIGINT', 3, 0, 'Tokenflare stops'],
  [
    'SIGINT',
    1,
    30_000,
    'Tokenflare stops: 1 answer that runs has 30 s to end; Ctrl-C again stops it at once',
  ],
  [
    'SIGTERM',
    3,
    500,
    'Tokenflare stops: 3 answers that run have 0.5 s to end; a second signal stops it at once',
  ],
])('%s with %i answers and %i ms', (signal, numRunning, timeoutMs, text) => {
  expect(farewell(signal, numRunning, timeoutMs)).toBe(text);
  expect(farewell(signal, numRunning, timeoutMs, 2500)).toMatch(
    /^Tokenflare serves on for 2.5 s, then stops; /,
  );
});
