import type * as z from 'zod';
import type { AppContext } from '../../src/http/app-env.ts';
import { threadQueue } from '../../src/fairness/thread-queue.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { useEngine, type UsedEngine } from '../../src/http/middleware/use-engine.ts';
import type { AppConfig, AppDependencies } from '../app-dependencies.ts';
import { totalTimeoutMs } from './schemas/bounds.ts';
import { parseInput, parseKnownFields } from './schemas/parse-input.ts';
import type { Completion } from '../../src/engine/engine.ts';
import { onClientGone } from '../../src/http/sse/stream-events.ts';

type Dependencies = Pick<AppDependencies, 'models' | 'config'>;

/** Fields of every request that waits in the queue, but for those of Workers AI. */
interface QueuedInput {
  readonly model?: string | null | undefined;
  readonly timeout_ms?: number | null | undefined;
}

/**
 * The body of a request that waits in the queue (`Route.isQueued`). A client that no model has a slot for is refused
 * before its body is read.
 *
 * @param promptOf what the log shows of the request with LOG_PROMPTS, and traces with OTEL_CAPTURE_CONTENT; undefined: nothing
 * @throws EngineError `queue_full`, `payload_too_large`, `invalid_request`
 */
export async function readQueuedRequest<Input>(
  c: AppContext,
  { models, config }: Dependencies,
  schema: z.ZodType<Input>,
  promptOf?: (input: Input) => unknown,
): Promise<Input> {
  const scope = c.get('scope');
  models.checkRoom(scope.clientId);
  const body = await readJsonBody(c, config.bodyLimitBytes);
  const input = await readFields(c, config, schema, body);
  scope.answersWhole = body['stream'] !== true;
  if (keepsPrompts(config) && promptOf !== undefined) scope.prompt = promptOf(input);
  return input;
}

/** Whether the log or traces may show prompts. */
export const keepsPrompts = ({
  logPrompts,
  otelCaptureContent,
}: Pick<AppConfig, 'logPrompts' | 'otelCaptureContent'>): boolean => logPrompts || otelCaptureContent;

async function readFields<Input>(
  c: AppContext,
  { unknownFields }: Pick<AppConfig, 'unknownFields'>,
  schema: z.ZodType<Input>,
  body: Record<string, unknown>,
): Promise<Input> {
  if (unknownFields === 'refuse') return parseInput(schema, body);
  const scope = c.get('scope');
  // A large body takes the thread some hundredths of a second each time.
  const pause = (): Promise<void> => threadQueue.goOn(scope.clientId, c.req.raw.signal);
  const { input, ignoredFields } = await parseKnownFields(schema, body, pause);
  scope.ignoredFields = ignoredFields;
  return input;
}

/**
 * The engine of the model that a request names, within the time that it asks for.
 *
 * @throws EngineError as `useEngine`
 */
export const useRequestedEngine = (
  c: AppContext,
  { models, config }: Dependencies,
  { model, timeout_ms: askedMs }: QueuedInput,
): Promise<UsedEngine> => useEngine(c, models, model, totalTimeoutMs(askedMs, config.requestTimeoutMs));

/** The request is this completion: its log line, headers and metrics say so, and it ends when its client hangs up. */
export function followCompletion(c: AppContext, completion: Completion): void {
  c.get('scope').attachCompletion(completion);
  onClientGone(c, () => completion.cancel('disconnect'));
}
