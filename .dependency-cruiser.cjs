/** Who may import whom: the rooms of ARCHITECTURE.md, as rules. */
const room = (name) => `^src/${name}/`;

/** Each room, and the rooms it may import from beside itself, config and errors. */
const MAY_IMPORT = {
  fairness: [],
  process: ['fairness'],
  config: ['runtime', 'gateway'],
  sqlite: ['process'],
  gateway: ['sqlite', 'process', 'fairness'],
  runtime: ['process'],
  scheduler: ['fairness'],
  sampling: ['runtime'],
  tokenizer: ['chat-template', 'process'],
  grammar: ['sampling'],
  weights: ['runtime'],
  text: ['chat-template', 'tokenizer', 'grammar', 'scheduler', 'weights', 'process', 'fairness'],
  'chat-template': ['process'],
  model: ['runtime', 'weights'],
  catalog: ['weights', 'config', 'process'],
  engine: [
    'chat-template',
    'text',
    'grammar',
    'scheduler',
    'catalog',
    'model',
    'sampling',
    'tokenizer',
    'weights',
    'runtime',
    'config',
    'process',
    'fairness',
  ],
  generation: ['engine', 'chat-template', 'text', 'tokenizer', 'grammar', 'fairness'],
  decisions: ['engine', 'sampling', 'text', 'chat-template'],
  serving: ['engine', 'catalog', 'model', 'runtime', 'weights', 'config', 'process', 'fairness'],
  batch: ['engine', 'serving', 'fairness'],
  bench: ['client', 'engine', 'sampling', 'config', 'sqlite'],
  access: ['config', 'process', 'fairness'],
  vectors: ['runtime', 'process', 'fairness', 'sqlite'],
  watch: ['process'],
  tracing: ['config'],
  'kv-events': ['engine'],
  http: [
    'access',
    'engine',
    'generation',
    'chat-template',
    'text',
    'serving',
    'config',
    'watch',
    'fairness',
    'tracing',
  ],
  markdown: ['process'],
  client: [],
  page: [],
};

/** Small modules that any room may import. */
const SHARED = [
  'errors',
  'logged-error',
  'values',
  'field-names',
  'data-home',
  'available-cores',
  'version',
  'package-root',
  'model-files',
  'bounded-store',
  'held-bytes',
  'step-budget',
  'json-measure',
  'json-pieces',
  'pages',
];
const shared = (names) => `^src/(${names.join('|')})\\.ts$`;

const directions = Object.entries(MAY_IMPORT).map(([name, allowed]) => ({
  name: `${name}-imports-only-below`,
  severity: 'error',
  from: { path: room(name) },
  to: {
    path: '^(src|routes)/',
    pathNot: [room(name), shared(SHARED), ...allowed.map(room)],
  },
}));

/**
 * What routes and their schemas import from src. Of the engine, both import only the half in the service process, and
 * the checks of input. A schema imports no keys, no settings and no route.
 */
const ENGINE_CLIENT = '^src/engine/(client/|(engine|check-input|generation-params|caller)\\.ts$)';
const routeImports = [
  {
    name: 'routes-import-only-these-rooms',
    severity: 'error',
    from: { path: '^routes/', pathNot: '^routes/[^/]+/schemas/' },
    to: {
      path: '^src/',
      pathNot: [
        shared([
          'errors',
          'logged-error',
          'values',
          'field-names',
          'version',
          'bounded-store',
          'held-bytes',
          'json-pieces',
        ]),
        ENGINE_CLIENT,
        ...[
          'access',
          'batch',
          'bench',
          'chat-template',
          'config',
          'decisions',
          'fairness',
          'gateway',
          'generation',
          'http',
          'markdown',
          'serving',
          'text',
          'vectors',
        ].map(room),
      ],
    },
  },
  {
    name: 'schemas-import-only-these-rooms',
    severity: 'error',
    from: { path: '^routes/[^/]+/schemas/' },
    to: {
      path: '^(src|routes)/',
      pathNot: [
        '^routes/[^/]+/schemas/',
        shared(['errors', 'held-bytes', 'values', 'field-names', 'version', 'json-pieces']),
        ENGINE_CLIENT,
        ...[
          'batch',
          'bench',
          'chat-template',
          'decisions',
          'fairness',
          'gateway',
          'generation',
          'grammar',
          'http',
          'sampling',
          'serving',
          'tokenizer',
          'vectors',
        ].map(room),
      ],
    },
  },
];

/** The halves of the engine are two processes: between them goes what engine.ts and protocol.ts say. */
const halves = [
  ['client', 'worker'],
  ['worker', 'client'],
].map(([from, to]) => ({
  name: `engine-${from}-knows-no-${to}`,
  severity: 'error',
  from: { path: `^src/engine/${from}/` },
  to: { path: `^src/engine/${to}/` },
}));

/** A package, and the only places that may import it. */
const only = (name, packages, places) => ({
  name,
  severity: 'error',
  from: { path: '^(src|routes)/', pathNot: places },
  to: { path: `node_modules/(${packages})(/|$)` },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...directions,
    ...halves,
    ...routeImports,
    {
      name: 'between-the-halves-is-neither',
      severity: 'error',
      from: { path: '^src/engine/[^/]+\\.ts$' },
      to: { path: '^src/engine/(client|worker)/' },
    },
    {
      name: 'the-service-has-no-harness',
      severity: 'error',
      from: { path: '^(src|routes)/' },
      to: { path: '^(bench|scripts|chaos|tests)/' },
    },
    {
      name: 'the-studio-is-imported-by-its-commands-only',
      severity: 'error',
      from: { path: '^(src|routes|bench|scripts|chaos)/', pathNot: '^src/cli/commands\\.ts$' },
      to: { path: '^studio/' },
    },
    {
      name: 'the-studio-imports-models-and-tokenizer',
      severity: 'error',
      from: { path: '^studio/', pathNot: '^studio/(commands|tests)/' },
      to: {
        path: '^(src|routes|bench|chaos)/',
        pathNot: [
          shared([...SHARED, 'svg-scale']),
          ...['model', 'weights', 'runtime', 'tokenizer', 'sampling', 'config', 'process', 'library'].map(
            room,
          ),
        ],
      },
    },
    {
      name: 'the-command-is-above-all',
      severity: 'error',
      from: { path: '^(src|routes)/', pathNot: room('cli') },
      to: { path: room('cli') },
    },
    {
      name: 'so-is-the-library',
      severity: 'error',
      from: { path: '^(src|routes)/', pathNot: room('library') },
      to: { path: room('library') },
    },
    {
      name: 'routes-are-imported-by-composition-only',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/service\\.ts$', room('library')] },
      to: { path: '^routes/' },
    },
    only('tfjs-behind-the-runtime', '@tensorflow', [room('runtime')]),
    only('dawn-behind-its-runtime', 'webgpu|@tensorflow/tfjs-backend-webgpu', ['^src/runtime/webgpu/']),
    only('hono-at-the-edge', 'hono|@hono', ['^routes/', room('http'), room('library'), '^src/service\\.ts$']),
    only('zod-where-input-is-read', 'zod', [
      '^routes/',
      room('access'),
      room('config'),
      room('model'),
      room('catalog'),
      room('library'),
      room('vectors'),
      '^src/runtime/auto/',
    ]),
    only('sqlite-in-its-file', 'node-sqlite3-wasm', ['^src/sqlite/database\\.ts$']),
    only('limits-in-their-room', 'rate-limiter-flexible|ioredis', [room('access')]),
    only('pino-at-the-edge', 'pino', [
      '^routes/',
      room('http'),
      room('cli'),
      room('library'),
      '^src/(service|service-log|service-tracing)\\.ts$',
    ]),
    only('documents-in-their-room', 'turndown|@mixmark-io|unpdf|fflate|htmlparser2|papaparse', [
      room('markdown'),
    ]),
    only('the-command-line-in-its-room', 'commander|pino-pretty', [room('cli')]),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.check.json' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
};
