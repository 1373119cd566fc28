import {
  ANSWERS,
  CONNECTIONS,
  ENGINE,
  FAULTS,
  MODELS,
  PACKAGE,
  PAGE,
  PROCESSES,
  REAL_MODELS,
  RUNTIMES,
} from './rooms.mjs';

/**
 * Tests that take more than some five seconds, and the beginnings of the paths of which they are tests. They are left out
 * where nothing below these has changed; the night runs all. What is quick always runs.
 *
 * `seconds` are the sum of the times of a row's files on two quiet cores: `.ci/run` has room for some of them
 * (docs/decisions/0123-a-run-of-twelve-minutes.md).
 */

/** Globs of test files; `tools` are packages of Debian that they run beside the service. */
export const SLOW_TESTS = [
  { tests: ['studio/tests/**'], seconds: 55, sources: ['studio/'] },
  {
    tests: ['tests/unit/kept-memory.test.ts'],
    seconds: 23,
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
    seconds: 60,
    sources: ['src/grammar/', 'tests/support/grammar/'],
  },
  {
    tests: [
      'tests/unit/text/served-tokenizer.test.ts',
      'tests/unit/tokenizer/{encode-tail,piece-merger}.test.ts',
    ],
    seconds: 10,
    sources: ['src/tokenizer/', 'src/text/'],
  },
  {
    tests: ['tests/unit/chat-template/{chat-template,fallback-template}.test.ts'],
    seconds: 10,
    sources: ['src/chat-template/'],
  },
  {
    tests: ['tests/unit/markdown/hard-files.test.ts', 'tests/http/to-markdown.test.ts'],
    seconds: 30,
    sources: ['src/markdown/', 'src/process/', 'routes/workers-ai/to-markdown.ts', 'package-lock.json'],
  },
  {
    tests: ['tests/unit/model/mutated-files.test.ts', 'tests/unit/weights/gguf/gguf-header.test.ts'],
    seconds: 21,
    sources: [...MODELS, 'src/tokenizer/', 'src/catalog/', 'src/model-files.ts'],
  },
  {
    tests: [
      'tests/unit/engine/worker/{preemption,sequence-faults,reasoning-budgets,guided-sequences,speculation}.test.ts',
    ],
    seconds: 26,
    sources: [...ENGINE, 'src/grammar/'],
  },
  {
    tests: ['tests/unit/serving/{header-reader,model-pool,model-pool-memory,pool-errors}.test.ts'],
    seconds: 10,
    sources: ['src/serving/', 'src/weights/'],
  },
  {
    tests: ['tests/unit/vectors/{search,vector-store}.test.ts', 'tests/http/vectorize*.test.ts'],
    seconds: 25,
    sources: ['src/vectors/', 'src/runtime/', 'src/process/', 'routes/vectorize/'],
  },
  { tests: ['tests/unit/process/file-lock.test.ts'], seconds: 22, sources: ['src/process/'] },
  {
    tests: ['tests/e2e/ending.test.ts'],
    seconds: 13,
    sources: ['src/http/edge/', 'src/cli/', 'src/service.ts'],
  },
  {
    tests: ['tests/e2e/worker-rag.test.ts'],
    seconds: 15,
    sources: ['examples/worker-rag/', 'src/library/', 'src/vectors/'],
  },
  {
    tests: ['tests/e2e/vectorize-cli.test.ts'],
    seconds: 16,
    sources: ['src/vectors/', 'routes/vectorize/', 'src/cli/'],
  },
  { tests: ['tests/unit/bench/run-store.test.ts'], seconds: 2, sources: ['src/bench/'] },
  {
    tests: ['tests/unit/scripts/setup-tensorflow.test.ts'],
    seconds: 5,
    sources: ['scripts/setup-tensorflow'],
  },
  { tests: ['tests/unit/catalog/pull-*.test.ts'], seconds: 2, sources: ['src/catalog/'] },
  {
    tests: ['tests/unit/http/{edge/growing-buffer,edge/idle-collector,sse/stream-store}.test.ts'],
    seconds: 6,
    sources: ['src/http/'],
  },
  {
    tests: ['tests/http/{tool-families,reasoning-budget,default-chat}.test.ts'],
    seconds: 64,
    sources: ANSWERS,
  },
  { tests: ['tests/http/tool-fuzz.test.ts'], seconds: 28, sources: ANSWERS },
  { tests: ['tests/http/log-texts.test.ts'], seconds: 19, sources: ['routes/', 'src/http/', ...FAULTS] },
  { tests: ['tests/http/connections.test.ts'], seconds: 12, sources: CONNECTIONS },
  {
    tests: ['tests/e2e/{first-load,usage-after-abort,keys}.test.ts'],
    seconds: 29,
    sources: [...PROCESSES, ...CONNECTIONS, 'src/serving/'],
  },
  { tests: ['tests/http/pooling.test.ts'], seconds: 29, sources: [...ENGINE, ...MODELS, 'src/tokenizer/'] },
  {
    tests: ['tests/unit/routes/cloudflare-models.test.ts'],
    seconds: 5,
    sources: ['routes/', 'scripts/cloudflare-models.ts', 'package-lock.json'],
  },
  { tests: ['tests/http/fuzz.test.ts'], seconds: 42, sources: ['routes/', 'src/http/', 'src/generation/'] },
  {
    tests: ['tests/http/decisions-real-engine.test.ts'],
    seconds: 22,
    sources: ['src/decisions/', 'routes/decisions/', ...ENGINE],
  },
  {
    tests: [
      'tests/http/{sampling-defaults,padding-waste,speculation,prefix-cache,prefix-disk,full-cache}.test.ts',
    ],
    seconds: 60,
    sources: [...ENGINE, ...MODELS, ...RUNTIMES],
  },
  {
    tests: ['tests/http/{text-work,fair-clients,queue-position,kept-for-others}.test.ts'],
    seconds: 48,
    sources: ['src/text/', 'src/fairness/', 'src/tokenizer/', 'src/engine/client/'],
  },
  {
    tests: ['tests/numeric/{native-attention,native-bfloats,native-programs,native-kernels}.test.ts'],
    seconds: 28,
    sources: ['src/runtime/kernels/', 'src/runtime/native/', 'src/runtime/step/'],
  },
  {
    tests: ['tests/numeric/wasm-bits.test.ts'],
    seconds: 13,
    sources: ['src/runtime/kernels/', 'src/runtime/wasm/', 'prebuilds/wasm/'],
  },
  {
    tests: ['tests/numeric/webgpu-*.test.ts'],
    seconds: 9,
    sources: ['src/runtime/webgpu/', 'src/runtime/step/'],
  },
  {
    tests: ['tests/numeric/{batch,decoder-operations,inspect-attention,not-numbers}.test.ts'],
    seconds: 52,
    sources: [...MODELS, ...RUNTIMES],
  },
  { tests: ['tests/numeric/architectures.test.ts'], seconds: 74, sources: [...MODELS, ...RUNTIMES] },
  { tests: ['tests/numeric/fastest-runtime.test.ts'], seconds: 23, sources: RUNTIMES },
  {
    tests: ['tests/numeric/{preemption,pages,prefix-cache,prefix-disk,copy-page,page-bytes}.test.ts'],
    seconds: 95,
    sources: [...ENGINE, ...RUNTIMES],
  },
  {
    tests: ['tests/numeric/{continuous-batching,speculation,step-faults,scored-tokens}.test.ts'],
    seconds: 46,
    sources: [...ENGINE, ...RUNTIMES],
  },
  {
    tests: ['tests/browser/{benchmark,gateway,now}.test.ts', 'tests/e2e/browser.test.ts'],
    seconds: 42,
    sources: PAGE,
    tools: ['chromium'],
  },
  { tests: ['tests/browser/{attention,shell}.test.ts'], seconds: 122, sources: PAGE, tools: ['chromium'] },
  {
    tests: ['tests/browser/{playground,playground-conversation,scripted-playground}.test.ts'],
    seconds: 246,
    sources: PAGE,
    tools: ['chromium'],
  },
  {
    tests: ['tests/e2e/{several-models,bad-models,models-cli}.test.ts'],
    seconds: 90,
    sources: [...MODELS, 'src/catalog/', 'src/serving/', 'src/tokenizer/', 'src/cli/commands/models'],
  },
  {
    tests: ['tests/e2e/{engine-hangs,loop-watch,log-sinks,orphans}.test.ts'],
    seconds: 103,
    sources: [...PROCESSES, 'src/watch/', 'src/service-log.ts'],
  },
  {
    tests: ['tests/e2e/engine-death.test.ts'],
    seconds: 103,
    sources: [...PROCESSES, 'src/runtime/wasm/', 'src/watch/', 'src/service-log.ts'],
  },
  {
    tests: ['tests/e2e/{chat,command-line,terminal,keys-cli,signals,process}.test.ts'],
    seconds: 119,
    sources: ['src/cli/', 'src/client/', 'src/process/', 'src/access/', 'src/config/'],
  },
  {
    tests: ['tests/e2e/{bench-bounds,bench-runtimes}.test.ts'],
    seconds: 60,
    sources: ['src/bench/', 'src/cli/commands/bench.ts', 'bench/', 'routes/service/benchmark'],
  },
  {
    tests: ['tests/e2e/{shared-limits,resumable-streams}.test.ts'],
    seconds: 30,
    sources: ['src/http/', 'src/access/'],
  },
  {
    tests: ['tests/e2e/rolling-restart.test.ts'],
    seconds: 100,
    sources: ['src/http/', 'src/cli/drain-on-signals.ts', 'docker/'],
    tools: ['nginx-light', 'haproxy'],
  },
  { tests: ['tests/e2e/manifests.test.ts'], seconds: 6, sources: ['docker/kubernetes/'] },
  {
    tests: ['tests/e2e/dashboard.test.ts'],
    seconds: 12,
    sources: ['src/http/metrics/', 'docker/grafana/', 'docker/kubernetes/'],
    tools: ['prometheus'],
  },
  {
    tests: ['tests/e2e/kv-events.test.ts'],
    seconds: 30,
    sources: ['src/kv-events/', 'src/engine/worker/', 'src/scheduler/pages/'],
  },
  {
    tests: ['tests/e2e/otlp.test.ts'],
    seconds: 15,
    sources: ['src/tracing/', 'src/http/middleware/request-spans.ts'],
  },
  {
    tests: ['tests/e2e/vllm-router.test.ts'],
    seconds: 40,
    sources: ['routes/openai/', 'routes/responses/', 'src/http/metrics/'],
  },
  {
    tests: ['tests/e2e/prefix-kills.test.ts'],
    seconds: 15,
    sources: ['src/engine/worker/disk/', 'src/scheduler/pages/'],
  },
  { tests: ['tests/e2e/llm-d-router.test.ts'], seconds: 3, sources: ['docker/llm-d/'] },
  { tests: ['tests/e2e/batch-jobs.test.ts'], seconds: 6, sources: ['src/batch/'] },
  { tests: ['tests/e2e/smollm2.test.ts'], seconds: 133, sources: REAL_MODELS },
  { tests: ['tests/e2e/{smollm2-chat,smollm2-decisions}.test.ts'], seconds: 51, sources: REAL_MODELS },
  { tests: ['tests/e2e/formats.test.ts'], seconds: 32, sources: [...REAL_MODELS, 'model-weights/'] },
  {
    tests: ['tests/e2e/embedded-model.test.ts'],
    seconds: 147,
    sources: [...ENGINE, ...MODELS, ...RUNTIMES, 'model-weights/'],
  },
  {
    tests: ['tests/e2e/native-arm64.test.ts'],
    seconds: 33,
    sources: ['src/runtime/kernels/', 'src/runtime/native/', 'prebuilds/linux-arm64/'],
    tools: ['qemu-user-static', 'libstdc++6-arm64-cross'],
  },
  { tests: ['tests/e2e/docker.test.ts'], seconds: 20, sources: ['docker/', 'compose.yaml'] },
  { tests: ['tests/e2e/package.test.ts'], seconds: 164, sources: PACKAGE },
  { tests: ['tests/e2e/package-workers.test.ts'], seconds: 123, sources: PACKAGE },
  {
    tests: ['tests/e2e/empty-clone.test.ts'],
    seconds: 20,
    sources: ['scripts/set', 'scripts/run.mjs', 'src/model/'],
  },
  {
    tests: ['tests/http/promtool.test.ts'],
    seconds: 1,
    sources: ['routes/service/metrics.ts', 'src/http/'],
    tools: ['prometheus'],
  },
];

/** Elsewhere the matrix of what holds of a step by each model is computed by three runtimes only. */
export const WHOLE_MATRIX = [
  'src/runtime/webgpu/',
  'src/runtime/tensorflow/',
  'src/runtime/step/',
  'src/runtime/ops.ts',
];
