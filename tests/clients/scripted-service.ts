import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServiceUnderTest } from '../../chaos/support/service.ts';
import { writeChainModel } from '../support/chain-model.ts';
import { CHAINS } from '../support/chains.ts';
import { smollm2Gguf } from '../support/smollm2.ts';

const EMBEDDED = fileURLToPath(new URL('../../model-weights', import.meta.url));
const compiled = (path: string): string => fileURLToPath(new URL(`../../dist/src/${path}`, import.meta.url));
/** As Cloudflare names models: its client percent-encodes the `/`. */
const CHAIN_MODEL = '@cf/tokenflare/chain';

/** Owners of models of Cloudflare's whose shapes and tasks clients ask for. */
const ALIASED = [
  '@cf/zai-org/*',
  '@cf/openai/*',
  '@cf/huggingface/*',
  '@cf/facebook/*',
  '@cf/meta/*',
  '@cf/vendor/*',
];

/** Room for an answer that no client waits for (`MANY_TOKENS` of check.mjs). */
const CONTEXT_LENGTH = 65_536;

/** What a client's script is told of the service. */
export interface ScriptSetup {
  readonly url: string;
  /** The model that says `texts`; it is the default one. */
  readonly model: string;
  /** The embedded model, which embeds texts. */
  readonly embeddingModel: string;
  /** A real chat model; null where it is not to be had. */
  readonly chatModel: string | null;
  readonly texts: Readonly<Record<string, string>>;
  /** The plugin of Miniflare, compiled. */
  readonly plugin: string;
  /** The command, compiled. */
  readonly tokenflare: string;
}

/** The compiled service with its models, as the clients' scripts find it. */
export interface ScriptedService {
  readonly setup: ScriptSetup;
  stop(): Promise<void>;
}

/** Starts the compiled service with the scripted model, the embedded one and, where it is to be had, SmolLM2. */
export async function startScriptedService(): Promise<ScriptedService> {
  const folder = mkdtempSync(join(tmpdir(), 'tokenflare-clients-'));
  const modelsDir = join(folder, 'models');
  mkdirSync(modelsDir);
  const chain = join(folder, 'chain');
  await writeChainModel(chain, { contextLength: CONTEXT_LENGTH });
  symlinkSync(EMBEDDED, join(modelsDir, 'embedded'));
  const { path: smollm2 } = await smollm2Gguf();
  const chatModel = smollm2 === undefined ? null : basename(smollm2);
  if (smollm2 !== undefined) symlinkSync(smollm2, join(modelsDir, basename(smollm2)));
  const service = await ServiceUnderTest.launch({
    settings: {
      RUNTIME: 'auto',
      MODEL: chain,
      MODEL_ID: CHAIN_MODEL,
      MODEL_ALIASES: [...ALIASED.map((prefix) => `${prefix}=${CHAIN_MODEL}`), '@cf/baai/*=embedded'].join(
        ',',
      ),
      MODELS_DIR: modelsDir,
      PRELOAD_MODELS: ['embedded', ...(chatModel === null ? [] : [chatModel])].join(','),
      // So few that a client that asks often is told to retry.
      MAX_NUM_SEQS: '4',
      MAX_QUEUED_REQUESTS: '4',
      KV_CACHE_MB: '256',
    },
  });
  const texts = Object.fromEntries(CHAINS.map(({ name, text }) => [name, text]));
  return {
    setup: {
      url: service.url,
      model: CHAIN_MODEL,
      embeddingModel: 'embedded',
      chatModel,
      texts,
      plugin: compiled('library/miniflare/index.js'),
      tokenflare: compiled('cli/main.js'),
    },
    stop: async () => {
      await service.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
