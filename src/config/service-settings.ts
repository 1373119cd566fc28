import { resolve } from 'node:path';
import * as z from 'zod';
import { secret, setting } from './setting.ts';
import {
  adminRoute,
  integer,
  isRedisUrl,
  listOf,
  benchmarkResults,
  gatewayHosts,
  gatewayLogs,
  networks,
  oneOf,
  onOff,
  optional,
  seconds,
  vectorizeDirectory,
} from './setting-schemas.ts';

/** How long and how much clients may ask, who may, and what is kept of it. */
export const SERVICE_SETTINGS = {
  maxQueuedRequests: setting(
    'MAX_QUEUED_REQUESTS',
    '256',
    integer(0),
    'Sequences that may wait for a seat (n and lists of prompts count each); beyond it a client that has an equal share of them gets 429.',
  ),
  maxQueuedTokens: setting(
    'MAX_QUEUED_TOKENS',
    '65536',
    integer(1),
    'Prompt tokens that may wait for a seat; beyond it a client that has an equal share of them gets 429.',
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
  drainDelayMs: setting(
    'DRAIN_DELAY',
    '0',
    seconds(0),
    'Seconds after SIGTERM, SIGINT or SIGHUP in which `/ready` is 503 and the service serves on, so that proxies send requests elsewhere; SHUTDOWN_TIMEOUT begins then.',
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
  heartbeatMs: setting(
    'HEARTBEAT',
    '0',
    seconds(0),
    'Seconds after which an answer in one piece begins with its headers and white space, and goes on with white space until its JSON is there; its status is 200 then, even if an error follows; 0: never.',
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
  trustFairnessId: setting(
    'TRUST_FAIRNESS_ID',
    'off',
    onOff,
    'Proxies of TRUST_PROXY set `x-llm-d-inference-fairness-id`, or take it out: requests with one id share the service as one client does. on, off.',
  ),
  unknownFields: setting(
    'UNKNOWN_FIELDS',
    'refuse',
    oneOf(['refuse', 'ignore']),
    'A field of a request that no list has is refused with 400, since it may be a typo, or ignored: the header `x-ignored-fields` of the answer names it then.',
  ),
  metricsNames: setting(
    'METRICS_NAMES',
    'both',
    oneOf(['both', 'tokenflare', 'vllm']),
    'What metrics that vLLM has, too, are called: `tokenflare_…`, `vllm:…` as routers and autoscalers read them, or both.',
  ),
  metricsAllow: setting(
    'METRICS_ALLOW',
    undefined,
    networks,
    'Clients that may read /metrics without a key, as addresses or networks such as 10.0.0.0/8 separated by commas, beside those on this machine.',
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
  gatewayLogs: setting(
    'GATEWAY_LOGS',
    undefined,
    gatewayLogs,
    'File of SQLite that keeps the logs of AI gateways, or `memory`: until the service ends. By default `tokenflare/gateway-logs.sqlite` in `$XDG_DATA_HOME`, or in `~/.local/share`.',
  ),
  gatewayHosts: setting(
    'GATEWAY_HOSTS',
    undefined,
    gatewayHosts,
    'Hosts of other providers that AI gateways may ask, with the key of the client: `api.openai.com`, or `openai=https://HOST/PATH`, separated by commas. By default all providers are models of this service.',
  ),
  attention: setting('ATTENTION', 'loopback', adminRoute, 'Who may use POST /v1/attention: as BENCHMARK.'),
  vectorize: setting(
    'VECTORIZE',
    'loopback',
    adminRoute,
    'Who may use the indexes of vectors, below /workers-binding/vectorize and as Cloudflare Vectorize: as BENCHMARK.',
  ),
  vectorizeDir: setting(
    'VECTORIZE_DIR',
    undefined,
    vectorizeDirectory,
    'Folder of the indexes of vectors. By default `tokenflare/vectorize` in `$XDG_DATA_HOME`, or in `~/.local/share`.',
  ),
  vectorizeBytes: setting(
    'VECTORIZE_MB',
    '4096',
    integer(1).transform((megabytes) => megabytes * 2 ** 20),
    'MiB that all indexes of vectors may take on disk. In memory an index that is used takes some half of it.',
  ),
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
