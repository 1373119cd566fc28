import type { ServedTokenizer } from '../../../text/served-tokenizer.ts';
import type { EngineSupervisor } from './engine-supervisor.ts';

/**
 * Starts a model's engine while its tokenizer loads, since each is a process of its own. Where both fail, the tokenizer's
 * error is told, whichever comes first.
 *
 * @throws EngineError why the tokenizer or the engine could not be loaded; the other is stopped then
 */
export async function startBesideTokenizer(
  supervisor: EngineSupervisor,
  loading: Promise<ServedTokenizer>,
): Promise<ServedTokenizer> {
  const starting = supervisor.start();
  // Told of below, once the tokenizer is there.
  starting.catch(() => undefined);
  const tokenizer = await loading.catch(async (error: unknown) => {
    await supervisor.stop();
    throw error;
  });
  try {
    await starting;
  } catch (error) {
    await tokenizer.stop();
    throw error;
  }
  return tokenizer;
}
