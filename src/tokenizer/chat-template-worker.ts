import { createContext, Script } from 'node:vm';
import { EngineError } from '../errors.ts';
import { ChatTemplateRenderer, type ChatMessage, type ChatTemplateSource } from './chat-template-renderer.ts';

/** The process in which a template runs, so that one that never ends can be ended: the other side of ChatTemplate. */

export type ToChatTemplate =
  { type: 'template'; source: ChatTemplateSource } | { type: 'render'; messages: readonly ChatMessage[] };

export type FromChatTemplate =
  | { type: 'ready' }
  | { type: 'text'; text: string }
  | { type: 'error'; code: EngineError['code']; message: string; param: string | undefined };

/** For a loop whose service died meanwhile, which can end it no more. */
const ORPHAN_TIMEOUT_MS = 10_000;

let source: ChatTemplateSource | undefined;
let renderer: ChatTemplateRenderer | undefined;
let messages: readonly ChatMessage[] = [];

/** Both, parsing and rendering, belong to the conversation at hand: its deadline counts for them. */
const context = createContext({
  render: (): string => {
    if (source === undefined) throw new EngineError('internal', 'a template comes before its messages');
    renderer ??= new ChatTemplateRenderer(source);
    return renderer.render(messages, new Date());
  },
});
const script = new Script('render()');

function reply(): FromChatTemplate {
  try {
    return { type: 'text', text: script.runInContext(context, { timeout: ORPHAN_TIMEOUT_MS }) as string };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    // A class does not survive the way between processes.
    return { type: 'error', code: error.code, message: error.message, param: error.param };
  }
}

const send = (message: FromChatTemplate): unknown => process.send?.(message);

process.on('message', (message: ToChatTemplate) => {
  if (message.type === 'template') {
    source = message.source;
    send({ type: 'ready' });
  } else {
    ({ messages } = message);
    send(reply());
  }
});
// The service decides when it is over: it drains first. With its channel closed nothing keeps this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
