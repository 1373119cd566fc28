import * as fc from 'fast-check';
import { checkAgainstOpenApi } from '../../tests/support/openapi-validator.ts';
import type { ChaosCase } from '../chaos-case.ts';
import { mutatedRequest, type MutatedRequest } from '../fuzz/mutated-request.ts';
import { runSchemathesis } from '../fuzz/schemathesis.ts';
import type { Scene } from '../scene.ts';
import { times } from '../support/attack.ts';
import type { Answer, Client } from '../support/client.ts';
import { readMetricsText, sumOf } from '../support/metrics.ts';

/** Every route with the real engine behind it. */

const SEED = 20_261_125;
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
  const requests = fc.sample(mutatedRequest, { numRuns: count, seed: SEED });
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
  const counts = [...statuses]
    .toSorted(([a], [b]) => a - b)
    .map(([status, number]) => `${status}: ${number}`);
  scene.notes.push(`${count} requests, ${counts.join(', ')}`);
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

function faultOf({ method, path }: MutatedRequest, answer: Answer): string | undefined {
  const { status, headers, text, error } = answer;
  if (status === 0) return path.includes('benchmark') ? undefined : `no answer (${error ?? ''})`;
  if (status >= 500 && !SERVER_ERRORS.includes(status)) return `${status} ${text.slice(0, 200)}`;
  const contentType = headers['content-type'] ?? '';
  try {
    checkAgainstOpenApi({ method, path: normalized(path), status, contentType, body: text });
    return undefined;
  } catch (thrown) {
    return String(thrown).slice(0, 300);
  }
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
  const outcome = await runSchemathesis(scene.service.url, { seed: SEED, isFull: scene.scale > 1 });
  if (outcome.type === 'missing') {
    if (process.env['TEST_SCHEMATHESIS'] === 'required') throw new Error(outcome.reason);
    scene.skip(outcome.reason);
  }
  scene.notes.push(`${outcome.numCases} requests`);
  scene.expect(outcome.failures === '', outcome.failures);
  const after = await numServerErrors();
  scene.expect(after === before, `${after - before} answers with status 500`);
}

export const FUZZ_CASES: readonly ChaosCase[] = [
  {
    name: 'fuzz-mutations',
    attack: 'good requests to every route with bodies, headers, paths and methods spoiled',
    run: mutations,
  },
  {
    name: 'fuzz-schemathesis',
    attack: 'what schemathesis makes of openapi.yaml',
    run: schemathesis,
  },
];
