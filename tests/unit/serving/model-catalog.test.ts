import { cpSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { ModelCatalog } from '../../../src/serving/model-catalog.ts';
import { fixturePath } from '../../support/fixtures.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

it('knows after a moment whether there is a model beside the default one', async () => {
  const modelsDir = tempDirectory();
  const catalog = new ModelCatalog({ id: 'own', path: '/nowhere/own' }, modelsDir);
  // Before the first look the answer is yes.
  expect(catalog.mayHaveOthers()).toBe(true);
  await vi.waitUntil(() => !catalog.mayHaveOthers());
  cpSync(fixturePath('tiny-gpt2'), join(modelsDir, 'other'), { recursive: true });
  await vi.waitUntil(() => catalog.mayHaveOthers(), 5000);
  rmSync(join(modelsDir, 'other'), { recursive: true });
  await vi.waitUntil(() => !catalog.mayHaveOthers(), 5000);
});

it('looks into the folder once for all who ask at a time, and never at what was before', async () => {
  let numLooks = 0;
  let ids: string[] = [];
  const scan = async (): Promise<{ id: string; location: string }[]> => {
    numLooks++;
    const found = ids;
    await new Promise(setImmediate);
    return found.map((id) => ({ id, location: `/models/${id}` }));
  };
  const catalog = new ModelCatalog({ id: 'own', path: '/nowhere/own' }, '/models', { scan });
  const first = catalog.list();
  ids = ['new'];
  const later = Array.from({ length: 100 }, () => catalog.list());
  expect((await first).map(({ id }) => id)).toEqual(['own']);
  for (const list of await Promise.all(later)) expect(list.map(({ id }) => id)).toEqual(['own', 'new']);
  expect(numLooks).toBe(2);
  await catalog.list();
  expect(numLooks).toBe(3);
});

it('counts all parts of a GGUF file, and reads its headers again when one of them has changed', async () => {
  const modelsDir = tempDirectory();
  cpSync(fixturePath('gguf', 'parts'), modelsDir, { recursive: true });
  const catalog = new ModelCatalog({ id: 'own', path: '/nowhere/own' }, modelsDir);
  const model = await catalog.find('empty-first-00001-of-00003.gguf');
  expect(model.sizeBytes).toBe(7712 + 19264 + 41664);
  const header = await catalog.header(model);
  expect(header.fileBytes).toBe(model.sizeBytes);
  utimesSync(join(modelsDir, 'empty-first-00003-of-00003.gguf'), 0, 4e9);
  expect((await catalog.header(model)).modifiedAt).toBe(4e12);
  rmSync(join(modelsDir, 'empty-first-00003-of-00003.gguf'));
  await expect(catalog.find('empty-first-00001-of-00003.gguf')).resolves.toMatchObject({
    problem: expect.stringContaining('part 3 of 3, is missing') as string,
  });
  catalog.dispose();
});
