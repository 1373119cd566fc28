import type { Completion, CompletionEvent, Usage } from '../src/engine/engine.ts';
import type { AppContext } from '../src/http/app-env.ts';
import { onClientGone, streamEvents } from '../src/http/stream-events.ts';
import { dataFrame } from '../src/http/sse.ts';

/** One of OpenAI's formats: the chunks of a stream, which joined are the body of an answer in one piece. */
interface ChunkFormat<Chunk extends object, Body extends object> {
  opening(): Chunk[];
  toChunks(event: CompletionEvent): Chunk[];
  usageChunk(usage: Usage): Chunk;
  join(chunks: readonly Chunk[], usage: Usage): Body;
}

interface AnswerOptions {
  stream?: boolean | null | undefined;
  stream_options?: { include_usage?: boolean | null | undefined } | null | undefined;
}

/** Answers with a running completion, streamed or in one piece; it is cancelled when its client hangs up. */
export async function answerCompletion<Chunk extends object, Body extends object>(
  c: AppContext,
  completion: Completion,
  format: ChunkFormat<Chunk, Body>,
  { stream, stream_options: options }: AnswerOptions,
  pingIntervalMs: number,
): Promise<Response> {
  const onDisconnect = (): void => completion.cancel('disconnect');
  if (stream === true) {
    const frames = toFrames(completion, format, options?.include_usage === true);
    return streamEvents(c, { frames, pingIntervalMs, onDisconnect });
  }
  onClientGone(c, onDisconnect);
  const chunks = format.opening();
  for await (const event of completion) chunks.push(...format.toChunks(event));
  return c.json(format.join(chunks, completion.record().usage));
}

async function* toFrames<Chunk extends object, Body extends object>(
  completion: Completion,
  format: ChunkFormat<Chunk, Body>,
  withUsage: boolean,
): AsyncGenerator<string> {
  const opening = format.opening().map(dataFrame).join('');
  if (opening !== '') yield opening;
  for await (const event of completion) {
    const frames = format.toChunks(event).map(dataFrame).join('');
    if (frames !== '') yield frames;
  }
  if (withUsage) yield dataFrame(format.usageChunk(completion.record().usage));
}
