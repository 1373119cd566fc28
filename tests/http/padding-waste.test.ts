import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BenchmarkReportBody } from '../../routes/service/schemas/benchmark.ts';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { metricIn } from '../../bench/harness/metric-in.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { fixturePath } from '../support/fixtures.ts';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';

/** A request of 5 prompt tokens and 3 new ones has steps of 5, 1 and 1 rows; the bucket of 5 rows is 8. */
const REQUEST = { prompt_tokens: 5, max_tokens: 3, concurrency: [1], repeats: 2, modes: ['engine'] };
const ROWS = 5 + 1 + 1;
const PADDED_ROWS = 3;

describe.each(RUNTIME_NAMES_HERE)('the padding of steps on %s', (runtime) => {
  let engine: EngineClient;
  let service: HttpService;
  beforeAll(async () => {
    const environment = { MODEL: fixturePath('tiny-gpt2'), RUNTIME: runtime, SPECULATION: 'off' };
    engine = await createEngineOf(environment);
    await engine.start();
    service = await startHttpService(engine);
  });
  afterAll(async () => {
    await service.close();
    await engine.stop();
  });

  it('is reported as far as the runtime computes it', async () => {
    const { runtimeDescription } = engine.model;
    const computesPadding = /plain JavaScript|stock operations|CUDA/.test(runtimeDescription);
    const { json, text } = await post(service, '/benchmark', REQUEST);
    const [load] = (json as BenchmarkReportBody).loads;
    const waste = computesPadding ? PADDED_ROWS / (ROWS + PADDED_ROWS) : 0;
    expect(load?.engine, text).toMatchObject({ padding_waste: waste, rows_per_step: ROWS / 3 });
    const metrics = (await call(service, 'GET', '/metrics')).text;
    const rows = metricIn(metrics, 'tokenflare_step_rows_total') ?? NaN;
    const padded = metricIn(metrics, 'tokenflare_step_padded_rows_total') ?? NaN;
    // The warm-up has requests of the same lengths.
    expect(padded / (rows + padded)).toBe(waste);
  });
});
