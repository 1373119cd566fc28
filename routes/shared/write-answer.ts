import type { AnswerEvent, StartedAnswer } from '../../src/chat/answer.ts';
import type { RequestRecord } from '../../src/engine/engine.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { eventFrame } from '../../src/http/sse.ts';
import { onClientGone, streamEvents, type StreamForm } from '../../src/http/stream-events.ts';

/** Turns an answer into the events of an API, and into the body of an answer in one piece. */
interface AnswerWriter {
  /** Before the first event. */
  open(): { type: string }[];
  write(event: AnswerEvent): { type: string }[];
  /** After the last event. */
  close(record: RequestRecord): { type: string }[];
  /** Whole after `close`. */
  readonly body: object;
}

interface WriteOptions {
  isStreamed: boolean;
  pingIntervalMs: number;
  form: StreamForm;
  /** Called once the writer is closed, before the last frames go out. */
  onClosed?: () => void;
}

/** Answers with a running answer, streamed or in one piece; it is cancelled when its client hangs up. */
export async function writeAnswer(
  c: AppContext,
  answer: StartedAnswer,
  writer: AnswerWriter,
  { isStreamed, pingIntervalMs, form, onClosed }: WriteOptions,
): Promise<Response> {
  const { completion, events } = answer;
  const onDisconnect = (): void => completion.cancel('disconnect');
  if (isStreamed) {
    const frames = toFrames(answer, writer, onClosed);
    return streamEvents(c, { frames, pingIntervalMs, onDisconnect, form });
  }
  onClientGone(c, onDisconnect);
  for await (const event of events) writer.write(event);
  writer.close(completion.record());
  onClosed?.();
  return answerJson(c, writer.body);
}

async function* toFrames(
  { completion, events }: StartedAnswer,
  writer: AnswerWriter,
  onClosed: WriteOptions['onClosed'],
): AsyncGenerator<string> {
  yield writer.open().map(eventFrame).join('');
  for await (const event of events) {
    const frames = writer.write(event).map(eventFrame).join('');
    if (frames !== '') yield frames;
  }
  const last = writer.close(completion.record());
  onClosed?.();
  yield last.map(eventFrame).join('');
}
