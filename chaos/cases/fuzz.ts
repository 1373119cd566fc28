import * as fc from 'fast-check';
import { checkAgainstOpenApi } from '../../tests/support/openapi-validator.ts';
import type { ChaosCase } from '../chaos-case.ts';
import { runFuzzLoop, type LoopOutcome } from '../fuzz/fuzz-loop.ts';
import type { FuzzKind } from '../fuzz/fuzz-script.ts';
import { FUZZ_KINDS } from '../fuzz/kinds.ts';
import { mutatedRequest, unspoiled, type MutatedRequest } from '../fuzz/mutated-request.ts';
import { runSchemathesis } from '../fuzz/schemathesis.ts';
import { TOOL_FAMILIES, toolKind } from '../fuzz/tools.ts';
import { VALID_REQUESTS } from '../fuzz/valid-requests.ts';
import type { Scene } from '../scene.ts';
import { times } from '../support/attack.ts';
import type { Answer, Client } from '../support/client.ts';
import { readMetricsText, sumOf } from '../support/metrics.ts';
import { until } from '../support/until.ts';

/** Every route with the real engine behind it. */

const MAX_MUTATED = 10_000;
const NUM_CLIENTS = 12;
/** Whole contexts on a busy machine. */
const LIMIT_MS = 60_000;
/** A benchmark may go on for longer: it is hung up. */
const BENCHMARK_LIMIT_MS = 1500;
/** Where openapi.yaml lists them: the request's own deadline, and a service that is busy. */
const SERVER_ERRORS = [503, 504];
const MAX_EXAMPLES = 5;

async function mutations(scene: Scene): Promise<void> {
  const count = Math.min(scene.scaled(2500), MAX_MUTATED);
  // A fault of a good answer is found on the first day, whatever the seed.
  const requests = [
    ...VALID_REQUESTS.map(unspoiled),
    ...fc.sample(mutatedRequest, { numRuns: count, seed: scene.seed }),
  ];
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  const client = scene.client();
  let next = 0;
  await times(NUM_CLIENTS, async () => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      const answer = await send(client, request);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const fault = faultOf(request, answer);
      if (fault !== undefined) faults.push(`${describe(request)}: ${fault}`);
    }
  });
  scene.notes.push(`${requests.length} requests, ${countsOf(statuses)}`);
  for (const fault of faults.slice(0, MAX_EXAMPLES)) scene.expect(false, fault);
  scene.expect(faults.length <= MAX_EXAMPLES, `${faults.length} answers in all are not as openapi.yaml says`);
  // A generator that spoils every request, or none, tests nothing.
  scene.expect((statuses.get(200) ?? 0) > count / 20, 'fewer than a twentieth of the requests are good');
  scene.expect((statuses.get(400) ?? 0) > count / 5, 'fewer than a fifth of the requests are bad');
}

function send(client: Client, { method, path, headers, body }: MutatedRequest): Promise<Answer> {
  const isBenchmark = path.includes('benchmark') && method === 'POST';
  const limitMs = isBenchmark ? BENCHMARK_LIMIT_MS : LIMIT_MS;
  return client.call(method, path, { headers, limitMs, ...(body === undefined ? {} : { body }) });
}

function faultOf({ method, path, headers: sent }: MutatedRequest, answer: Answer): string | undefined {
  const { status, headers, text, error } = answer;
  if (status === 0) return path.includes('benchmark') ? undefined : `no answer (${error ?? ''})`;
  if (status >= 500 && !SERVER_ERRORS.includes(status)) return `${status} ${text.slice(0, 200)}`;
  const contentType = headers['content-type'] ?? '';
  try {
    checkAgainstOpenApi({ method, path: listedPath(path, sent), status, contentType, body: text });
    return undefined;
  } catch (thrown) {
    return String(thrown).slice(0, 300);
  }
}

/** What Miniflare asks at its own path stands in a header. */
function listedPath(path: string, headers: MutatedRequest['headers']): string {
  const asked = headers['mf-url'] ?? '';
  const isMiniflare = normalized(path) === '/workers-binding' && URL.canParse(asked);
  return isMiniflare ? `/workers-binding${new URL(asked).pathname}` : normalized(path);
}

/** As a server reads it (WHATWG URL): `/%2e/health` is `/health`. */
function normalized(path: string): string {
  return URL.canParse(`http://a${path}`) ? new URL(`http://a${path}`).pathname : path;
}

const describe = ({ method, path, headers, body }: MutatedRequest): string =>
  `${method} ${path.slice(0, 80)} ${JSON.stringify(headers).slice(0, 100)} ${body?.toString('latin1').slice(0, 200) ?? ''}`;

async function schemathesis(scene: Scene): Promise<void> {
  const numServerErrors = async (): Promise<number> =>
    sumOf((await readMetricsText(scene.client())) ?? '', 'tokenflare_http_requests_total', 'status="500"');
  const before = await numServerErrors();
  const outcome = await runSchemathesis(scene.service.url, { seed: scene.seed, isFull: scene.scale > 1 });
  if (outcome.type === 'missing') {
    if (process.env['TEST_SCHEMATHESIS'] === 'required') throw new Error(outcome.reason);
    scene.skip(outcome.reason);
  }
  scene.notes.push(`${outcome.numCases} requests`);
  scene.expect(outcome.failures === '', outcome.failures);
  const after = await numServerErrors();
  scene.expect(after === before, `${after - before} answers with status 500`);
}

/** Of one kind, in the short form. */
const FUZZ_SECONDS = 8;
/** In the short form of a family of tools: each is a model of its own, which is loaded for it. */
const FAMILY_SECONDS = 4;
const SHORT_FAMILIES = ['hermes', 'qwen3-coder', 'function-gemma'];
const FUZZ_RECOVERY_MS = 40_000;
const LONG_MAX_FINDINGS = 20;
const LOAD_LIMIT_MS = 60_000;

async function fuzz(scene: Scene, kind: FuzzKind, seconds: number): Promise<void> {
  const client = scene.client();
  const outcome = await runFuzzLoop({
    kinds: [kind],
    client,
    seed: scene.seed,
    endsAt: performance.now() + seconds * scene.scale * 1000,
    maxFindings: scene.scale > 1 ? LONG_MAX_FINDINGS : 1,
    recover: () =>
      until(
        async () => (await client.get('/ready', { limitMs: 2000 })).status === 200,
        FUZZ_RECOVERY_MS,
        200,
      ),
  });
  tell(scene, outcome);
}

function tell(scene: Scene, { numRequests, statuses, faults }: LoopOutcome): void {
  scene.notes.push(`${numRequests} requests, ${countsOf(statuses)}, seed ${scene.seed}`);
  for (const fault of faults.slice(0, MAX_EXAMPLES)) scene.expect(false, fault);
  scene.expect(faults.length <= MAX_EXAMPLES, `${faults.length} faults in all`);
  scene.expect((statuses.get(200) ?? 0) > 0, `none of ${numRequests} requests is good`);
}

const countsOf = (statuses: ReadonlyMap<number, number>): string =>
  [...statuses]
    .toSorted(([a], [b]) => a - b)
    .map(([status, number]) => `${status}: ${number}`)
    .join(', ');

async function fuzzTools(scene: Scene): Promise<void> {
  for (const family of scene.scale > 1 ? TOOL_FAMILIES : SHORT_FAMILIES) {
    const load = { model: family, prompt: 'a', max_tokens: 1 };
    await scene.client().post('/v1/completions', load, { limitMs: LOAD_LIMIT_MS });
    await fuzz(scene, toolKind(family), FAMILY_SECONDS);
  }
}

/** By the name of a kind. */
const ATTACKS: Readonly<Record<string, Pick<ChaosCase, 'attack' | 'shows'>>> = {
  grammars: {
    attack: 'random grammars: ambiguous, left-recursive, nullable, deep, with large classes and counts',
    shows: ['formats'],
  },
  schemas: {
    attack: 'random JSON Schemas: recursive, with choices of all, bounds, patterns, formats, enums',
    shows: ['formats'],
  },
  expressions: {
    attack: 'random regular expressions, and those that backtrack or multiply',
    shows: ['formats'],
  },
  references: {
    attack: 'stored responses, chains of them, references to their items by the thousand',
    shows: ['responses'],
  },
  batch: {
    attack: 'batch jobs of many items, wrong ones, fields that there are not, invented keys',
    shows: ['workers-ai'],
  },
  documents: {
    attack: 'documents to be Markdown with bytes changed, left out and repeated, and under other names',
    shows: ['documents'],
  },
  vectors: {
    attack:
      'indexes made, filled, asked and deleted in any order by both APIs, their own compared with a model',
    shows: ['vectorize'],
  },
  gateways: {
    attack: 'requests, lists, kept answers and logs of gateways by owners who read those of each other',
    shows: ['gateway'],
  },
  bindings: {
    attack: "runs by a Worker's binding, and the rest of streams and jobs of another's",
    shows: ['gateway'],
  },
  texts: {
    attack: 'texts without spaces, of one character, of all scripts, with texts of special tokens',
    shows: ['tokens'],
  },
};

function attackOf({ name }: FuzzKind): Pick<ChaosCase, 'attack' | 'shows'> {
  const found = ATTACKS[name];
  if (found === undefined) throw new Error(`nothing says what the fuzzer of ${name} attacks`);
  return found;
}

export const FUZZ_CASES: readonly ChaosCase[] = [
  ...FUZZ_KINDS.map((kind): ChaosCase => ({
    name: `fuzz-${kind.name}`,
    ...attackOf(kind),
    run: (scene) => fuzz(scene, kind, FUZZ_SECONDS),
  })),
  {
    name: 'fuzz-tools',
    shows: ['tools'],
    attack: 'tools of random schemas to models of each family of templates, by each API',
    // The families take turns beside the default model.
    numModels: 2,
    launch: async (fixtures) => ({
      settings: {
        MODELS_DIR: await fixtures.familyModels(TOOL_FAMILIES),
        MEMORY_LIMIT_MB: '340',
        KV_CACHE_MB: '64',
        MODEL_MIN_STAY_SECONDS: '1',
        MODEL_IDLE_SECONDS: '3',
      },
    }),
    run: fuzzTools,
  },
  {
    name: 'fuzz-mutations',
    shows: ['engine-ends'],
    attack: 'good requests to every route with bodies, headers, paths and methods spoiled',
    run: mutations,
  },
  {
    name: 'fuzz-schemathesis',
    shows: ['no-bound'],
    attack: 'what schemathesis makes of openapi.yaml',
    run: schemathesis,
  },
];
