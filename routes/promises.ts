/** A row of SECURITY.md: what a feature promises, and what shows it. */
export interface Promised {
  readonly feature: string;
  /** Where it is, beside the paths of its routes. */
  readonly elsewhere: string;
  readonly promised: string;
  /** Files of tests. Cases of chaos name what they show themselves. */
  readonly tests: readonly string[];
}

/** What each feature promises, whatever other clients send. Each route has one of these names. */
export const PROMISES = {
  completions: {
    feature: 'Completions and chats',
    elsewhere: '',
    promised:
      'a request has a deadline, places in a queue that are shared, and seats and pages that are ' +
      'shared, also while the first model loads; a client that leaves frees them',
    tests: ['tests/http/fair-clients.test.ts', 'tests/e2e/first-load.test.ts'],
  },
  formats: {
    feature: 'Formats and grammars',
    elsewhere: '`response_format`, `guided_…`, `grammar` of the routes above and below',
    promised:
      'compiled in a process of its own, within bounds on time, size and memory; a format beyond them ' +
      'is refused, or ends its own request; what the engine keeps of formats is bounded in bytes',
    tests: ['tests/unit/grammar/grammar-bounds.test.ts', 'tests/http/text-work.test.ts'],
  },
  tools: {
    feature: 'Tools',
    elsewhere: '`tools`, `tool_choice`, calls in `messages`',
    promised:
      "a schema is data: it is read within a budget and never run; calls are the model's words, and " +
      'the service carries none out',
    tests: ['tests/http/tool-fuzz.test.ts', 'tests/unit/generation/schema-budget.test.ts'],
  },
  reasoning: {
    feature: 'Reasoning',
    elsewhere: '`reasoning`, `reasoning_effort`, `thinking`',
    promised:
      "reasoning counts as the client's tokens and ends within its budget; it is in answers to its own " +
      'client alone, and in no log',
    tests: ['tests/http/reasoning-budget.test.ts'],
  },
  responses: {
    feature: 'Responses that are stored',
    elsewhere: '',
    promised:
      "in memory only, for their owner alone; another's id is 404 and its items cannot be referred to; " +
      'they are forgotten by time and when there are too many, first those of the address that has ' +
      'most; `store: false` keeps nothing',
    tests: [
      'tests/http/stored-responses.test.ts',
      'tests/unit/routes/response-store.test.ts',
      'tests/unit/kept-memory.test.ts',
    ],
  },
  anthropic: {
    feature: "Anthropic's messages",
    elsewhere: '',
    promised: 'as chats; nothing is kept',
    tests: ['tests/http/messages.test.ts'],
  },
  ollama: {
    feature: "Ollama's API",
    elsewhere: '',
    promised: 'as chats, completions and lists of models; no model is pulled, changed or unloaded by it',
    tests: ['tests/http/ollama.test.ts'],
  },
  'workers-ai': {
    feature: 'Workers AI and batch jobs',
    elsewhere: '',
    promised:
      'a job (`queueRequest`) is seen by its owner alone, runs by the rights its key has by then, uses ' +
      'what live requests leave free, and is counted by owner; the account in the path means nothing',
    tests: ['tests/http/batch-jobs.test.ts', 'tests/unit/batch/batch-runner.test.ts'],
  },
  documents: {
    feature: 'Documents to Markdown',
    elsewhere: '',
    promised:
      "a file is read in a process of its own with bounds on time and memory, in the client's turn, " +
      'within a bound on the body; what it says is not run and nothing is fetched that it names; one ' +
      'that cannot be read is told of in its place',
    tests: ['tests/http/to-markdown.test.ts', 'tests/unit/markdown/hard-files.test.ts'],
  },
  gateway: {
    feature: 'AI Gateway',
    elsewhere: '',
    promised:
      'logs and cached answers are seen by their owner alone, bounded in bytes, and give way by ' +
      "address; so are bodies that wait for another attempt, each of which is a request of its key's " +
      'limit, and all of which together take no longer than `REQUEST_TIMEOUT`; a log has a text only ' +
      'where its request asked for it; no request leaves this machine unless `GATEWAY_HOSTS` names the ' +
      'host: then by https, without redirects, to no private address that a name leads to, and never ' +
      'with a key of this service',
    tests: [
      'tests/http/gateway.test.ts',
      'tests/http/gateway-hosts.test.ts',
      'tests/http/gateway-patience.test.ts',
      'tests/unit/gateway/log-database.test.ts',
    ],
  },
  embeddings: {
    feature: 'Embeddings',
    elsewhere: '',
    promised: 'as completions; a client waits for its turn',
    tests: [],
  },
  decisions: {
    feature: 'Decisions, reranking, scores',
    elsewhere: '',
    promised:
      'as many prompts as there are questions or documents, bounded before they are computed, in the ' +
      "client's share of the queue; a question cannot change another's answer",
    tests: [
      'tests/http/decisions-real-engine.test.ts',
      'tests/http/system-one.test.ts',
      'tests/http/rerank.test.ts',
    ],
  },
  streams: {
    feature: 'Streams that can be resumed',
    elsewhere: '',
    promised:
      'read by their owner alone; one pool of `STREAM_BUFFER_MB`, shared by address; work without a ' +
      'reader ends after `STREAM_GRACE`',
    tests: ['tests/http/resumable-stream-owners.test.ts', 'tests/unit/http/sse/stream-store.test.ts'],
  },
  requests: {
    feature: 'Requests by id',
    elsewhere: '',
    promised:
      "seen and cancelled by their owner and by admin keys; the list on this machine has others' " +
      'figures without their ids',
    tests: ['tests/http/clients-apart.test.ts'],
  },
  tokens: {
    feature: 'Tokens and models',
    elsewhere: '',
    promised:
      'texts are tokenised in a worker, in turns; a key sees the models that it may use, and no route ' +
      'loads files by a path',
    tests: ['tests/http/keys.test.ts'],
  },
  attention: {
    feature: 'Attention',
    elsewhere: '',
    promised:
      'for admin keys and this machine, unless `ATTENTION=on`; one layer at a time, between steps of ' +
      'others',
    tests: [],
  },
  benchmarks: {
    feature: 'Benchmarks',
    elsewhere: '',
    promised:
      'run and deleted by admin keys and on this machine, unless `BENCHMARK=on`; one at a time; ' +
      'reports have figures and no text, and every client may read them',
    tests: ['tests/http/benchmark.test.ts'],
  },
  health: {
    feature: 'Health and metrics',
    elsewhere: '',
    promised:
      '`/health` and `/ready` tell nothing of clients; with keys, metrics are for admin keys, this ' +
      'machine and the networks of `METRICS_ALLOW`; labels are routes, models and names of keys, and ' +
      'nothing that a client wrote',
    tests: ['tests/http/keys.test.ts'],
  },
  page: {
    feature: 'The page',
    elsewhere: '',
    promised:
      'files of the package alone; it asks the service by the same API, keeps a key in its tab and ' +
      "chats in the browser; another site's page cannot use it",
    tests: ['tests/e2e/browser.test.ts', 'tests/browser/shell.test.ts'],
  },
  keys: {
    feature: 'API keys',
    elsewhere: "all routes but those of health, the document, the page and Ollama's version",
    promised:
      'stored as hashes, compared in constant time, revoked within seconds; in no log, metric, message ' +
      'or argument',
    tests: ['tests/http/keys.test.ts', 'tests/unit/access/key-ring.test.ts'],
  },
  limits: {
    feature: 'Limits of keys, in Redis',
    elsewhere: 'all routes that a key asks',
    promised:
      'reserved before the work; without Redis as `LIMITS_FALLBACK` says; Redis gets ids of keys and ' +
      'counts, and no text',
    tests: ['tests/e2e/shared-limits.test.ts'],
  },
  hub: {
    feature: 'Models from the hub',
    elsewhere: '`tokenflare pull`, no route',
    promised:
      "each file by its SHA-256, inside the models' directory; the token goes to its own origin; no " +
      'code of a model is run',
    tests: [
      'tests/unit/catalog/pull-model.test.ts',
      'tests/unit/catalog/pull-refusals.test.ts',
      'tests/e2e/bad-models.test.ts',
    ],
  },
  terminal: {
    feature: 'Chat in the terminal',
    elsewhere: '`tokenflare chat` and `complete`, no route',
    promised:
      'the same API without a socket, or of the service that is named; what a model says cannot move ' +
      'the cursor or change colours',
    tests: ['tests/e2e/chat.test.ts', 'tests/unit/cli/terminal-lines.test.ts'],
  },
  library: {
    feature: 'The library',
    elsewhere: '`createService`, no route of its own',
    promised:
      'hosts by `ALLOWED_HOSTS`; callers by key, socket or `clientOf`, and without these no caller has ' +
      "anything of another; the program's own calls are apart from all",
    tests: ['tests/http/library-clients.test.ts', 'tests/http/library.test.ts'],
  },
  log: {
    feature: 'The log',
    elsewhere: 'every route',
    promised: 'no text of a client without `LOG_PROMPTS=on`; no line that a client forges',
    tests: ['tests/http/log-texts.test.ts', 'tests/unit/logged-error.test.ts'],
  },
  traces: {
    feature: 'Traces and events of the cache',
    elsewhere: '`OTEL_EXPORTER_OTLP_ENDPOINT`, `KV_EVENTS_ENDPOINT`, no route',
    promised:
      'off by default; a span has no text of a client unless `OTEL_CAPTURE_CONTENT=on`, and of a path ' +
      'only its pattern; events hold the tokens of prompts, and nothing guards the endpoint',
    tests: ['tests/http/traces.test.ts', 'tests/e2e/kv-events.test.ts'],
  },
  process: {
    feature: 'The process',
    elsewhere: 'every route',
    promised:
      'its event loop is watched: where it stands still for `LOOP_TIMEOUT`, it ends with a report ' +
      'without texts, its children with it; where memory is short, requests are refused before it is ' +
      'gone',
    tests: ['tests/e2e/loop-watch.test.ts'],
  },
  vectorize: {
    feature: 'Vectorize',
    elsewhere: '',
    promised:
      'for admin keys and this machine, unless `VECTORIZE=on`; in a process of its own, in turns by ' +
      'client; all indexes together take `VECTORIZE_MB` on disk, bodies 100 MB each and 128 MiB ' +
      'together; a name of an index is one of a folder and nothing else; a batch is there as a whole ' +
      'or not at all, also where its process is killed',
    tests: ['tests/http/vectorize.test.ts', 'tests/unit/vectors/vector-store.test.ts'],
  },
} as const satisfies Readonly<Record<string, Promised>>;

export type PromiseName = keyof typeof PROMISES;
