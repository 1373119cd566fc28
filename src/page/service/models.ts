import { requestJson } from './request.ts';
import type { Model, ModelList } from './wire.ts';

/** The models that the service has, the default one first; each by its id alone. */
export async function listModels(signal: AbortSignal): Promise<Model[]> {
  const { data } = await requestJson<ModelList>('v1/models', { signal });
  return data
    .filter(({ id, root }) => id === root)
    .toSorted((a, b) => Number(b.is_default) - Number(a.is_default));
}
