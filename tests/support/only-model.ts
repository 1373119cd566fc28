import type { ManagedEngine } from '../../src/engine/engine.ts';
import type { ModelAliases } from '../../src/serving/model-aliases.ts';
import { ModelCatalog } from '../../src/serving/model-catalog.ts';
import { ModelPool } from '../../src/serving/model-pool.ts';
import { fixturePath } from './fixtures.ts';

/** A pool of one model, whose engine is there already; there is no MODELS_DIR. */
export async function onlyModel(engine: ManagedEngine, aliases?: ModelAliases): Promise<ModelPool> {
  const path = fixturePath('tiny-gpt2');
  const models = new ModelPool({
    catalog: new ModelCatalog({ id: engine.model.id, path }, `${path}/none`, aliases && { aliases }),
    createEngine: () => engine,
    forecast: () => Promise.resolve({ memoryBytes: 0, contextLength: engine.model.contextLength }),
    maxWaiting: 0,
    loadTimeoutMs: 60_000,
    minStayMs: 0,
    idleMs: 0,
  });
  await models.start();
  return models;
}
