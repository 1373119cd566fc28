import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { build } from '../support/process.ts';
import { tokenflare } from '../support/run-command.ts';
import { startTestService, type TestService } from '../support/service.ts';

let folder: string;
let service: TestService;
beforeAll(async () => {
  build();
  folder = mkdtempSync(join(tmpdir(), 'tokenflare-test-'));
  service = await startTestService({ VECTORIZE_DIR: join(folder, 'vectors') });
});
afterAll(async () => {
  await service.close(0);
  rmSync(folder, { recursive: true, force: true });
});

/** What a command prints, as JSON. */
async function run(...args: readonly string[]): Promise<unknown> {
  const { status, stdout, stderr } = await tokenflare(['vectorize', ...args, '--url', service.url]);
  expect(status, stderr).toBe(0);
  return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as unknown);
}

it('makes an index, fills it from a file, finds in it, and deletes it', async () => {
  await run('create', 'mine', '--dimensions', '2', '--metric', 'cosine', '--description', 'of mine');
  expect(await run('get', 'mine')).toMatchObject({ name: 'mine', description: 'of mine' });
  expect(await run('list', '--json')).toMatchObject([{ name: 'mine' }]);
  await run('create-metadata-index', 'mine', '--property-name', 'kind', '--type', 'string');
  expect(await run('list-metadata-index', 'mine')).toEqual([{ propertyName: 'kind', indexType: 'string' }]);
  const file = join(folder, 'vectors.ndjson');
  const lines = Array.from({ length: 5 }, (_, i) =>
    JSON.stringify({ id: `v${i}`, values: [1, i], metadata: { kind: i % 2 === 0 ? 'even' : 'odd' } }),
  );
  writeFileSync(file, `${lines.join('\n')}\n\n`);
  expect(await run('insert', 'mine', '--file', file, '--batch-size', '2', '--json')).toEqual({
    index: 'mine',
    count: 5,
  });
  expect(await run('info', 'mine')).toMatchObject({ vectorCount: 5 });
  const vector = ['--vector', '1', '0', '--top-k', '2'];
  const filter = ['--filter', '{"kind":{"$ne":"even"}}', '--return-metadata', 'indexed'];
  expect(await run('query', 'mine', ...vector, ...filter)).toMatchObject({
    matches: [
      { id: 'v1', metadata: { kind: 'odd' } },
      { id: 'v3', metadata: { kind: 'odd' } },
    ],
  });
  expect(await run('query', 'mine', '--vector-id', 'v4', '--top-k', '1')).toMatchObject({
    matches: [{ id: 'v4' }],
  });
  await run('delete-vectors', 'mine', '--ids', 'v0', 'v1');
  expect(await run('get-vectors', 'mine', '--ids', 'v0', 'v2')).toMatchObject([{ id: 'v2' }]);
  const page = (await run('list-vectors', 'mine', '--count', '2')) as { nextCursor: string };
  expect(page).toMatchObject({ vectors: [{ id: 'v2' }, { id: 'v3' }] });
  expect(await run('list-vectors', 'mine', '--cursor', page.nextCursor)).toMatchObject({
    vectors: [{ id: 'v4' }],
  });
  await run('delete-metadata-index', 'mine', '--property-name', 'kind');
  await run('delete', 'mine', '--force');
  expect(await run('list', '--json')).toEqual([]);
});

it.each([
  [['create', 'other'], /--dimensions and --metric/],
  [['get', 'nothing'], /vectorize\.index\.not_found/],
  [['delete', 'nothing'], /--force/],
  [['query', 'nothing', '--vector', '1', '--filter', 'kind'], /must be JSON/],
  [['insert', 'nothing', '--file', '/nothing.ndjson'], /cannot be read/],
])('%j is refused', async (args, message) => {
  const { status, stderr } = await tokenflare(['vectorize', ...args, '--url', service.url]);
  expect(status).not.toBe(0);
  expect(stderr).toMatch(message);
});
