import { isDeepStrictEqual } from 'node:util';
import type { EngineError } from '../../../errors.ts';
import type { EngineSettings } from '../../protocol.ts';
import { EngineProcess, type EngineProcessEvents } from './engine-process.ts';
import type { ServedTokenizer } from '../../../text/served-tokenizer.ts';
import { startTokenizer, type StartedTokenizer } from '../../../text/start-tokenizer.ts';
import type { EngineSupervisor } from './engine-supervisor.ts';

type EngineMessage = Parameters<EngineProcessEvents['onMessage']>[0];

/**
 * An engine process that is started before the client that it is for: it loads its model while this process still loads
 * its own modules. What it says until then is kept.
 */
export class EarlyEngine {
  readonly #settings: EngineSettings;
  readonly #kept: ((events: EngineProcessEvents) => void)[] = [];
  #process: EngineProcess | undefined;
  #events: EngineProcessEvents | undefined;

  constructor(settings: EngineSettings) {
    this.#settings = settings;
    this.#process = new EngineProcess(settings, {
      onMessage: (message: EngineMessage) => this.#tell((events) => events.onMessage(message)),
      onDeath: (error: EngineError) => this.#tell((events) => events.onDeath(error)),
    });
  }

  /**
   * The process for its client; undefined if it was started with other settings, and once it is taken.
   *
   * @param events is told of nothing before the caller has returned
   */
  take(settings: EngineSettings, events: EngineProcessEvents): EngineProcess | undefined {
    const process = this.#process;
    if (process === undefined || !isDeepStrictEqual(settings, this.#settings)) return undefined;
    this.#process = undefined;
    setImmediate(() => {
      this.#events = events;
      for (const tell of this.#kept.splice(0)) tell(events);
    });
    return process;
  }

  #tell(tell: (events: EngineProcessEvents) => void): void {
    if (this.#events === undefined) this.#kept.push(tell);
    else tell(this.#events);
  }
}

/** The process of a tokenizer, started likewise. */
export class EarlyTokenizer {
  #started: StartedTokenizer | undefined;

  constructor(modelPath: string) {
    this.#started = startTokenizer(modelPath);
  }

  /** Undefined of another model, and once it is taken. */
  take(modelPath: string): StartedTokenizer | undefined {
    const started = this.#started;
    if (started?.modelPath !== modelPath) return undefined;
    this.#started = undefined;
    return started;
  }
}

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
