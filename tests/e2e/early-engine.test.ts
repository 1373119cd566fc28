import { expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { EarlyEngine } from '../../src/engine/client/process/early-engine.ts';
import type { EngineProcess, EngineProcessEvents } from '../../src/engine/client/process/engine-process.ts';
import type { EngineSettings } from '../../src/engine/protocol.ts';
import { defaultModel, engineSettings } from '../../src/engine-settings.ts';
import type { EngineError } from '../../src/errors.ts';
import { childrenOf } from '../support/process.ts';
import { TINY_MODEL, until } from '../support/service.ts';

async function settingsOf(environment: Record<string, string>): Promise<EngineSettings> {
  const config = readConfig({ MODEL: TINY_MODEL, RUNTIME: 'cpu', ...environment }, []);
  return engineSettings(config, await defaultModel(config));
}

interface Told extends EngineProcessEvents {
  readonly types: string[];
  readonly deaths: EngineError[];
}

function listener(): Told {
  const told: Told = {
    types: [],
    deaths: [],
    onMessage: ({ type }) => void told.types.push(type),
    onDeath: (error) => void told.deaths.push(error),
  };
  return told;
}

function take(early: EarlyEngine, settings: EngineSettings, events: EngineProcessEvents): EngineProcess {
  const engine = early.take(settings, events);
  if (engine === undefined) throw new Error('there is none');
  onTestFinished(() => engine.kill());
  return engine;
}

it('an engine that is started early serves the client that takes it', async () => {
  const settings = await settingsOf({});
  const early = new EarlyEngine(settings);
  const told = listener();
  const engine = take(early, await settingsOf({}), told);
  // The caller notes the process before it is told of it.
  expect(told.types).toEqual([]);
  await until(() => told.types.includes('ready'));
  await engine.stop();
  expect(told.deaths).toEqual([]);
});

it('its client is told of what came before it: why the engine failed, and that it is gone', async () => {
  const settings = { ...(await settingsOf({})), modelPath: '/nope' };
  const engines = (): number[] => childrenOf(process.pid, 'engine-worker');
  const early = new EarlyEngine(settings);
  await until(() => engines().length > 0);
  await until(() => engines().length === 0);
  const told = listener();
  take(early, settings, told);
  await until(() => told.deaths.length === 1);
  expect(told.types).toEqual(['failed']);
});

it('an engine goes to one client, of the same settings', async () => {
  const settings = await settingsOf({});
  const early = new EarlyEngine(settings);
  expect(early.take(await settingsOf({ MAX_NUM_SEQS: '3' }), listener())).toBeUndefined();
  take(early, settings, listener());
  expect(early.take(settings, listener())).toBeUndefined();
});
