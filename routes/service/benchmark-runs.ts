import * as z from 'zod';
import { clip } from '../../src/values.ts';
import { EngineError } from '../../src/errors.ts';
import { checkAdminRoute } from '../../src/http/middleware/admin-route.ts';
import { defineRoute } from '../define-route.ts';
import { errorResponses, jsonResponse } from '../openapi-parts.ts';
import {
  benchmarkRunDeletedSchema,
  benchmarkRunListSchema,
  benchmarkRunSchema,
  toRunBody,
  toRunListBody,
} from './schemas/benchmark.ts';

const runParam = z.object({ id: z.string().meta({ description: 'As the list of runs has it.' }) });

/** The reports that were kept. */
export const benchmarkRunsRoute = defineRoute({
  path: '/benchmark/runs',
  promise: 'benchmarks',
  describe: () => ({
    get: {
      operationId: 'listBenchmarkRuns',
      tags: ['Operation'],
      summary: 'The benchmarks that ran to their end, the newest first',
      description: 'Those of other services with the same file of BENCHMARK_RESULTS, too; the last 500.',
      responses: {
        200: jsonResponse('The runs, without their reports.', benchmarkRunListSchema),
        ...errorResponses(['internal']),
      },
    },
  }),
  createHandlers: ({ benchmarkRuns }) => ({ get: (c) => c.json(toRunListBody(benchmarkRuns.list())) }),
});

/** One report. */
export const benchmarkRunRoute = defineRoute({
  path: '/benchmark/runs/:id',
  promise: 'benchmarks',
  describe: () => ({
    get: {
      operationId: 'benchmarkRun',
      tags: ['Operation'],
      summary: 'The report of a benchmark',
      description: 'As the benchmark answered it, and by which version of the service.',
      requestParams: { path: runParam },
      responses: {
        200: jsonResponse('The run.', benchmarkRunSchema),
        ...errorResponses(['not_found', 'internal']),
      },
    },
    delete: {
      operationId: 'deleteBenchmarkRun',
      tags: ['Operation'],
      summary: 'Forget a benchmark',
      description: 'Only for those who may run one: see the setting BENCHMARK.',
      requestParams: { path: runParam },
      responses: {
        200: jsonResponse('It is gone.', benchmarkRunDeletedSchema),
        ...errorResponses(['not_found', 'internal']),
      },
    },
  }),
  createHandlers: ({ benchmarkRuns, config }) => ({
    get: (c) => {
      const id = c.req.param('id');
      const run = benchmarkRuns.find(id);
      if (run === undefined) throw noRun(id);
      return c.json(toRunBody(run));
    },
    delete: (c) => {
      checkAdminRoute(c, config.benchmark, 'BENCHMARK');
      const id = c.req.param('id');
      if (!benchmarkRuns.remove(id)) throw noRun(id);
      return c.json({ id, deleted: true });
    },
  }),
});

const noRun = (id: string): EngineError =>
  new EngineError('not_found', `there is no benchmark ${clip(id)}; GET /benchmark/runs lists them`);
