import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus } from '../support/attack.ts';
import { codeOf, type Answer } from '../support/client.ts';
import { sleep } from '../support/until.ts';

/** What one client may learn of another, or do to its requests. */

const VICTIM = '127.0.0.3';

async function otherRequests(scene: Scene): Promise<void> {
  const victim = scene.client(VICTIM);
  const attacker = scene.client();
  const id = { 'x-request-id': 'victim-1' };
  const stream = victim.stream(
    '/v1/completions',
    { prompt: 'My secret', max_tokens: 480, ignore_eos: true },
    { headers: id },
  );
  await sleep(100);
  const path = '/v1/requests/victim-1';
  expectStatus(scene, [await attacker.get(path)], [404], "reading another client's request");
  expectStatus(scene, [await attacker.call('DELETE', path)], [404], "cancelling another client's request");
  const body = { prompt: 'a', max_tokens: 3, ignore_eos: true };
  expectStatus(
    scene,
    [await attacker.post('/v1/completions', body, { headers: id })],
    [200],
    "a request of one's own with another client's id",
  );
  const end = await stream;
  scene.expect(
    end.isWhole,
    `the stream of another client was ended: ${end.errorCode ?? end.error ?? 'no end'}`,
  );
  await attacker.post('/v1/completions', body, { headers: id });
  expectStatus(scene, [await attacker.get('/v1/requests/cmpl-victim-1x')], [404], 'an unknown request');
  const record = await victim.get(path);
  expectStatus(scene, [record], [200], "the client's own record");
  scene.expect(record.text.includes('480'), "another client's request took the place of the record");
}

interface CachedUsage {
  usage?: { prompt_tokens_details?: { cached_tokens?: number } };
}

function cachedTokens({ status, text }: Answer): number {
  if (status !== 200) return NaN;
  return (JSON.parse(text) as CachedUsage).usage?.prompt_tokens_details?.cached_tokens ?? 0;
}

async function prefixOracle(scene: Scene): Promise<void> {
  const secret = Array.from({ length: 200 }, (_, i) => (i * 131 + 17) % 3000);
  const body = (numTokens: number): object => ({ prompt: secret.slice(0, numTokens), max_tokens: 1 });
  const victim = scene.client(VICTIM);
  await victim.post('/v1/completions', body(200));
  const others = [
    scene.client(),
    scene.client('127.0.0.4'),
    scene.client(VICTIM, { authorization: 'Bearer x' }),
  ];
  for (const [index, other] of others.entries()) {
    const seen = cachedTokens(await other.post('/v1/completions', body(200 - 10 * index)));
    scene.expect(seen === 0, `${seen} cached tokens confirm another client's prompt`);
    for (const path of ['/v1/chat/completions', '/ai/run/chaos']) {
      const messages = [{ role: 'user', content: 'x' }];
      const { status } = await other.post(path, { messages, max_tokens: 1 });
      scene.expect(status === 200, `${path} answers ${status}`);
    }
  }
  const own = cachedTokens(await victim.post('/v1/completions', body(200)));
  scene.expect(own > 100, `a client finds ${own} of its own 200 tokens`);
}

async function foreignHost(scene: Scene): Promise<void> {
  const client = scene.client();
  const body = { prompt: 'a', max_tokens: 1 };
  for (const host of [
    'evil.example',
    'evil.example:8787',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
  ]) {
    const headers = { host };
    const answers = [
      await client.post('/v1/completions', body, { headers }),
      await client.post('/tokenize', { prompt: 'a' }, { headers }),
      await client.post('/benchmark', { nonsense: 1 }, { headers }),
      await client.get('/v1/models', { headers }),
      await client.get('/v1/requests/1', { headers }),
    ];
    expectStatus(scene, answers, [421], `Host: ${host}`);
  }
  for (const host of ['localhost', `localhost:${scene.service.port}`, '127.0.0.1', '[::1]:80']) {
    expectStatus(
      scene,
      [await client.post('/v1/completions', body, { headers: { host } })],
      [200],
      `Host: ${host}`,
    );
  }
}

async function crossSite(scene: Scene): Promise<void> {
  const client = scene.client();
  const body = { prompt: 'a', max_tokens: 1 };
  const pages: Record<string, string>[] = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', origin: `http://127.0.0.1:1` },
  ];
  for (const headers of pages) {
    const answers = [
      await client.post('/v1/completions', body, { headers }),
      await client.post('/v1/completions', body, { headers: { ...headers, 'content-type': 'text/plain' } }),
      await client.post('/benchmark', {}, { headers, limitMs: 3000 }),
      await client.get('/v1/models', { headers }),
    ];
    expectStatus(scene, answers, [403], `a request of another site's page (${JSON.stringify(headers)})`);
    scene.expect(
      answers.every((answer) => answer.headers['access-control-allow-origin'] === undefined),
      'an origin that is not allowed is named in access-control-allow-origin',
    );
  }
}

async function noContentType(scene: Scene): Promise<void> {
  const client = scene.client();
  const answers: Answer[] = [];
  for (const path of ['/benchmark', '/v1/completions', '/tokenize']) {
    for (const contentType of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=a',
    ]) {
      const headers = { 'content-type': contentType };
      answers.push(await client.call('POST', path, { headers, limitMs: 3000 }));
      answers.push(await client.call('POST', path, { headers, body: '{"prompt":"a"}', limitMs: 3000 }));
    }
    answers.push(await client.call('POST', path, { limitMs: 3000 }));
  }
  expectStatus(scene, answers, [400, 403, 415], 'a POST without a JSON content type');
}

async function proxiedBenchmark(scene: Scene): Promise<void> {
  const client = scene.client();
  const ways: Record<string, string>[] = [
    { 'x-forwarded-for': '203.0.113.9' },
    { forwarded: 'for=203.0.113.9' },
    { 'x-real-ip': '203.0.113.9' },
    { via: '1.1 proxy' },
    { 'x-forwarded-host': 'llm.example.com' },
    { 'x-forwarded-proto': 'https' },
    { 'cf-connecting-ip': '203.0.113.9' },
    { host: 'llm.example.com' },
  ];
  for (const headers of ways) {
    const answers = [
      await client.post('/benchmark', { concurrency: [1], repeats: 1 }, { headers, limitMs: 3000 }),
      await client.post('/v1/attention', { prompt: 'a' }, { headers, limitMs: 3000 }),
    ];
    expectStatus(scene, answers, [403, 421], `the benchmark, or attention, with ${JSON.stringify(headers)}`);
  }
  const own = await client.post('/v1/attention', { prompt: 'a' });
  scene.expect(
    own.status === 200,
    `attention from this machine is answered ${own.status} (${codeOf(own.text)})`,
  );
}

/** Requests that are refused for what they say, each with a text that stands nowhere else. */
async function textsInLog(scene: Scene): Promise<void> {
  const secret = 'a confidential sentence of a client';
  const client = scene.client();
  const fromByte = scene.service.logBytes();
  const bodies: [path: string, body: object][] = [
    ['/v1/chat/completions', { messages: [{ role: 'user', content: `quote ${secret}` }], max_tokens: 1 }],
    ['/v1/completions', { prompt: 'a', max_tokens: 4, guided_json: secret }],
    ['/v1/completions', { prompt: 'a', max_tokens: 4, guided_regex: `(${secret}` }],
    ['/v1/completions', { prompt: 'a', max_tokens: 4, guided_grammar: `root ::= ${secret}` }],
    ['/v1/completions', { prompt: 'a', max_tokens: 4, guided_json: { type: secret } }],
    ['/v1/completions', { prompt: 'a', max_tokens: 4, [secret]: 1 }],
    ['/v1/responses', { input: 'a', previous_response_id: secret }],
    ['/v1/chat/completions', { messages: [{ role: secret, content: 'a' }] }],
    ['/v1/completions', { model: secret, prompt: 'a' }],
  ];
  for (const [path, body] of bodies) {
    expectStatus(scene, [await client.post(path, body)], [400, 404], `a request that quotes to ${path}`);
  }
  await sleep(500);
  const lines = scene.service.logLines(fromByte).filter((line) => line.includes('confidential'));
  scene.expect(
    lines.length === 0,
    `${lines.length} lines of the log have a client's text: ${lines[0]?.slice(0, 300) ?? ''}`,
  );
}

export const ISOLATION_CASES: readonly ChaosCase[] = [
  {
    name: 'other-requests',
    shows: ['requests', 'ids-collide', 'authorisation'],
    attack: "another client's request read, cancelled, and its id taken",
    run: otherRequests,
  },
  {
    name: 'prefix-oracle',
    shows: ['prefix-tells'],
    attack: "another client's prompt guessed by cached_tokens",
    run: prefixOracle,
  },
  {
    name: 'foreign-host',
    shows: ['dns-rebinding'],
    attack: 'a Host that is not the service (DNS rebinding)',
    run: foreignHost,
  },
  {
    name: 'cross-site',
    shows: ['page', 'management', 'misconfiguration'],
    attack: "requests as another site's page sends them",
    run: crossSite,
  },
  {
    name: 'no-content-type',
    shows: ['misconfiguration'],
    attack: 'POST without a JSON content type, empty or not',
    run: noContentType,
  },
  {
    name: 'proxied-benchmark',
    shows: ['attention', 'benchmarks', 'management'],
    attack: 'benchmark and attention through a proxy',
    run: proxiedBenchmark,
  },
  {
    name: 'texts-in-log',
    shows: ['log', 'prompts-in-logs'],
    attack: 'requests that are refused for what they say, LOG_PROMPTS off',
    run: textsInLog,
  },
];
