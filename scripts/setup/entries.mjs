/**
 * The modules that are run or imported by their paths: commands, processes, threads, and what package.json exports. Each is
 * a file of dist/; what they import is in dist/chunks/.
 */

const PROCESSES = [
  'src/chat-template/chat-template-worker',
  'src/engine/worker/disk/disk-thread',
  'src/engine/worker/engine-worker',
  'src/gateway/logs/log-thread',
  'src/markdown/markdown-worker',
  'src/runtime/probe-process',
  'src/serving/header-worker',
  'src/text/grammar-worker',
  'src/text/tokenizer-worker',
  'src/vectors/vectors-worker',
  'src/watch/loop-watch-thread',
];

/** What the npm package has. */
export const PUBLISHED = [
  'src/cli/main',
  'src/library/index',
  'src/library/miniflare/index',
  'src/library/miniflare/preload',
  'src/library/vite',
  'src/library/vitest',
  'src/library/workers/index',
  ...PROCESSES,
].map((name) => `${name}.ts`);

/** Those of a checkout. */
export const ENTRIES = [
  ...PUBLISHED,
  ...[
    'bench/main',
    'bench/harness/grammar-worker',
    'scripts/native-digest',
    'scripts/openapi',
    'scripts/test-gpu',
    // Tests give it to Miniflare, as the preloaded module does.
    'src/library/miniflare/local-bindings',
    'studio/corpus/main',
    'studio/judge/main',
  ].map((name) => `${name}.ts`),
];
