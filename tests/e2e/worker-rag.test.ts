import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installNodeClient } from '../clients/install-clients.ts';
import { build } from '../support/process.ts';

/** The example of a Worker, by its own configuration, in Cloudflare's workerd: nothing of it is changed. */

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

interface Binding {
  name: string;
  type: string;
  dev: { plugin: { package: string; name: string }; options: object };
}

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
  const text = readFileSync(at('examples/worker-rag/wrangler.jsonc'), 'utf8');
  const { config } = ts.parseConfigFileTextToJson('wrangler.jsonc', text) as {
    config: { compatibility_date: string; env: { local: { unsafe: { bindings: Binding[] } } } };
  };
  const { bindings } = config.env.local.unsafe;
  const worker = readFileSync(at('examples/worker-rag/src/index.ts'), 'utf8');
  miniflare = new Tool({
    modules: true,
    script: ts.transpile(worker, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }),
    compatibilityDate: config.compatibility_date,
    unsafeBindings: bindings.map(({ name, type, dev }) => ({
      name,
      type,
      plugin: { ...dev.plugin, package: at('dist/src/library/miniflare/index.js') },
      // Where the indexes of this machine's user are not.
      options: type === 'ai' ? { ...dev.options, settings: { VECTORIZE_DIR: folder } } : dev.options,
    })),
  });
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
