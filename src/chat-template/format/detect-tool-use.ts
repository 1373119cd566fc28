import type { ChatMessage, ChatTemplateRenderer } from '../renderer.ts';
import type { ToolFormat } from './chat-format.ts';
import { detectReasoningFormat } from './detect-reasoning-format.ts';
import { detectToolFormat } from './detect-tool-format.ts';
import { GENERIC_FORMAT } from './known-tool-formats.ts';
import { callConversation, LISTED_TOOL, PLAIN_CONVERSATION, QUESTION, WORDS } from './probe-conversation.ts';

/** What a template makes of a conversation with tools; what it does not, `toPlainConversation` puts into words. */
export interface TemplateAbilities {
  readonly listsTools: boolean;
  readonly writesCalls: boolean;
  readonly writesResults: boolean;
  readonly takesSystem: boolean;
}

/** How a model uses tools. */
export interface ToolUse {
  readonly format: ToolFormat;
  readonly abilities: TemplateAbilities;
}

/** Finds how a model writes calls, by rendering questions of ours with and without tools, with one call and with two. */
export function detectToolUse(renderer: ChatTemplateRenderer): ToolUse {
  const render = (messages: readonly ChatMessage[], tools = [LISTED_TOOL]): string | undefined =>
    renderer.tryRender({ messages, tools });
  const prompt = render([QUESTION]);
  const oneCall = render(callConversation(1));
  const system = render([{ role: 'system', content: WORDS.content }, QUESTION], []);
  const format = prompt?.includes(LISTED_TOOL.function.name)
    ? detectToolFormat({
        prompt,
        oneCall,
        twoCalls: render(callConversation(2)),
        plain: render(PLAIN_CONVERSATION),
        reasoning: detectReasoningFormat(renderer),
      })
    : undefined;
  const listsTools = format !== undefined;
  return {
    format: format ?? GENERIC_FORMAT,
    abilities: {
      listsTools,
      writesCalls: listsTools && oneCall?.includes(WORDS.name) === true,
      writesResults: listsTools && oneCall?.includes(WORDS.result) === true,
      takesSystem: system?.includes(WORDS.content) === true,
    },
  };
}
