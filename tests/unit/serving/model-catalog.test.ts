import { cpSync, rmSync } from 'node:fs';
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
