import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { writeChainModel } from '../support/chain-model.ts';
import { CHAINS } from '../support/chains.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { sseData } from '../support/openapi-validator.ts';

/** Formats that the engine may find no way through, beside the stream of another client, on the real engine. */

const folder = mkdtempSync(join(tmpdir(), 'tokenflare-faults-'));
const NUM_TOKENS = 400;
/** What the other client is told, again and again. */
const SONG = CHAINS.find(({ isEndless }) => isEndless === true)?.text ?? '';
let engine: EngineClient;
let service: HttpService;

beforeAll(async () => {
  await writeChainModel(folder);
  engine = await createEngineOf({ MODEL: folder, MODEL_ID: 'chain', RUNTIME: 'cpu' });
  await engine.start();
  service = await startHttpService(engine);
});
afterAll(async () => {
  await service.close();
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Behind a text of which each byte is forced, but not each token, 20 rules of two optional parts: what may come behind the
 * text is looked for when a step is planned, and there are a million ways to read it.
 */
const OPTIONAL_PARTS = [
  `root ::= "${SONG}" p0`,
  ...Array.from({ length: 20 }, (_, i) => `p${i} ::= (p${i + 1} "a")? (p${i + 1} "b")?`),
  'p20 ::= "x"',
].join('\n');

interface Chunk {
  /** Absent from the frame of an error. */
  choices?: { delta: { content?: string }; finish_reason: string | null }[];
}

async function countPotatoes(onFirst: () => Promise<void>): Promise<{ text: string; finish: string }> {
  const body = {
    messages: [{ role: 'user', content: 'count' }],
    max_tokens: NUM_TOKENS,
    temperature: 0,
    stream: true,
  };
  const answer = await fetch(`${service.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let received = (await reader.read()).value ?? '';
  const besides = onFirst();
  for (let part = await reader.read(); !part.done; part = await reader.read()) received += part.value;
  await besides;
  const choices = (sseData(received) as Chunk[]).flatMap((chunk) => chunk.choices ?? []);
  return {
    text: choices.map(({ delta }) => delta.content ?? '').join(''),
    finish: choices.map(({ finish_reason: reason }) => reason ?? '').join(''),
  };
}

describe('a format that the engine may find no way through', () => {
  it('ends its own request at most, and no other, and not the engine', async () => {
    const statuses: number[] = [];
    const beside = await countPotatoes(async () => {
      for (let i = 0; i < 3; i++) {
        const body = { prompt: 'Hello', guided_grammar: OPTIONAL_PARTS, max_tokens: 60 };
        statuses.push((await post(service, '/v1/completions', body)).status);
      }
    });
    expect(beside.finish).toBe('length');
    expect(beside.text.length).toBeGreaterThan(NUM_TOKENS);
    expect(SONG.repeat(NUM_TOKENS).startsWith(beside.text)).toBe(true);
    expect(statuses).toHaveLength(3);
    for (const status of statuses) expect([200, 400, 500]).toContain(status);
    expect(engine.stats().numRestarts).toBe(0);
    expect(engine.stats()).toMatchObject({ numSequencesRunning: 0, numSequencesWaiting: 0, numSeatsUsed: 0 });
  });
});
