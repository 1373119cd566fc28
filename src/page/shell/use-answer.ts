import { useEffect, useState } from 'preact/hooks';
import { apiKey } from '../service/api-key.ts';
import { useStore } from './store.ts';

/** `value` and `error` are both absent while the answer is awaited. */
export interface Answer<T> {
  value?: T;
  error?: unknown;
}

/**
 * What `ask` resolves to. It is asked again when `inputs` change or another key is given; an answer that is no longer
 * wanted is aborted.
 */
export function useAnswer<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
): Answer<T> {
  const key = useStore(apiKey);
  const [answer, setAnswer] = useState<Answer<T>>({});
  useEffect(() => {
    const controller = new AbortController();
    setAnswer({});
    ask(controller.signal).then(
      (value) => controller.signal.aborted || setAnswer({ value }),
      (error: unknown) => controller.signal.aborted || setAnswer({ error }),
    );
    return () => controller.abort();
  }, [key, ...inputs]);
  return answer;
}
