import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import { PAGE_TOKENS } from '../../src/pages.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { EMBEDDED_MODEL, metric, startTestService, until, type TestService } from '../support/service.ts';
import { tempDirectory } from '../support/temp-directory.ts';

const RUNTIME = RUNTIME_NAMES_HERE.includes('native') ? 'native' : 'wasm';
const PROMPT = Array.from(
  { length: 40 },
  (_, day) => `On day ${day} the little girl went into the garden, and she saw a bird.`,
).join(' ');

const start = (path: string, settings: Record<string, string> = {}): Promise<TestService> =>
  startTestService({ MODEL: EMBEDDED_MODEL, RUNTIME, THREADS: '1', PREFIX_CACHE_DIR: path, ...settings });

async function complete({
  url,
}: TestService): Promise<{ text: string; numPrompt: number; numCached: number }> {
  const body = { prompt: PROMPT, max_tokens: 12, temperature: 0, seed: 1 };
  const answer = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    // Nobody checks it, and it must not make another client after a restart.
    headers: { 'content-type': 'application/json', authorization: 'Bearer any' },
    body: JSON.stringify(body),
  });
  const { choices, usage } = (await answer.json()) as CompletionBody;
  return {
    text: choices.map((choice) => choice.text).join(),
    numPrompt: usage.prompt_tokens,
    numCached: usage.prompt_tokens_details.cached_tokens,
  };
}

describe('a service with PREFIX_CACHE_DIR', () => {
  it('finds after a restart what it computed before, and loses nothing by damaged files but time', async () => {
    const path = join(tempDirectory(), 'prefixes');
    let before;
    {
      await using service = await start(path);
      before = await complete(service);
      expect(before.numCached).toBe(0);
      const written = (): Promise<number> =>
        metric(service.url, 'tokenflare_prefix_disk_written_pages_total');
      const numWhole = Math.floor((before.numPrompt - 1) / PAGE_TOKENS);
      await until(async () => (await written()) >= numWhole);
    }
    const numPages = Math.floor((before.numPrompt - 1) / PAGE_TOKENS);
    expect(numPages).toBeGreaterThan(4);
    const files = readdirSync(join(path, 'pages'));
    expect(files.length).toBeGreaterThanOrEqual(numPages);
    {
      await using service = await start(path);
      expect(await complete(service)).toEqual({ ...before, numCached: numPages * PAGE_TOKENS });
      await until(
        async () => (await metric(service.url, 'tokenflare_prefix_disk_hit_pages_total')) === numPages,
      );
      expect(await metric(service.url, 'tokenflare_prefix_disk_bytes')).toBe(
        files.reduce((sum, name) => sum + statSync(join(path, 'pages', name)).size, 0),
      );
    }
    for (const name of files) {
      const bytes = readFileSync(join(path, 'pages', name));
      bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000);
      writeFileSync(join(path, 'pages', name), bytes);
    }
    await using service = await start(path);
    expect(await complete(service)).toEqual(before);
    await until(async () => (await metric(service.url, 'tokenflare_prefix_disk_damaged_files_total')) > 0);
  });

  it('serves without the folder where that cannot be had', async () => {
    const file = join(tempDirectory(), 'file');
    writeFileSync(file, '');
    await using service = await start(file);
    const first = await complete(service);
    expect(await complete(service)).toMatchObject({ text: first.text });
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  it('keeps nothing in files without the setting, nor with the prefix cache off', async () => {
    const path = join(tempDirectory(), 'prefixes');
    await using service = await start(path, { PREFIX_CACHE: 'off' });
    await complete(service);
    expect(readdirSync(path)).toEqual(['secret']);
  });
});
