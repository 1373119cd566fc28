import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openHub } from '../../src/catalog/hub.ts';
import { parsePullRequest } from '../../src/catalog/model-id.ts';
import { pullModel, type PullOptions } from '../../src/catalog/pull-model.ts';
import { tinyRepository } from './hub-models.ts';
import { HubServer, type HubContent } from './hub-server.ts';
import { tempDirectory } from './temp-directory.ts';

export const ID = 'owner/tiny';
export const WEIGHTS = 'model.safetensors';
export const TINY_FILES = ['config.json', 'model.safetensors', 'tokenizer.json'];

export interface Pull {
  readonly modelsDir: string;
  readonly hub: HubServer;
  /** Bytes that were asked of the hub, by file name. */
  readonly ranges: (name: string) => (string | undefined)[];
  readonly run: (
    id?: string,
    options?: Partial<PullOptions> & { token?: string },
  ) => ReturnType<typeof pullModel>;
}

export async function startPull(
  files: Record<string, HubContent> = tinyRepository(),
  modelsDir = join(tempDirectory(), 'models'),
): Promise<Pull> {
  const hub = await HubServer.start(onTestFinished);
  hub.commit(ID, files);
  const run: Pull['run'] = (id = ID, { token, ...options } = {}) => {
    const signal = options.signal ?? new AbortController().signal;
    return pullModel(parsePullRequest(id), {
      hub: openHub({ HF_ENDPOINT: hub.endpoint, HF_TOKEN: token }, signal),
      modelsDir,
      signal,
      listener: { onPlan: () => undefined, onFile: () => undefined, onBytes: () => undefined },
      retries: { maxFailures: 3, firstDelayMs: 1 },
      ...options,
    });
  };
  const ranges = (name: string): (string | undefined)[] =>
    hub.requests.flatMap(({ server, url, range }) => (server === 'cdn' && url.endsWith(name) ? [range] : []));
  return { modelsDir, hub, run, ranges };
}

export const filesIn = (folder: string): string[] => readdirSync(folder).toSorted();
