import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { ModelInfo } from '../../src/engine/engine.ts';
import { startHttpService, type HttpService } from './http-service.ts';
import type { Script } from './scripted-completion.ts';
import { ScriptedEngine } from './scripted-engine.ts';

interface ScriptedServiceOptions {
  /** Whose tokenizer and chat template the engine has. */
  readonly modelPath?: string;
  readonly model?: Partial<ModelInfo>;
  /** What the engine does in each test until it is told otherwise. */
  readonly script?: Partial<Script>;
  readonly config?: Parameters<typeof startHttpService>[1];
}

/** Both are there once the tests run, not before. */
export interface ScriptedService {
  readonly engine: ScriptedEngine;
  readonly service: HttpService;
}

/** For a test file, or a `describe` of it: the app over a socket, with an engine that is reset before each test. */
export function useScriptedService({
  modelPath,
  model,
  script,
  config,
}: ScriptedServiceOptions = {}): ScriptedService {
  const used: { engine?: ScriptedEngine; service?: HttpService } = {};
  beforeAll(async () => {
    used.engine = await ScriptedEngine.create(modelPath, {}, model);
    used.service = await startHttpService(used.engine, config);
  });
  beforeEach(() => used.engine?.reset(script));
  afterAll(() => used.service?.close());
  return used as ScriptedService;
}
