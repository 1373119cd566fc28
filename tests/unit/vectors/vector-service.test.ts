import { expect, it, onTestFinished } from 'vitest';
import type { VectorQuestion } from '../../../src/vectors/vector-jobs.ts';
import { VectorService } from '../../../src/vectors/vector-service.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const config = { name: 'a', dimensions: 3, metric: 'cosine', description: '', createdOn: '' } as const;
const caller = { clientId: 'a', signal: new AbortController().signal };
/** Two names for SQLite's one: it fails at the second, which is unforeseen. */
const addHalf = (path: string): VectorQuestion => ({
  type: 'addProperty',
  index: 'a',
  path,
  propertyType: 'string',
});

it('fails the job that meets an unforeseen error, and answers the next question', async () => {
  const vectors = new VectorService({ folder: tempDirectory(), maxBytes: 2 ** 30, native: false });
  onTestFinished(() => vectors.stop());
  await vectors.ask({ type: 'create', config }, caller);
  await vectors.ask(addHalf('\ud801'), caller);
  const pid = vectors.pid;
  await expect(vectors.ask(addHalf('\ud802'), caller)).rejects.toMatchObject({ code: 'backend_failure' });
  expect(await vectors.ask({ type: 'info', index: 'a' }, caller)).toContain('"vectorCount":0');
  expect(vectors.pid).toBe(pid);
}, 60_000);
