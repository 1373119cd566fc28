import type { Logger } from 'pino';
import * as z from 'zod';
import type { RunStore } from '../../src/bench/run-store.ts';
import { checkBenchmarkParams } from '../../src/bench/benchmark-params.ts';
import type { BenchmarkProgress, BenchmarkReport } from '../../src/bench/benchmark-report.ts';
import { BenchmarkRunner } from '../../src/bench/run-benchmark.ts';
import { EventQueue } from '../../src/engine/client/completion/event-queue.ts';
import { EngineError, toEngineError } from '../../src/errors.ts';
import { checkAdminRoute, ownUrl } from '../../src/http/middleware/admin-route.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { onClientGone, streamEvents } from '../../src/http/sse/stream-events.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { dataFrame } from '../../src/http/sse/sse.ts';
import { useEngine } from '../../src/http/middleware/use-engine.ts';
import type { AppDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import {
  COMPLETION_ERRORS,
  errorResponses,
  jsonContent,
  jsonResponse,
  streamableResponse,
} from '../openapi-parts.ts';
import { openAiErrorSchema } from '../shared/schemas/errors.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import {
  benchmarkEventSchema,
  benchmarkReportSchema,
  benchmarkRequestSchema,
  toBenchmarkParams,
  toProgressEvent,
  toReportBody,
  type BenchmarkReportBody,
} from './schemas/benchmark.ts';

/** Runs a workload on the live engine, and keeps the last report. */
export const benchmarkRoute = defineRoute({
  path: '/benchmark',
  promise: 'benchmarks',
  describe: () => ({
    post: {
      operationId: 'runBenchmark',
      tags: ['Operation'],
      summary: 'Run a workload on the live engine, one at a time',
      description:
        'By default only for admin keys and for clients on the same machine, since a benchmark takes the engine from ' +
        'other requests. The setting BENCHMARK changes this.',
      requestBody: {
        required: false,
        ...jsonContent(benchmarkRequestSchema, {
          prompt_tokens: 8,
          max_tokens: 8,
          concurrency: [1, 2],
          repeats: 1,
        }),
      },
      responses: {
        200: streamableResponse(
          'The report.',
          benchmarkReportSchema,
          z.union([benchmarkEventSchema, openAiErrorSchema]),
        ),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
    get: {
      operationId: 'lastBenchmark',
      tags: ['Operation'],
      summary: 'The report of the last benchmark that ran to its end',
      description:
        'Of this service since it started: not found until one has. `/benchmark/runs` has all that were kept.',
      responses: {
        200: jsonResponse('The report.', benchmarkReportSchema),
        ...errorResponses(['not_found']),
      },
    },
  }),
  createHandlers: (dependencies) => {
    const runner = new BenchmarkRunner();
    return { post: (c) => runBenchmark(c, runner, dependencies), get: (c) => c.json(lastReport(runner)) };
  },
});

async function runBenchmark(
  c: AppContext,
  runner: BenchmarkRunner,
  { models, access, config, logger, benchmarkRuns }: AppDependencies,
): Promise<Response> {
  checkAdminRoute(c, config.benchmark, 'BENCHMARK');
  const input = parseInput(benchmarkRequestSchema, await readJsonBody(c, config.bodyLimitBytes, {}));
  const { engine } = await useEngine(c, models, input.model, config.requestTimeoutMs);
  const { contextLength } = engine.model;
  const params = toBenchmarkParams(input, contextLength);
  checkBenchmarkParams(params, contextLength);
  const abort = new AbortController();
  const onDisconnect = (): void => abort.abort(new EngineError('request_timeout', 'the client is gone'));
  const run = async (onProgress?: (progress: BenchmarkProgress) => void): Promise<BenchmarkReport> => {
    const report = await runner.run({
      engine,
      params,
      url: ownUrl(c),
      apiKey: access.keys?.ownKey,
      signal: abort.signal,
      onProgress,
    });
    keep(report, benchmarkRuns, logger);
    return report;
  };
  if (input.stream === true) {
    const frames = await begun(toFrames(run));
    return streamEvents(c, { frames, pingIntervalMs: config.ssePingIntervalMs, onDisconnect });
  }
  onClientGone(c, onDisconnect);
  return c.json(toReportBody(await run()));
}

/** The report is worth more than its place in the list: it is answered even where it cannot be kept. */
function keep(report: BenchmarkReport, runs: RunStore, logger: Logger): void {
  try {
    runs.add(report);
  } catch (error) {
    logger.error({ reason: String(error) }, 'the report of a benchmark was not kept');
  }
}

function lastReport({ last }: BenchmarkRunner): BenchmarkReportBody {
  if (last === undefined) throw new EngineError('not_found', 'no benchmark has run to its end yet');
  return toReportBody(last);
}

async function* toFrames(
  run: (onProgress: (progress: BenchmarkProgress) => void) => Promise<BenchmarkReport>,
): AsyncGenerator<string> {
  const queue = new EventQueue<string>();
  run((progress) => queue.push(dataFrame(toProgressEvent(progress)))).then(
    (report) => {
      queue.push(dataFrame({ report: toReportBody(report) }));
      queue.end();
    },
    (thrown: unknown) => queue.fail(toEngineError(thrown)),
  );
  yield* queue;
}

/** Waits for the first frame, so that a run that is refused is answered with a status and not with a stream. */
async function begun(frames: AsyncGenerator<string>): Promise<AsyncIterable<string>> {
  const first = await frames.next();
  return (async function* () {
    if (first.done !== true) yield first.value;
    yield* frames;
  })();
}
