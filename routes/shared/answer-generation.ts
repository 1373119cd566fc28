import type { RequestRecord } from '../../src/engine/engine.ts';
import type { GenerationEvent } from '../../src/generation/generation-event.ts';
import type { Generation } from '../../src/generation/start-generation.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { onClientGone, streamEvents, type StreamForm } from '../../src/http/sse/stream-events.ts';

/** Writes an answer as an API has it: the payloads of a stream's frames, and the body of an answer in one piece. */
export interface AnswerWriter<Payload> {
  /** Before the first event. */
  open(): Payload[];
  write(event: GenerationEvent): Payload[];
  /** After the last event. */
  close(record: Pick<RequestRecord, 'usage' | 'timings'>): Payload[];
  /** Whole after `close`. */
  readonly body: object;
}

export type WrapBody = (body: object) => object;

interface AnswerOptions<Payload> {
  readonly isStreamed: boolean;
  readonly pingIntervalMs: number;
  readonly toFrame: (payload: Payload) => string;
  /** By default OpenAI's. */
  readonly form?: Partial<StreamForm>;
  /** Called once the writer is closed, before the last frames go out. */
  readonly onClosed?: () => void;
  /** What stands around the body of an answer in one piece. */
  readonly wrapBody?: WrapBody;
}

/**
 * Answers a request with what is generated for it, streamed or in one piece. The log, the headers and the metrics tell of
 * it, and it is cancelled when its client hangs up.
 */
export async function answerGeneration<Payload>(
  c: AppContext,
  generation: Generation,
  writer: AnswerWriter<Payload>,
  options: AnswerOptions<Payload>,
): Promise<Response> {
  const { completion } = generation;
  const { isStreamed, pingIntervalMs, form, onClosed, wrapBody } = options;
  c.get('scope').attachCompletion(completion);
  const onDisconnect = (): void => completion.cancel('disconnect');
  if (isStreamed) {
    const frames = toFrames(generation, writer, options);
    return streamEvents(c, { frames, pingIntervalMs, onDisconnect, ...(form === undefined ? {} : { form }) });
  }
  onClientGone(c, onDisconnect);
  await writeWhole(generation, writer);
  onClosed?.();
  return answerJson(c, wrapBody === undefined ? writer.body : wrapBody(writer.body));
}

/** Has all of an answer written; the writer's body is whole then. @throws EngineError what the events throw */
export async function writeWhole(
  { completion, events }: Generation,
  writer: AnswerWriter<unknown>,
): Promise<void> {
  writer.open();
  for await (const event of events) writer.write(event);
  writer.close(completion.record());
}

/** Payloads that come together are one write; an event that shows nothing makes none. */
async function* toFrames<Payload>(
  { completion, events }: Generation,
  writer: AnswerWriter<Payload>,
  { toFrame, onClosed }: AnswerOptions<Payload>,
): AsyncGenerator<string> {
  const opening = writer.open().map(toFrame).join('');
  if (opening !== '') yield opening;
  for await (const event of events) {
    const frames = writer.write(event).map(toFrame).join('');
    if (frames !== '') yield frames;
  }
  const closing = writer.close(completion.record()).map(toFrame).join('');
  onClosed?.();
  if (closing !== '') yield closing;
}
