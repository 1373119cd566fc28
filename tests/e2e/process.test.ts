import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { urlOf, useServices, type ServiceProcess } from '../support/process.ts';
import { until } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';

interface Chunk {
  choices: { token_ids?: number[] }[];
}

const start = useServices();

const body = { prompt: 'The river', max_tokens: 120, temperature: 0, ignore_eos: true };

it('leaves no process behind when it is killed', async () => {
  const service = start();
  await urlOf(service);
  const pid = service.child.pid ?? NaN;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  // The engine's and the tokenizer's.
  expect(children).toHaveLength(2);
  service.child.kill('SIGKILL');
  await service.exited;
  await until(() => children.every((child) => !existsSync(`/proc/${child}`)));
});

it('warns of a variable that is one letter from a setting, and of no other', async () => {
  const service = start({ MAX_QUEUED_REQUEST: '5', MY_OWN: '1' });
  await urlOf(service);
  const warnings = service
    .stdout()
    .split('\n')
    .filter((line) => line.includes(' is no setting'));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(
    'MAX_QUEUED_REQUEST is no setting and is not read; MAX_QUEUED_REQUESTS is one',
  );
});

describe('SIGTERM', () => {
  it('lets a running stream finish, refuses new work meanwhile, and exits 0', async () => {
    // The slow runtime, so that there is time to look.
    const service = start({ RUNTIME: 'cpu' });
    const url = await urlOf(service);
    const request = { ...body, stream: true, return_token_ids: true };
    const stream = await postJson(`${url}/v1/completions`, request);
    const frames: string[] = [];
    let refusal: Response | undefined;
    let readiness: Response | undefined;
    for await (const data of sseData(stream)) {
      frames.push(data);
      if (frames.length === 2) {
        service.child.kill('SIGTERM');
        while (readiness?.status !== 503) readiness = await fetch(`${url}/ready`);
        refusal = await postJson(`${url}/v1/completions`, body);
      }
    }
    expect(refusal?.status).toBe(503);
    expect(refusal?.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(frames.at(-1)).toBe('[DONE]');
    const tokenIds = frames
      .slice(0, -1)
      .flatMap((data) => (JSON.parse(data) as Chunk).choices[0]?.token_ids ?? []);
    expect(tokenIds).toHaveLength(body.max_tokens);
    expect(await service.exited).toBe(0);
  });

  it('ends what is not finished in time by an error frame, and still exits 0', async () => {
    const service = start({ RUNTIME: 'cpu', SHUTDOWN_TIMEOUT: '0.05' });
    const url = await urlOf(service);
    const stream = await postJson(`${url}/v1/completions`, { ...body, stream: true });
    const frames: string[] = [];
    for await (const data of sseData(stream)) {
      if (frames.push(data) === 1) service.child.kill('SIGTERM');
    }
    expect(JSON.parse(frames.at(-1) ?? '')).toMatchObject({ error: { code: 'engine_not_ready' } });
    expect(await service.exited).toBe(0);
  });

  it('ends an idle service at once, although a client keeps its connection', async () => {
    const service = start();
    await fetch(`${await urlOf(service)}/health`);
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });
});

it('exits 0 on SIGTERM while the model is still loading', async () => {
  const service = start({ MODEL: '', LOG_LEVEL: 'debug', PORT: '8789' });
  while (
    !(await fetch('http://127.0.0.1:8789/health').then(
      (r) => r.ok,
      () => false,
    ))
  )
    continue;
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(0);
});

describe('the log', () => {
  const requestLines = (service: ServiceProcess): Record<string, unknown>[] =>
    service
      .stdout()
      .split('\n')
      .filter((line) => line.includes('/v1/completions'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  async function logOf(
    environment: Record<string, string>,
  ): Promise<[ServiceProcess, Record<string, unknown>[]]> {
    const service = start(environment);
    const url = await urlOf(service);
    await (await postJson(`${url}/v1/completions`, { ...body, max_tokens: 5 })).text();
    service.child.kill('SIGTERM');
    await service.exited;
    return [service, requestLines(service)];
  }

  it('has one line a request, with counts and times, and never the prompt', async () => {
    const [service, lines] = await logOf({});
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      status: 200,
      model: 'tiny-gpt2',
      promptTokens: 4,
      completionTokens: 5,
      ended: 'length',
    });
    for (const field of ['requestId', 'queueMs', 'ttftMs', 'tokensPerSecond'])
      expect(lines[0]).toHaveProperty(field);
    expect(service.stdout()).not.toContain(body.prompt);
  });

  it('has the prompt when that is switched on', async () => {
    const [, lines] = await logOf({ LOG_PROMPTS: 'on' });
    expect(JSON.stringify(lines)).toContain(body.prompt);
  });
});

describe('what cannot be had is an error at start', () => {
  it.each([
    [{ RUNTIME: 'cpu', THREADS: '4' }, /config_invalid.*1 thread, not 4/s],
    [{ RUNTIME: 'quantum' }, /config_invalid.*RUNTIME is 'quantum'/s],
    [{ MODEL: '/nowhere/to/be/found' }, /\/nowhere\/to\/be\/found/],
    [{ MAX_MODEL_LEN: '100000' }, /config_invalid.*MAX_MODEL_LEN/s],
    [{ HOST: '192.0.2.1' }, /config_invalid.*192\.0\.2\.1/s],
  ])('%j', async (environment, message) => {
    const service = start(environment);
    expect(await service.exited).toBe(1);
    expect(service.stderr()).toMatch(message);
  });
});
