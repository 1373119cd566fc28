import { resolve } from 'node:path';
import { z } from 'zod';
import { KV_CACHE_FORMATS, RUNTIME_NAMES, WEIGHT_FORMATS } from '../runtime/traits.ts';
import {
  adminRoute,
  generationConfig,
  idList,
  integer,
  isRedisUrl,
  listOf,
  benchmarkResults,
  modelAliases,
  modelsDirectory,
  networks,
  oneOf,
  onOff,
  optional,
  seconds,
} from './setting-schemas.ts';

/** One setting: its environment variable, how it is read, and what docs/settings.md says of it. */
interface Setting<T, Env extends string = string> {
  env: Env;
  schema: z.ZodType<T>;
  /** As a string, since that is what an environment holds; `undefined`: no default. */
  default: string | undefined;
  meaning: string;
  /** Its value is in no message, and it has no flag: every user of the machine can read the arguments of a process. */
  isSecret: boolean;
}

const setting = <T, const Env extends string>(
  env: Env,
  defaultValue: string | undefined,
  schema: z.ZodType<T>,
  meaning: string,
): Setting<T, Env> => ({ env, schema, default: defaultValue, meaning, isSecret: false });

const secret = <T, const Env extends string>(
  env: Env,
  schema: z.ZodType<T>,
  meaning: string,
): Setting<T, Env> => ({
  ...setting(env, undefined, schema, meaning),
  isSecret: true,
});

/**
 * Every setting of the service. Each is an environment variable and a flag: `MAX_NUM_SEQS=8` is
 * `--max-num-seqs 8`, and the flag wins.
 */
export const SETTINGS = {
  host: setting('HOST', '127.0.0.1', z.string().min(1, 'must name an address'), 'Address to listen on.'),
  port: setting('PORT', '8787', integer(0, 65535), 'Port to listen on; 0 takes a free one.'),
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
    `Where tensors live: ${RUNTIME_NAMES.join(', ')}; auto takes the first of them that works, a GPU in software and cpu aside.`,
  ),
  native: setting('NATIVE', 'on', onOff, 'Whether RUNTIME=auto may take the native kernels: on, off.'),
  weights: setting(
    'WEIGHTS',
    'auto',
    oneOf(WEIGHT_FORMATS),
    'How matrices are held: f32, f16 (webgpu, native), bf16 (all but cpu), int8 (native, wasm); auto keeps the blocks of a GGUF file and takes int8 else on native, int8 on wasm, f16 on webgpu where no bit is lost, and else f32.',
  ),
  kvCacheFormat: setting(
    'KV_CACHE_FORMAT',
    'auto',
    oneOf(['auto', ...KV_CACHE_FORMATS]),
    'How keys and values are held: f32, f16, int8 (native alone); auto takes f16 on native, int8 on wasm with int8 weights, else f32.',
  ),
  threads: setting(
    'THREADS',
    undefined,
    optional(integer(1, 64)),
    'Threads that compute; by default one for each core (wasm: at most 8; cpu: 1).',
  ),
  maxNumSeqs: setting(
    'MAX_NUM_SEQS',
    '32',
    integer(1, 1024),
    'Sequences that may run at once (cache lanes).',
  ),
  maxModelLen: setting(
    'MAX_MODEL_LEN',
    undefined,
    optional(integer(2)),
    "Longest prompt and completion together, in tokens; by default the model's context length, cut where eight lanes would not fit.",
  ),
  maxNumBatchedTokens: setting(
    'MAX_NUM_BATCHED_TOKENS',
    '128',
    integer(1, 65536),
    'Most tokens in one step; longer prompts are prefilled in chunks, smaller ones while others decode.',
  ),
  kvCacheMb: setting(
    'KV_CACHE_MB',
    '1024',
    integer(1),
    'Memory for keys and values in MiB; fewer lanes than MAX_NUM_SEQS are made when they do not fit.',
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
  speculation: setting(
    'SPECULATION',
    'auto',
    oneOf(['auto', 'off']),
    'Guess tokens from what a sequence said before, and compute several in a step where it pays: auto, off. The text is the same.',
  ),
  maxQueuedRequests: setting(
    'MAX_QUEUED_REQUESTS',
    '256',
    integer(0),
    'Sequences that may wait for a lane (n and lists of prompts count each); beyond it a client that has an equal share of them gets 429.',
  ),
  maxQueuedTokens: setting(
    'MAX_QUEUED_TOKENS',
    '65536',
    integer(1),
    'Prompt tokens that may wait for a lane; beyond it a client that has an equal share of them gets 429.',
  ),
  requestTimeoutMs: setting(
    'REQUEST_TIMEOUT',
    '600',
    seconds(0.001),
    'Longest a request may take in seconds, queueing included; `timeout_ms` may ask for less.',
  ),
  stepTimeoutMs: setting(
    'STEP_TIMEOUT',
    '30',
    seconds(0.1),
    'Seconds without a sign of life after which an engine that has work is killed and replaced; longer where its largest step may take that long.',
  ),
  loopTimeoutMs: setting(
    'LOOP_TIMEOUT',
    '10',
    seconds(0),
    'Seconds after which a service whose event loop does not turn says what runs and is ended, to be started again by a supervisor; 0: never.',
  ),
  shutdownTimeoutMs: setting(
    'SHUTDOWN_TIMEOUT',
    '30',
    seconds(0),
    'Seconds that running streams have to finish after SIGTERM, SIGINT or SIGHUP; a second signal ends the service at once.',
  ),
  bodyLimitBytes: setting(
    'BODY_LIMIT',
    '1048576',
    integer(1),
    'Largest request body in bytes; beyond it 413.',
  ),
  ssePingIntervalMs: setting(
    'SSE_PING_INTERVAL',
    '15',
    seconds(0.001),
    'Seconds of silence on a stream after which a keep-alive comment is sent.',
  ),
  streamBufferBytes: setting(
    'STREAM_BUFFER_MB',
    '64',
    integer(0).transform((megabytes) => megabytes * 2 ** 20),
    'MiB that all streams which can be resumed may keep of what they sent; 0: none can be resumed.',
  ),
  streamGraceMs: setting(
    'STREAM_GRACE',
    '60',
    seconds(0.001),
    'Seconds that a stream which can be resumed goes on without a reader, and is kept after its end.',
  ),
  maxConnections: setting(
    'MAX_CONNECTIONS',
    '1024',
    integer(1),
    'Connections at once; beyond it a new one takes the place of one of the address that has most, or of an idle one of its own.',
  ),
  keepAliveMs: setting(
    'KEEP_ALIVE',
    '75',
    seconds(0.001),
    'Seconds that a connection is kept open for a next request. A proxy in front must keep it for less, or its request may meet the end.',
  ),
  receiveTimeoutMs: setting(
    'RECEIVE_TIMEOUT',
    '60',
    seconds(0.001),
    'Seconds that a client has to send a request, at most 15 of them for its headers; beyond it 408.',
  ),
  stallTimeoutMs: setting(
    'STALL_TIMEOUT',
    '60',
    seconds(0.001),
    'Seconds after which a client that takes nothing of its answer is cut off.',
  ),
  trustProxy: setting(
    'TRUST_PROXY',
    undefined,
    networks,
    'Proxies whose `X-Forwarded-For` or `Forwarded` names the client, as addresses or networks separated by commas.',
  ),
  allowedHosts: setting(
    'ALLOWED_HOSTS',
    undefined,
    listOf(/^(\*|[a-z\d_.-]+(:\d{1,5})?)$/, 'must be names such as llm.example.com or name:port, or *'),
    'Names that clients may call the service by, beside addresses and localhost, separated by commas; `*` allows all. Others get 421.',
  ),
  corsOrigins: setting(
    'CORS_ORIGINS',
    undefined,
    listOf(/^(\*|[a-z][a-z\d+.-]*:\/\/[^/\s]+)$/, 'must be origins such as https://app.example.com, or *'),
    "Origins of other sites' pages that may use the service, as `https://app.example.com`, separated by commas; `*` allows all. Others get 403.",
  ),
  benchmark: setting(
    'BENCHMARK',
    'loopback',
    adminRoute,
    'Who may run POST /benchmark: on (all callers), off (none), or loopback: admin keys, and clients on this machine.',
  ),
  benchmarkResults: setting(
    'BENCHMARK_RESULTS',
    undefined,
    benchmarkResults,
    'File of SQLite that keeps the reports of benchmarks, or `memory`: until the service ends. By default `tokenflare/benchmarks.sqlite` in `$XDG_DATA_HOME`, or in `~/.local/share`.',
  ),
  attention: setting('ATTENTION', 'loopback', adminRoute, 'Who may use POST /v1/attention: as BENCHMARK.'),
  keysFile: setting(
    'KEYS_FILE',
    undefined,
    optional(z.string().transform((path) => resolve(path))),
    'API keys that requests must bring, as `tokenflare keys` writes them; read again when it changes.',
  ),
  allowAnonymous: setting(
    'ALLOW_ANONYMOUS',
    'off',
    onOff,
    'Serve requests without a key, too, and on addresses that other machines reach: on, off.',
  ),
  redisUrl: secret(
    'REDIS_URL',
    optional(
      z
        .string()
        .refine(isRedisUrl, 'must be redis://HOST:PORT/DB, rediss:// for TLS, or the path of a socket'),
    ),
    'Redis that counts the limits of keys for all replicas together; by default each counts on its own. No flag: it may hold a password.',
  ),
  limitsFallback: setting(
    'LIMITS_FALLBACK',
    'local',
    oneOf(['local', 'refuse']),
    'While REDIS_URL is out of reach: each replica counts on its own (local), or keys with limits get 503 (refuse).',
  ),
  logLevel: setting(
    'LOG_LEVEL',
    'info',
    oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    'Least severe log line that is written.',
  ),
  logPrompts: setting('LOG_PROMPTS', 'off', onOff, 'Write prompts to the log: on, off.'),
} as const;

export type SettingName = keyof typeof SETTINGS;

/** The environment variables of the settings. */
export type SettingVariable = (typeof SETTINGS)[SettingName]['env'];

/** The service's settings, read once at start. Times are milliseconds, sizes bytes unless named otherwise. */
export type Config = Readonly<{
  [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never;
}>;
