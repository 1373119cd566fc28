import type { Engine } from '../../engine/engine.ts';
import type { ServedModels } from '../../serving/served-models.ts';
import { checkMayUse, hideOthers } from './allowed-models.ts';
import type { AppContext } from '../app-env.ts';

export interface UsedEngine {
  engine: Engine;
  /** What is left of the request's time after its model was loaded. */
  timeoutMs: number;
}

/**
 * The engine of the model that a request names, or of the default one. The model stays loaded until the last byte of
 * the answer is out.
 *
 * @throws EngineError `forbidden` for a model that the key may not use; as `ServedModels.acquire`
 */
export async function useEngine(
  c: AppContext,
  models: ServedModels,
  modelId: string | null | undefined,
  timeoutMs: number,
): Promise<UsedEngine> {
  const { scope } = c.var;
  // Before it is loaded.
  checkMayUse(scope.principal, modelId ?? models.defaultModelId);
  const { signal } = c.req.raw;
  const options = { timeoutMs, signal, clientId: scope.clientId };
  const lease = await hideOthers(scope.principal, models.acquire(modelId ?? undefined, options));
  const { engine, waitedMs } = lease;
  scope.releaseAtEnd(() => lease.release());
  scope.model = engine.model.id;
  return { engine, timeoutMs: Math.max(timeoutMs - waitedMs, 1) };
}
