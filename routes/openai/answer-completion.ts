import type { Completion, Usage } from '../../src/engine/engine.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { onClientGone, streamEvents } from '../../src/http/stream-events.ts';
import { dataFrame } from '../../src/http/sse.ts';

/** One of OpenAI's formats: the chunks of a stream, which joined are the body of an answer in one piece. */
interface ChunkFormat<Event, Chunk extends object, Body extends object> {
  opening(): Chunk[];
  toChunks(event: Event): Chunk[];
  usageChunk(usage: Usage): Chunk;
  join(chunks: readonly Chunk[], usage: Usage): Body;
}

interface AnswerOptions {
  stream?: boolean | null | undefined;
  stream_options?: { include_usage?: boolean | null | undefined } | null | undefined;
}

/** A running completion, and what is read out of it: its own events, or those of an answer. */
interface Running<Event> {
  completion: Completion;
  events: AsyncIterable<Event>;
}

/** Answers with a running completion, streamed or in one piece; it is cancelled when its client hangs up. */
export async function answerCompletion<Event, Chunk extends object, Body extends object>(
  c: AppContext,
  { completion, events }: Running<Event>,
  format: ChunkFormat<Event, Chunk, Body>,
  { stream, stream_options: options }: AnswerOptions,
  pingIntervalMs: number,
): Promise<Response> {
  const onDisconnect = (): void => completion.cancel('disconnect');
  if (stream === true) {
    const frames = toFrames({ completion, events }, format, options?.include_usage === true);
    return streamEvents(c, { frames, pingIntervalMs, onDisconnect });
  }
  onClientGone(c, onDisconnect);
  const chunks = format.opening();
  for await (const event of events) chunks.push(...format.toChunks(event));
  return answerJson(c, format.join(chunks, completion.record().usage));
}

async function* toFrames<Event, Chunk extends object, Body extends object>(
  { completion, events }: Running<Event>,
  format: ChunkFormat<Event, Chunk, Body>,
  withUsage: boolean,
): AsyncGenerator<string> {
  const opening = format.opening().map(dataFrame).join('');
  if (opening !== '') yield opening;
  for await (const event of events) {
    const frames = format.toChunks(event).map(dataFrame).join('');
    if (frames !== '') yield frames;
  }
  if (withUsage) yield dataFrame(format.usageChunk(completion.record().usage));
}
