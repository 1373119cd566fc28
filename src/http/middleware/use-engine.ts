import type { Engine } from '../../engine/engine.ts';
import type { ServedModels } from '../../serving/served-models.ts';
import type { AppContext } from '../app-env.ts';
import type { Principal } from '../../access/principal.ts';
import { EngineError } from '../../errors.ts';

/** Whether a key may use the model of an id, spelled as `GET /v1/models` has it; not of an alias. */
export const mayUse = ({ models }: Principal, modelId: string): boolean =>
  models === undefined || models.includes(modelId);

/**
 * What `find` comes to; its error names the models that there are only to a key that may use all of them.
 *
 * @throws EngineError what `find` throws
 */
export async function hideOthers<T>({ models }: Principal, find: Promise<T>): Promise<T> {
  try {
    return await find;
  } catch (error) {
    const namesAll = error instanceof EngineError && error.code === 'model_not_found';
    if (models === undefined || !namesAll) throw error;
    throw new EngineError('model_not_found', 'this model is not served here', {
      param: 'model',
      cause: error,
    });
  }
}

/**
 * Refuses a model that a key may not use, and in the same words one that there is not.
 *
 * @param name an id or an alias; undefined: the default model
 * @throws EngineError `forbidden`
 */
export async function checkMayUse(
  principal: Principal,
  models: ServedModels,
  name: string | undefined,
): Promise<void> {
  if (principal.models === undefined) return;
  const modelId = await idOrName(models, name);
  if (mayUse(principal, modelId)) return;
  throw new EngineError(
    'forbidden',
    `the API key '${principal.keyName ?? ''}' may not use the model '${(name ?? modelId).slice(0, 200)}'; it may use ` +
      principal.models.join(', '),
    { param: 'model' },
  );
}

async function idOrName(models: ServedModels, name: string | undefined): Promise<string> {
  try {
    return await models.idOf(name);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'model_not_found') return name ?? '';
    throw error;
  }
}

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
  const scope = c.get('scope');
  // Before it is loaded.
  await checkMayUse(scope.principal, models, modelId ?? undefined);
  const { signal } = c.req.raw;
  const askedMs = Math.max(Math.min(timeoutMs, scope.deadlineMs - performance.now()), 1);
  const options = { timeoutMs: askedMs, signal, clientId: scope.clientId };
  const lease = await hideOthers(scope.principal, models.acquire(modelId ?? undefined, options));
  const { engine, waitedMs } = lease;
  scope.releaseAtEnd(() => lease.release());
  scope.model = engine.model.id;
  return { engine, timeoutMs: Math.max(askedMs - waitedMs, 1) };
}
