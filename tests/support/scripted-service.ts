import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { ModelInfo } from '../../src/engine/engine.ts';
import { makeChatModel } from './chat-model.ts';
import { CheckedFetch } from './checked-fetch.ts';
import { startHttpService, type HttpService } from './http-service.ts';
import type { Script } from './scripted-completion.ts';
import { ScriptedEngine } from './scripted-engine.ts';

interface ScriptedServiceOptions {
  /** Of the model; it has no chat template unless it is given one. */
  readonly template?: string;
  readonly model?: Partial<ModelInfo>;
  /** What the engine does in each test until it is told otherwise. */
  readonly script?: Partial<Script>;
  readonly config?: Parameters<typeof startHttpService>[1];
}

/** The app over a socket, with a scripted engine. Both are there while tests run, and not before. */
export class ScriptedService {
  readonly #checked = new CheckedFetch();
  /** For clients that bring their own; each answer is checked against openapi.yaml. */
  readonly fetch = this.#checked.fetch;
  #engine: ScriptedEngine | undefined;
  #service: HttpService | undefined;
  #removeModel: () => void = () => undefined;

  get engine(): ScriptedEngine {
    if (this.#engine === undefined) throw new Error('the service is there while tests run');
    return this.#engine;
  }

  get service(): HttpService {
    if (this.#service === undefined) throw new Error('the service is there while tests run');
    return this.#service;
  }

  /** What the model was given, in order. */
  prompts(): string[] {
    const { requests, ownTokenizer } = this.engine;
    return requests.map(({ prompts: [tokenIds = []] }) => ownTokenizer.decode([...tokenIds]));
  }

  lastPrompt(): string {
    return this.prompts().at(-1) ?? '';
  }

  async start({ template, model, config }: ScriptedServiceOptions): Promise<void> {
    const chatModel = template === undefined ? undefined : makeChatModel(template);
    this.#removeModel = () => chatModel?.remove();
    this.#engine = await ScriptedEngine.create(chatModel?.path, {}, model);
    this.#service = await startHttpService(this.#engine, config);
  }

  /** Throws what was wrong with an answer. */
  settled(): Promise<void> {
    return this.#checked.settled();
  }

  async stop(): Promise<void> {
    await this.#service?.close();
    await this.#engine?.tokenizer.stop();
    this.#removeModel();
  }
}

/** For a test file, or a `describe` of it: a service whose engine is reset before each test. */
export function useScriptedService(options: ScriptedServiceOptions = {}): ScriptedService {
  const on = new ScriptedService();
  beforeAll(() => on.start(options));
  beforeEach(() => on.engine.reset(options.script));
  afterEach(() => on.settled());
  afterAll(() => on.stop());
  return on;
}
