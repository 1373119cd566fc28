/**
 * Tests that take more than some five seconds, and the beginnings of the paths of which they are tests. They are left out
 * where nothing below these has changed; the night runs all. What is quick always runs.
 */

const ENGINE = ['src/engine/', 'src/scheduler/', 'src/sampling/'];
const MODELS = ['src/model/', 'src/weights/'];
const RUNTIMES = ['src/runtime/'];
const ANSWERS = ['src/generation/', 'src/chat-template/', 'src/grammar/', 'routes/'];
const PROCESSES = [
  'src/process/',
  'src/engine/client/process/',
  'src/engine/worker/',
  'src/cli/',
  'src/service.ts',
];

/** Globs of test files; `tools` are packages of Debian that they run beside the service. */
export const SLOW_TESTS = [
  { tests: ['studio/tests/**'], sources: ['studio/'] },
  {
    tests: ['tests/unit/kept-memory.test.ts'],
    sources: [
      'src/bounded-store.ts',
      'src/held-bytes.ts',
      'src/batch/',
      'src/http/sse/',
      'src/engine/client/',
    ],
  },
  {
    tests: [
      'tests/unit/grammar/{json-schema-random,json-schema-suite,json-schema-clients,regular-languages}.test.ts',
      'tests/unit/grammar/{grammar-bounds,other-masks,other-engines}.test.ts',
      'tests/unit/grammar/matching/{kept-bytes,ambiguous-grammars}.test.ts',
    ],
    sources: ['src/grammar/', 'tests/support/grammar/'],
  },
  {
    tests: [
      'tests/unit/text/served-tokenizer.test.ts',
      'tests/unit/tokenizer/{encode-tail,piece-merger}.test.ts',
    ],
    sources: ['src/tokenizer/', 'src/text/'],
  },
  {
    tests: ['tests/unit/chat-template/{chat-template,fallback-template}.test.ts'],
    sources: ['src/chat-template/'],
  },
  {
    tests: ['tests/unit/markdown/hard-files.test.ts', 'tests/http/to-markdown.test.ts'],
    sources: ['src/markdown/', 'src/process/', 'routes/workers-ai/to-markdown.ts', 'package-lock.json'],
  },
  {
    tests: ['tests/unit/model/mutated-files.test.ts', 'tests/unit/weights/gguf/gguf-header.test.ts'],
    sources: [...MODELS, 'src/tokenizer/', 'src/catalog/', 'src/model-files.ts'],
  },
  {
    tests: [
      'tests/unit/engine/worker/{preemption,sequence-faults,reasoning-budgets,guided-sequences,speculation}.test.ts',
    ],
    sources: [...ENGINE, 'src/grammar/'],
  },
  {
    tests: ['tests/unit/serving/{header-reader,model-pool,model-pool-memory,pool-errors}.test.ts'],
    sources: ['src/serving/', 'src/weights/'],
  },
  {
    tests: ['tests/unit/vectors/{search,vector-store}.test.ts', 'tests/http/vectorize*.test.ts'],
    sources: ['src/vectors/', 'src/runtime/', 'src/process/', 'routes/vectorize/'],
  },
  {
    tests: ['tests/e2e/worker-rag.test.ts'],
    sources: ['examples/worker-rag/', 'src/library/', 'src/vectors/'],
  },
  { tests: ['tests/e2e/vectorize-cli.test.ts'], sources: ['src/vectors/', 'routes/vectorize/', 'src/cli/'] },
  { tests: ['tests/unit/bench/run-store.test.ts'], sources: ['src/bench/'] },
  { tests: ['tests/unit/scripts/setup-tensorflow.test.ts'], sources: ['scripts/setup-tensorflow'] },
  { tests: ['tests/unit/catalog/pull-*.test.ts'], sources: ['src/catalog/'] },
  {
    tests: ['tests/unit/http/{edge/growing-buffer,edge/idle-collector,sse/stream-store}.test.ts'],
    sources: ['src/http/'],
  },
  { tests: ['tests/http/{tool-families,tool-fuzz,reasoning-budget,default-chat}.test.ts'], sources: ANSWERS },
  { tests: ['tests/http/pooling.test.ts'], sources: [...ENGINE, ...MODELS, 'src/tokenizer/'] },
  {
    tests: ['tests/unit/routes/cloudflare-models.test.ts'],
    sources: ['routes/', 'scripts/cloudflare-models.ts', 'package-lock.json'],
  },
  { tests: ['tests/http/fuzz.test.ts'], sources: ['routes/', 'src/http/', 'src/generation/'] },
  {
    tests: ['tests/http/decisions-real-engine.test.ts'],
    sources: ['src/decisions/', 'routes/decisions/', ...ENGINE],
  },
  {
    tests: ['tests/http/{sampling-defaults,padding-waste,speculation,prefix-cache}.test.ts'],
    sources: [...ENGINE, ...MODELS, ...RUNTIMES],
  },
  {
    tests: ['tests/http/{text-work,fair-clients,queue-position,kept-for-others}.test.ts'],
    sources: ['src/text/', 'src/fairness/', 'src/tokenizer/', 'src/engine/client/'],
  },
  {
    tests: ['tests/numeric/{native-attention,native-programs,native-kernels}.test.ts'],
    sources: ['src/runtime/kernels/', 'src/runtime/native/', 'src/runtime/step/'],
  },
  {
    tests: ['tests/numeric/wasm-bits.test.ts'],
    sources: ['src/runtime/kernels/', 'src/runtime/wasm/', 'prebuilds/wasm/'],
  },
  { tests: ['tests/numeric/webgpu-*.test.ts'], sources: ['src/runtime/webgpu/', 'src/runtime/step/'] },
  {
    tests: ['tests/numeric/{architectures,batch,decoder-operations,inspect-attention,not-numbers}.test.ts'],
    sources: [...MODELS, ...RUNTIMES],
  },
  {
    tests: [
      'tests/numeric/{preemption,continuous-batching,speculation,step-faults,scored-tokens,prefix-cache,copy-page,pages}.test.ts',
    ],
    sources: [...ENGINE, ...RUNTIMES],
  },
  {
    tests: ['tests/browser/**', 'tests/e2e/browser.test.ts'],
    sources: ['src/page/', 'routes/service/', 'scripts/build-page.mjs', 'src/http/middleware/'],
    tools: ['chromium'],
  },
  {
    tests: ['tests/e2e/{several-models,bad-models,models-cli}.test.ts'],
    sources: [...MODELS, 'src/catalog/', 'src/serving/', 'src/tokenizer/', 'src/cli/commands/models'],
  },
  {
    tests: ['tests/e2e/{engine-hangs,loop-watch,log-sinks,engine-death,orphans}.test.ts'],
    sources: [...PROCESSES, 'src/runtime/wasm/', 'src/watch/', 'src/service-log.ts'],
  },
  {
    tests: ['tests/e2e/{chat,command-line,terminal,keys-cli,signals,process}.test.ts'],
    sources: ['src/cli/', 'src/client/', 'src/process/', 'src/access/', 'src/config/'],
  },
  {
    tests: ['tests/e2e/{bench-bounds,bench-runtimes}.test.ts'],
    sources: ['src/bench/', 'src/cli/commands/bench.ts', 'bench/', 'routes/service/benchmark'],
  },
  {
    tests: ['tests/e2e/{rolling-restart,shared-limits,resumable-streams}.test.ts'],
    sources: ['src/http/', 'src/access/', 'src/cli/drain-on-signals.ts'],
    tools: ['nginx-light', 'haproxy'],
  },
  { tests: ['tests/e2e/batch-jobs.test.ts'], sources: ['src/batch/'] },
  {
    tests: ['tests/e2e/{smollm2,smollm2-chat,smollm2-decisions,formats}.test.ts'],
    sources: [...ENGINE, ...MODELS, ...RUNTIMES, 'src/tokenizer/', 'src/chat-template/', 'src/grammar/'],
  },
  {
    tests: ['tests/e2e/native-arm64.test.ts'],
    sources: ['src/runtime/kernels/', 'src/runtime/native/', 'prebuilds/linux-arm64/'],
    tools: ['qemu-user-static', 'libstdc++6-arm64-cross'],
  },
  { tests: ['tests/e2e/docker.test.ts'], sources: ['docker/', 'compose.yaml'] },
  {
    tests: ['tests/e2e/package.test.ts', 'tests/e2e/package-workers.test.ts'],
    sources: [
      'scripts/build-package',
      'src/library/',
      'src/cli/',
      'examples/',
      'src/runtime/start-runtime.ts',
    ],
  },
  { tests: ['tests/e2e/empty-clone.test.ts'], sources: ['scripts/set', 'scripts/run.mjs', 'src/model/'] },
  {
    tests: ['tests/http/promtool.test.ts'],
    sources: ['routes/service/metrics.ts', 'src/http/'],
    tools: ['prometheus'],
  },
];

/** Attacks of `chaos/`, by the beginnings of their names. */
export const SLOW_CASES = [
  {
    cases: [
      'many-schemas',
      'guided-requests',
      'long-choices',
      'fuzz-grammars',
      'fuzz-schemas',
      'fuzz-expressions',
    ],
    sources: ['src/grammar/', 'src/text/', 'src/generation/', 'chaos/'],
  },
  {
    cases: ['reference-', 'fuzz-references', 'fuzz-batch', 'invented-keys', 'batch-'],
    sources: [
      'src/batch/',
      'src/access/',
      'src/fairness/',
      'src/bounded-store.ts',
      'routes/responses/',
      'chaos/',
    ],
  },
  { cases: ['gateway-'], sources: ['src/gateway/', 'src/bounded-store.ts', 'routes/gateway/', 'chaos/'] },
  {
    cases: ['fuzz-texts', 'fuzz-mutations', 'attention-flood', 'dropped-streams'],
    sources: ['src/http/', 'src/tokenizer/', 'src/engine/', 'src/serving/', 'routes/', 'chaos/'],
  },
  {
    cases: ['hard-files', 'fuzz-documents'],
    sources: ['src/markdown/', 'src/process/', 'routes/workers-ai/', 'chaos/'],
  },
  { cases: ['fuzz-schemathesis'], sources: ['routes/', 'openapi.yaml', 'chaos/'] },
  { cases: ['overload'], sources: ['src/http/', 'src/engine/', 'src/serving/', 'src/fairness/', 'chaos/'] },
  {
    cases: [
      'fuzz-tools',
      'tool-any-of',
      'hostile-tokenizer',
      'megabyte-',
      'slow-templates',
      'endless-template',
    ],
    sources: [
      'src/generation/',
      'src/grammar/',
      'src/text/',
      'src/tokenizer/',
      'src/chat-template/',
      'src/process/',
      'chaos/',
    ],
  },
  {
    cases: ['unread-', 'short-bodies', 'slow-headers', 'slow-bodies', 'slow-readers', 'wrong-keys'],
    sources: ['src/http/', 'src/access/', 'src/bounded-store.ts', 'chaos/'],
  },
  {
    cases: ['service-process', 'sig', 'engine-', 'worker-', 'log-', 'orphans', 'redis-', 'out-of-files'],
    sources: [...PROCESSES, 'src/watch/', 'src/access/', 'src/service-log.ts', 'chaos/'],
  },
  { cases: ['alternating-models'], sources: ['src/serving/', 'src/catalog/', 'src/engine/', 'chaos/'] },
];

/** Elsewhere the matrix of what holds of a step by each model is computed by three runtimes only. */
export const WHOLE_MATRIX = [
  'src/runtime/webgpu/',
  'src/runtime/tensorflow/',
  'src/runtime/step/',
  'src/runtime/ops.ts',
];
