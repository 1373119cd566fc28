/** Rooms of the house, by what slow tests are of: the beginnings of paths. */

export const ENGINE = ['src/engine/', 'src/scheduler/', 'src/sampling/'];
export const MODELS = ['src/model/', 'src/weights/'];
export const RUNTIMES = ['src/runtime/'];
export const ANSWERS = ['src/generation/', 'src/chat-template/', 'src/grammar/', 'routes/'];
export const REAL_MODELS = [
  ...ENGINE,
  ...MODELS,
  ...RUNTIMES,
  ...['src/tokenizer/', 'src/chat-template/', 'src/grammar/'],
];
export const PROCESSES = [
  'src/process/',
  'src/engine/client/process/',
  'src/engine/worker/',
  'src/cli/',
  'src/service.ts',
];

export const PACKAGE = [
  'scripts/build-package',
  'src/library/',
  'src/cli/',
  'examples/',
  'src/runtime/start-runtime.ts',
];
export const PAGE = ['src/page/', 'routes/service/', 'scripts/build-page.mjs', 'src/http/middleware/'];
export const GRAMMARS = ['src/grammar/', 'src/text/', 'src/generation/'];
export const TEXTS = ['src/generation/', 'src/text/', 'src/tokenizer/', 'src/chat-template/', 'src/process/'];
export const STORES = [
  'src/batch/',
  'src/access/',
  'src/fairness/',
  'src/bounded-store.ts',
  'routes/responses/',
];
export const CONNECTIONS = ['src/http/', 'src/access/', 'src/bounded-store.ts'];
export const FAULTS = [...PROCESSES, 'src/watch/', 'src/access/', 'src/service-log.ts'];
