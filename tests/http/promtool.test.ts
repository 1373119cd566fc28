import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** Of Prometheus, Debian's package `prometheus`. */
const COMMAND = 'promtool';
const isHere = spawnSync(COMMAND, ['--version']).status === 0;
if (!isHere && process.env['TEST_PROMTOOL'] === 'required') throw new Error(`there is no ${COMMAND}`);

describe('GET /metrics', () => {
  let service: HttpService;
  let text: string;

  beforeAll(async () => {
    service = await startHttpService(await ScriptedEngine.create());
    // What is labelled by what was asked is there once something was.
    await call(service, 'POST', '/v1/completions', { body: { prompt: 'The river', n: 2 } });
    text = (await call(service, 'GET', '/metrics')).text;
  });
  afterAll(() => service.close());

  const check = (metrics: string): { complaints: string; status: number | null } => {
    const { status, stdout, stderr } = spawnSync(COMMAND, ['check', 'metrics'], {
      input: metrics,
      encoding: 'utf8',
    });
    return { complaints: stdout + stderr, status };
  };

  it.skipIf(!isHere)('has nothing that promtool complains of under our names', () => {
    const own = text
      .trimEnd()
      .split('\n\n')
      .filter((metric) => !metric.startsWith('# HELP vllm:'));
    expect(check(`${own.join('\n\n')}\n`)).toEqual({ complaints: '', status: 0 });
  });

  it.skipIf(!isHere)("has vLLM's names, of which promtool complains of the colon alone", () => {
    const lines = check(text)
      .complaints.split('\n')
      .filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(20);
    const colon = /^vllm:\S+ metric names should not contain ':'$/;
    expect(lines.filter((line) => !colon.test(line))).toEqual([]);
  });

  it('calls counters `_total`, and nothing else', () => {
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type]) => ({ name, type }));
    expect(types.length).toBeGreaterThan(50);
    const wrong = types.filter(({ name, type }) => name.endsWith('_total') !== (type === 'counter'));
    expect(wrong).toEqual([]);
  });
});
