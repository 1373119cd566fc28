import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import { ModelCatalog } from '../../../src/serving/model-catalog.ts';
import { ModelPool } from '../../../src/serving/model-pool.ts';
import { withoutPath } from '../../../src/serving/pool-errors.ts';
import { fixturePath } from '../../support/fixtures.ts';
import { ScriptedEngine } from '../../support/scripted-engine.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

describe('withoutPath', () => {
  const entry = { id: 'owner/name', path: '/srv/models/owner--name' };

  it.each([
    ['/srv/models/owner--name: it is torn', 'owner/name: it is torn'],
    [
      "Error: EACCES, open '/srv/models/owner--name/config.json'",
      "Error: EACCES, open 'owner/name/config.json'",
    ],
    ['/srv/models/blobs/5f is missing', 'blobs/5f is missing'],
    ['no path at all', 'no path at all'],
  ])('%s', (message, shown) => {
    const error = new EngineError('weights_invalid', message);
    expect(withoutPath(error, entry).message).toBe(shown);
  });

  it('leaves slashes alone where the model lies at the root', () => {
    const error = new EngineError('weights_invalid', '/m.gguf: 3/4 of it');
    expect(withoutPath(error, { id: 'm', path: '/m.gguf' }).message).toBe('m: 3/4 of it');
  });
});

describe('what clients are told of models that cannot be served', () => {
  async function poolOf(modelsDir: string): Promise<ModelPool> {
    const engine = await ScriptedEngine.create(fixturePath('tiny-gpt2'));
    const pool = new ModelPool({
      catalog: new ModelCatalog({ id: 'default', path: fixturePath('tiny-gpt2') }, modelsDir),
      createEngine: () => engine,
      forecast: () => Promise.resolve({ memoryBytes: 0, contextLength: 128 }),
      maxWaiting: 0,
      loadTimeoutMs: 60_000,
      minStayMs: 0,
      idleMs: 0,
    });
    await pool.start();
    return pool;
  }

  it('says why, and not where they lie', async () => {
    const modelsDir = tempDirectory();
    for (const name of ['torn', 'owner--name']) mkdirSync(join(modelsDir, name));
    writeFileSync(join(modelsDir, 'torn', 'config.json'), '{');
    writeFileSync(join(modelsDir, 'torn', 'model.safetensors'), 'x');
    writeFileSync(join(modelsDir, 'owner--name', 'tokenflare-model.json'), '{}');
    writeFileSync(join(modelsDir, 'cut.gguf'), 'GGUF');
    const pool = await poolOf(modelsDir);
    const failed = (await pool.list()).filter(({ state }) => state === 'failed');
    expect(failed.map(({ id }) => id)).toEqual(['cut.gguf', 'owner/name', 'torn']);
    for (const { id, error } of failed) {
      expect(error?.message).toContain(id);
      expect(error?.message).not.toContain(modelsDir);
    }
  });

  it('does not name a folder that cannot be read', async () => {
    // A file cannot be listed.
    const modelsDir = join(tempDirectory(), 'file');
    writeFileSync(modelsDir, '');
    const pool = await poolOf(modelsDir);
    for (const asked of [pool.list(), pool.acquire('x', { timeoutMs: 1000 }), pool.describe('x')]) {
      await expect(asked).rejects.toMatchObject({
        code: 'config_invalid',
        message: 'the folder of models, MODELS_DIR, cannot be read: ENOTDIR',
      });
    }
  });
});
