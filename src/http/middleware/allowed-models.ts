import type { Principal } from '../../access/principal.ts';
import { EngineError } from '../../errors.ts';

/** Whether a key may use the model of an id, spelled as `GET /v1/models` has it. */
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
 * @throws EngineError `forbidden`
 */
export function checkMayUse(principal: Principal, modelId: string): void {
  if (mayUse(principal, modelId)) return;
  throw new EngineError(
    'forbidden',
    `the API key '${principal.keyName ?? ''}' may not use the model '${modelId.slice(0, 200)}'; it may use ` +
      (principal.models ?? []).join(', '),
    { param: 'model' },
  );
}
