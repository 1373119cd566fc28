import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { directoryPooling } from '../../../src/model/pooling.ts';

const root = mkdtempSync(join(tmpdir(), 'tokenflare-pooling-'));
afterAll(() => rmSync(root, { recursive: true }));

it('reads no folder outside of the model', async () => {
  const model = join(root, 'model');
  for (const folder of [model, join(model, '1_Pooling'), join(root, 'other')])
    mkdirSync(folder, { recursive: true });
  for (const folder of [join(model, '1_Pooling'), join(root, 'other')])
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ pooling_mode: 'cls' }));
  const poolingAt = (path: string): ReturnType<typeof directoryPooling> => {
    writeFileSync(
      join(model, 'modules.json'),
      JSON.stringify([{ type: 'sentence_transformers.models.Pooling', path }]),
    );
    return directoryPooling(model);
  };
  expect(await poolingAt('1_Pooling')).toEqual({ kind: 'cls', from: 'model' });
  expect(await poolingAt('../other')).toHaveProperty('refusal');
  expect(await poolingAt(join(root, 'other'))).toHaveProperty('refusal');
});
