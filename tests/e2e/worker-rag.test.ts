import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type * as local from '../../src/library/miniflare/local-bindings.ts';
import type { WorkerBindings } from '../../src/library/vite.ts';
import { installNodeClient } from '../clients/install-clients.ts';
import { build } from '../support/process.ts';

/** The example of a Worker, by its own configuration, in Cloudflare's workerd: nothing of it is changed. */

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

type Local = typeof local;

interface Fetched {
  status: number;
  headers: { get(name: string): string | null };
  text(): Promise<string>;
  json(): Promise<unknown>;
}

interface Miniflare {
  dispatchFetch(url: string, init?: object): Promise<Fetched>;
  dispose(): Promise<void>;
}

let folder: string;
let miniflare: Miniflare;
beforeAll(async () => {
  build();
  folder = mkdtempSync(join(tmpdir(), 'tokenflare-test-'));
  const packages = await installNodeClient('vectorize-4');
  const { Miniflare: Tool } = createRequire(join(packages, 'package.json'))('miniflare') as {
    Miniflare: new (options: object) => Miniflare;
  };
  const { config } = ts.parseConfigFileTextToJson(
    'wrangler.jsonc',
    readFileSync(at('examples/worker-rag/wrangler.jsonc'), 'utf8'),
  ) as { config: WorkerBindings & { compatibility_date: string } };
  const worker = readFileSync(at('examples/worker-rag/src/index.ts'), 'utf8');
  const { withLocalBindings } = (await import(at('dist/src/library/miniflare/local-bindings.js'))) as Local;
  const options = {
    modules: true,
    script: ts.transpile(worker, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }),
    compatibilityDate: config.compatibility_date,
    ai: config.ai,
    vectorize: Object.fromEntries((config.vectorize ?? []).map(({ binding, ...index }) => [binding, index])),
  };
  // What the example's `npm run dev` says, but for the folder: it is not where the indexes of this machine's user are.
  const said = {
    models: { '@cf/*': 'tokenflare-tales' },
    settings: { VECTORIZE_DIR: folder },
    indexes: { notes: { dimensions: 256, metric: 'cosine' as const } },
  };
  miniflare = new Tool(withLocalBindings(options as object, said));
}, 300_000);
afterAll(async () => {
  await miniflare.dispose();
  rmSync(folder, { recursive: true, force: true });
});

it('keeps notes and answers from the nearest', async () => {
  const notes = [
    'The key is under the mat.',
    'The fox lives by the river.',
    'Once upon a time there was a king.',
  ];
  const put = { method: 'PUT', body: notes.join('\n') };
  const kept = await miniflare.dispatchFetch('http://worker/', put);
  expect(await kept.json()).toEqual({ mutationId: expect.stringMatching(/^[\da-f-]{36}$/) as string });
  await miniflare.dispatchFetch('http://worker/', put);
  const asked = await miniflare.dispatchFetch(`http://worker/?q=${encodeURIComponent(notes[0] ?? '')}`);
  // Each note once, and the one that is the question itself first.
  const nearest = (asked.headers.get('x-notes') ?? '').split(', ');
  expect(nearest).toHaveLength(3);
  expect(nearest[0]).toMatch(/=1\.000$/);
  expect(asked.headers.get('content-type')).toBe('text/event-stream');
  expect(await asked.text()).toMatch(/^data: \{"response":.*data: \[DONE\]/s);
}, 120_000);
