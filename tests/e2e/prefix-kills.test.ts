import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import { kill, urlOf, useServices, type ServiceProcess } from '../support/process.ts';
import { EMBEDDED_MODEL } from '../support/service.ts';
import { postJson } from '../support/sse.ts';
import { tempDirectory } from '../support/temp-directory.ts';

/** A service that is killed while it writes pages of prefixes to files. `PREFIX_KILLS=20` is the long form. */

const start = useServices();
const NUM_KILLS = Number(process.env['PREFIX_KILLS'] ?? 5);

const prompt = (i: number): string =>
  Array.from({ length: 40 }, (_, day) => `On day ${day} of year ${i} the girl saw ${i + day} birds.`).join(
    ' ',
  );

interface Answered {
  /** The text with the probability of each token. */
  readonly answer: string;
  readonly numCached: number;
}

async function ask(url: string, i: number): Promise<Answered> {
  const body = { prompt: prompt(i), max_tokens: 6, temperature: 0, logprobs: 3 };
  // Nobody checks the key, and it must not make another client after a restart.
  const headers = { 'content-type': 'application/json', authorization: 'Bearer any' };
  const { choices, usage } = (await (
    await postJson(`${url}/v1/completions`, body, { headers })
  ).json()) as CompletionBody;
  return {
    answer: JSON.stringify([choices[0]?.text, choices[0]?.logprobs]),
    numCached: usage.prompt_tokens_details.cached_tokens,
  };
}

it(`is killed ${NUM_KILLS} times, and never says a wrong token`, { timeout: 600_000 }, async () => {
  const path = join(tempDirectory(), 'prefixes');
  const startOn = (directory: string): ServiceProcess =>
    start({ MODEL: EMBEDDED_MODEL, THREADS: '1', PREFIX_CACHE_DIR: directory });
  const right: string[] = [];
  const first = startOn('');
  for (let i = 0; i < NUM_KILLS; i++) right.push((await ask(await urlOf(first), i)).answer);
  await kill(first);
  let numCached = 0;
  const check = async (url: string, i: number): Promise<void> => {
    const answered = await ask(url, i);
    expect(answered.answer).toBe(right[i]);
    numCached += answered.numCached;
  };
  for (let i = 0; i < NUM_KILLS; i++) {
    const service = startOn(path);
    const url = await urlOf(service);
    for (const before of [i - 1, i - 2]) if (before >= 0) await check(url, before);
    await check(url, i);
    // Its pages are written now.
    await sleep((i * 3) % 14);
    await kill(service);
  }
  const last = startOn(path);
  for (let i = 0; i < NUM_KILLS; i++) await check(await urlOf(last), i);
  // Something was found, so the test looks at pages that were read.
  expect(numCached).toBeGreaterThan(0);
  // Each kill leaves one file at most that was half written; ten minutes later these go.
  const parts = readdirSync(join(path, 'pages')).filter((name) => name.endsWith('.part'));
  expect(parts.length).toBeLessThanOrEqual(NUM_KILLS + 1);
});
