import { defineConfig } from 'vitest/config';

/** Unit tests that take seconds, by what they compute or by the processes they start. */
const SLOW = [
  'catalog/pull-model.test.ts',
  'chat/{answer-reader,start-answer}.test.ts',
  'decisions/find-labels.test.ts',
  'engine/client/queue-places.test.ts',
  'engine/worker/{guided-sequences,preemption,speculation}.test.ts',
  'grammar/{compile-grammar,grammar-bounds,json-schema-*,regular-languages}.test.ts',
  'grammar/matching/token-grammar.test.ts',
  'http/growing-buffer.test.ts',
  'model/mutated-files.test.ts',
  'runtime/{doctor,wasm/process-exit}.test.ts',
  'scheduler/{client-shares,lane-cache,preemption,scored-prompts}.test.ts',
  'serving/header-reader.test.ts',
  'text/{chat-format,chat-template,fallback-template,served-tokenizer}.test.ts',
  'tokenizer/{chat-template,encode-tail,piece-merger,tokenizer-json}.test.ts',
  'weights/gguf/gguf-header.test.ts',
];

/** Those that put a spy or a clock in the place of what other tests share with them here. */
const ALONE = ['access/key-ring.test.ts', 'bench/harness/peer-process.test.ts', 'http/stream-store.test.ts'];

/** `npm run test:quick`: the quick unit tests, which share their modules, and the HTTP tests of completions and chats. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    pool: 'forks',
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ['tests/unit/**/*.test.ts', 'tests/http/{completions,chat}.test.ts'],
    exclude: [...SLOW, ...ALONE].map((path) => `tests/unit/${path}`),
  },
});
