import { resolve } from 'node:path';
import * as z from 'zod';
import { KV_CACHE_FORMATS, RUNTIME_NAMES, WEIGHT_FORMATS } from '../runtime/traits.ts';
import { setting } from './setting.ts';
import {
  generationConfig,
  idList,
  integer,
  kvEventsEndpoint,
  modelAliases,
  modelsDirectory,
  oneOf,
  onOff,
  optional,
  seconds,
} from './setting-schemas.ts';

/** Which models there are, how they are held, and how the engine computes them. */
export const MODEL_SETTINGS = {
  model: setting(
    'MODEL',
    undefined,
    optional(z.string()),
    'The default model: a directory in Hugging Face layout, a GGUF file, or the id of a pulled model; without it the embedded one.',
  ),
  modelId: setting(
    'MODEL_ID',
    undefined,
    optional(z.string().regex(/^[\w@./:-]+$/, 'may hold letters, digits, and @ . / : - _')),
    'Name clients use for the default model; by default its id, or the name of its directory or file.',
  ),
  modelsDir: setting(
    'MODELS_DIR',
    undefined,
    modelsDirectory,
    'Where pulled models lie; by default `tokenflare/models` in `$XDG_DATA_HOME`, or in `~/.local/share`.',
  ),
  modelAliases: setting('MODEL_ALIASES', undefined, modelAliases, 'Other names: NAME=MODEL, PREFIX*=MODEL.'),
  chatTemplate: setting(
    'CHAT_TEMPLATE',
    'builtin',
    oneOf(['builtin', 'file', 'refuse']),
    'What a model without a chat template of its own chats by: builtin (plain turns of User and Assistant), file (CHAT_TEMPLATE_FILE), or refuse.',
  ),
  chatTemplateFile: setting(
    'CHAT_TEMPLATE_FILE',
    undefined,
    optional(z.string().transform((path) => resolve(path))),
    'A chat template in Jinja, with CHAT_TEMPLATE=file.',
  ),
  generationConfig: setting(
    'GENERATION_CONFIG',
    'model',
    generationConfig,
    "Where temperature, top_p and the like come from if a request has none: the model's files or else the table of known families (model), OpenAI's defaults (openai), or for all models a file such as generation_config.json (its path, which ends in .json).",
  ),
  preloadModels: setting(
    'PRELOAD_MODELS',
    undefined,
    idList,
    'Models of MODELS_DIR to load at start and keep loaded, as ids separated by commas.',
  ),
  modelIdleMs: setting(
    'MODEL_IDLE_SECONDS',
    '300',
    seconds(0),
    'Seconds without a request after which a model is unloaded; 0: never. The default and preloaded ones stay.',
  ),
  modelMinStayMs: setting(
    'MODEL_MIN_STAY_SECONDS',
    '10',
    seconds(0),
    'Seconds that a model which was loaded has at least, before another that does not fit beside it takes its place; no fewer than its load took.',
  ),
  loadTimeoutMs: setting(
    'LOAD_TIMEOUT',
    '600',
    seconds(0.001),
    'Longest that loading a model may take in seconds; then its process is killed and its requests are told.',
  ),
  memoryLimitBytes: setting(
    'MEMORY_LIMIT_MB',
    undefined,
    optional(integer(1).transform((megabytes) => megabytes * 2 ** 20)),
    'MiB that all loaded models may take together; by default 80 % of what the machine, container or GPU has.',
  ),
  runtime: setting(
    'RUNTIME',
    'auto',
    oneOf(['auto', ...RUNTIME_NAMES]),
    `Where tensors live: ${RUNTIME_NAMES.join(', ')}; auto takes the one that is fastest for the model's shape, a GPU in software and cpu aside.`,
  ),
  native: setting(
    'NATIVE',
    'on',
    onOff,
    'Whether RUNTIME=auto, searches of vectors and the trainer may take the native kernels: on, off.',
  ),
  weights: setting(
    'WEIGHTS',
    'auto',
    oneOf(WEIGHT_FORMATS),
    'How matrices are held: f32, f16 (webgpu, native, wasm), bf16 (all but cpu), int8 (native, wasm); on native and wasm auto keeps the blocks of a GGUF file and takes int8 else, on webgpu f16 where no bit is lost, and else f32.',
  ),
  kvCacheFormat: setting(
    'KV_CACHE_FORMAT',
    'auto',
    oneOf(['auto', ...KV_CACHE_FORMATS]),
    'How keys and values are held: f32, f16, int8 (native and wasm); auto takes int8 where weights are integers (on native f16 for heads of more than 64 numbers), f16 on native where weights have 16 bits, else f32.',
  ),
  threads: setting(
    'THREADS',
    undefined,
    optional(integer(1, 64)),
    'Threads that compute; by default one for each core (wasm: at most 8; cpu: 1).',
  ),
  maxNumSeqs: setting('MAX_NUM_SEQS', '32', integer(1, 1024), 'Sequences that may run at once.'),
  maxModelLen: setting(
    'MAX_MODEL_LEN',
    undefined,
    optional(integer(2)),
    "Longest prompt and completion together, in tokens; by default the model's context length, cut to what the KV cache has room for.",
  ),
  maxNumBatchedTokens: setting(
    'MAX_NUM_BATCHED_TOKENS',
    '128',
    integer(1, 65536),
    'Most tokens in one step; longer prompts are prefilled in chunks, smaller ones while others decode.',
  ),
  kvCacheMb: setting(
    'KV_CACHE_MB',
    undefined,
    optional(integer(1)),
    'Most memory for keys and values in MiB; by default a fifth of what is free at start beside the weights, at least 256, for the default model on native, else 1024.',
  ),
  prefixCache: setting(
    'PREFIX_CACHE',
    'on',
    onOff,
    'Prompts that begin alike share keys and values: on, off.',
  ),
  prefixCacheScope: setting(
    'PREFIX_CACHE_SCOPE',
    'client',
    oneOf(['client', 'all']),
    'Whose prompts share them: client (one API key; without keys one address with one key header) or all, which lets a stranger find out what others sent.',
  ),
  prefixCacheDir: setting(
    'PREFIX_CACHE_DIR',
    undefined,
    optional(z.string().transform((path) => resolve(path))),
    'Folder that keeps pages of long prefixes in files, so that they survive a restart (native, wasm, cpu); without it none are kept.',
  ),
  prefixCacheDiskBytes: setting(
    'PREFIX_CACHE_DISK_MB',
    '4096',
    integer(1).transform((megabytes) => megabytes * 2 ** 20),
    'MiB that the files in PREFIX_CACHE_DIR may take, of all models and of all processes that have the folder.',
  ),
  kvEventsEndpoint: setting(
    'KV_EVENTS_ENDPOINT',
    undefined,
    kvEventsEndpoint,
    "Where events of the prefix cache are published for routers, as vLLM publishes them (ZeroMQ): `tcp://*:5557` listens, `tcp://HOST:5557` connects. They hold the tokens of prompts: the network must be the router's alone. By default there are none.",
  ),
  kvEventsTopic: setting(
    'KV_EVENTS_TOPIC',
    'kv@{host}@{model}',
    z.string().regex(/^[^\0]{0,200}$/, 'must have at most 200 characters'),
    'Topic of these events; `{host}` is the name of the machine, `{model}` the id of the model.',
  ),
  kvCacheIdleMs: setting(
    'KV_CACHE_IDLE_SECONDS',
    '1800',
    seconds(0),
    'Seconds without a request after which pages that no sequence holds are forgotten and their memory is given back to the system (native, not on Windows); 0: never.',
  ),
  speculation: setting(
    'SPECULATION',
    'auto',
    oneOf(['auto', 'off']),
    'Guess tokens from what a sequence said before, and compute several in a step where it pays: auto, off. The text is the same.',
  ),
} as const;
