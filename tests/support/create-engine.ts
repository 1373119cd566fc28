import { pino } from 'pino';
import { readConfig } from '../../src/config/config.ts';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { defaultModel } from '../../src/engine-settings.ts';
import { createEngine } from '../../src/service.ts';

/** The engine of the default model by these settings. It is not started yet, and logs nothing. */
export async function createEngineOf(environment: Record<string, string>): Promise<EngineClient> {
  const config = readConfig(environment, []);
  return createEngine(config, pino({ enabled: false }), {
    model: await defaultModel(config),
    runtime: config.runtime,
    allowsShorter: false,
    createProcess: undefined,
  });
}
