import { EngineError } from '../errors.ts';
import {
  ChatTemplateRenderer,
  type ChatMessage,
  type ChatTemplateSource,
} from '../tokenizer/chat-template-renderer.ts';
import { serveJobs } from './serve-jobs.ts';

/** The process in which a template runs: the other side of ChatTemplate. */

let source: ChatTemplateSource | undefined;
let renderer: ChatTemplateRenderer | undefined;

serveJobs({
  setUp: (setup: ChatTemplateSource): void => {
    source = setup;
  },
  // Both, parsing and rendering, belong to the conversation at hand: its deadline counts for them.
  answer: (messages: readonly ChatMessage[]): string => {
    if (source === undefined) throw new EngineError('internal', 'a template comes before its messages');
    renderer ??= new ChatTemplateRenderer(source);
    return renderer.render(messages, new Date());
  },
});
