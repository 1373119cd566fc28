import { CONNECTIONS, FAULTS, GRAMMARS, STORES, TEXTS } from './rooms.mjs';

/** Attacks of `chaos/`, by the beginnings of their names. */
export const SLOW_CASES = [
  { cases: ['many-schemas'], seconds: 85, sources: [...GRAMMARS, 'chaos/'] },
  { cases: ['guided-requests'], seconds: 41, sources: [...GRAMMARS, 'chaos/'] },
  {
    cases: ['long-choices', 'fuzz-grammars', 'fuzz-schemas', 'fuzz-expressions'],
    seconds: 29,
    sources: [...GRAMMARS, 'chaos/'],
  },
  { cases: ['invented-keys-small'], seconds: 64, sources: [...STORES, 'chaos/'] },
  { cases: ['invented-keys-large'], seconds: 17, sources: [...STORES, 'chaos/'] },
  { cases: ['reference-', 'fuzz-references'], seconds: 20, sources: [...STORES, 'chaos/'] },
  { cases: ['batch-', 'fuzz-batch'], seconds: 38, sources: [...STORES, 'chaos/'] },
  {
    cases: ['gateway-'],
    seconds: 38,
    sources: ['src/gateway/', 'src/bounded-store.ts', 'routes/gateway/', 'chaos/'],
  },
  {
    cases: ['fuzz-texts', 'fuzz-mutations', 'attention-flood', 'dropped-streams'],
    seconds: 40,
    sources: ['src/http/', 'src/tokenizer/', 'src/engine/', 'src/serving/', 'routes/', 'chaos/'],
  },
  {
    cases: ['hard-files', 'fuzz-documents'],
    seconds: 26,
    sources: ['src/markdown/', 'src/process/', 'routes/workers-ai/', 'chaos/'],
  },
  { cases: ['fuzz-schemathesis'], seconds: 62, sources: ['routes/', 'openapi.yaml', 'chaos/'] },
  {
    cases: ['overload'],
    seconds: 23,
    sources: ['src/http/', 'src/engine/', 'src/serving/', 'src/fairness/', 'chaos/'],
  },
  { cases: ['megabyte-'], seconds: 39, sources: [...TEXTS, 'chaos/'] },
  { cases: ['hostile-tokenizer'], seconds: 16, sources: [...TEXTS, 'chaos/'] },
  {
    cases: ['fuzz-tools', 'tool-any-of', 'slow-templates', 'endless-template'],
    seconds: 16,
    sources: [...TEXTS, ...GRAMMARS, 'chaos/'],
  },
  { cases: ['unread-'], seconds: 47, sources: [...CONNECTIONS, 'chaos/'] },
  {
    cases: ['short-bodies', 'slow-headers', 'slow-bodies', 'slow-readers', 'wrong-keys'],
    seconds: 32,
    sources: [...CONNECTIONS, 'chaos/'],
  },
  { cases: ['service-process', 'orphans'], seconds: 27, sources: [...FAULTS, 'chaos/'] },
  { cases: ['engine-', 'worker-'], seconds: 31, sources: [...FAULTS, 'chaos/'] },
  { cases: ['sig', 'log-', 'redis-', 'out-of-files'], seconds: 47, sources: [...FAULTS, 'chaos/'] },
  {
    cases: ['damaged-files', 'no-space', 'clock-jumps', 'children-killed'],
    seconds: 75,
    sources: [
      ...FAULTS,
      'src/written-files.ts',
      'src/sqlite/',
      'src/vectors/',
      'src/gateway/logs/',
      'chaos/',
    ],
  },
  {
    cases: ['alternating-models'],
    seconds: 16,
    sources: ['src/serving/', 'src/catalog/', 'src/engine/', 'chaos/'],
  },
];
