import { EngineError } from '../errors.ts';
import { ChatTemplateRenderer, type ChatTemplateSource, type TemplateInput } from './renderer.ts';
import type { ReasoningFormat, ToolFormat } from './format/chat-format.ts';
import { detectReasoningFormat } from './format/detect-reasoning-format.ts';
import { detectToolUse, type ToolUse } from './format/detect-tool-use.ts';
import { toPlainConversation } from './format/plain-conversation.ts';
import { serveJobs } from '../process/serve-jobs.ts';

/** The process in which a template runs: the other side of ChatTemplate. */

/** A conversation to be rendered. */
export interface RenderQuestion extends TemplateInput {
  /** A model whose template knows no tools is asked to wrap its replies: `{"response": …}`. */
  wrapsReply?: boolean;
}

export type TemplateQuestion =
  | { readonly type: 'render'; readonly input: RenderQuestion }
  /** How the model writes calls, and how reasoning. */
  | { readonly type: 'tools' | 'reasoning' };

export type TemplateAnswer =
  | { readonly type: 'render'; readonly text: string }
  | { readonly type: 'tools'; readonly format: ToolFormat }
  | { readonly type: 'reasoning'; readonly format: ReasoningFormat | undefined };

let source: ChatTemplateSource | undefined;
let renderer: ChatTemplateRenderer | undefined;
let toolUse: ToolUse | undefined;

serveJobs({
  setUp: (setup: ChatTemplateSource): void => {
    source = setup;
  },
  // Parsing, rendering and asking the template all belong to the conversation at hand: its deadline counts for them.
  answer: (question: TemplateQuestion): TemplateAnswer => {
    if (source === undefined) throw new EngineError('internal', 'a template comes before its messages');
    renderer ??= new ChatTemplateRenderer(source);
    switch (question.type) {
      case 'render':
        return { type: 'render', text: render(renderer, question.input) };
      case 'tools':
        toolUse ??= detectToolUse(renderer);
        return { type: 'tools', format: toolUse.format };
      case 'reasoning':
        return { type: 'reasoning', format: detectReasoningFormat(renderer) };
    }
  },
});

function render(template: ChatTemplateRenderer, question: RenderQuestion): string {
  const { wrapsReply = false, ...input } = question;
  if (!usesTools(input)) return template.render(input, new Date());
  toolUse ??= detectToolUse(template);
  return template.render(toPlainConversation(input, { ...toolUse.abilities, wrapsReply }), new Date());
}

const usesTools = ({ tools = [], messages }: TemplateInput): boolean =>
  tools.length > 0 || messages.some(({ role, tool_calls: calls }) => role === 'tool' || calls !== undefined);
