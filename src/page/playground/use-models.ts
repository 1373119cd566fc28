import { useEffect, useState } from 'preact/hooks';
import { apiKey } from '../service/api-key.ts';
import { listModels } from '../service/models.ts';
import type { Model } from '../service/wire.ts';
import { useStore } from '../shell/store.ts';

export interface Models {
  /** Undefined until they are known. */
  models: readonly Model[] | undefined;
  error: unknown;
  /** What is known of a model grows when it is loaded. */
  refresh: () => void;
}

/** The models that the service has. Those that are known stay while they are asked for again. */
export function useModels(): Models {
  const key = useStore(apiKey);
  const [models, setModels] = useState<readonly Model[]>();
  const [error, setError] = useState<unknown>();
  const [numRefreshes, setNumRefreshes] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    listModels(controller.signal).then(
      (list) => {
        setModels(list);
        setError(undefined);
      },
      (thrown: unknown) => controller.signal.aborted || setError(thrown),
    );
    return () => controller.abort();
  }, [key, numRefreshes]);
  return { models, error, refresh: () => setNumRefreshes((before) => before + 1) };
}
