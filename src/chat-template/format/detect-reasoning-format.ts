import type { ChatTemplateRenderer } from '../renderer.ts';
import type { ReasoningFormat } from './chat-format.ts';
import { QUESTION } from './probe-conversation.ts';

/** The tags of the published models; llama.cpp and vLLM know the same. */
const TAGS: readonly (readonly [opening: string, closing: string])[] = [
  ['<think>', '</think>'],
  ['[THINK]', '[/THINK]'],
  ['<|START_THINKING|>', '<|END_THINKING|>'],
  ['<seed:think>', '</seed:think>'],
  ['<|inner_prefix|>', '<|inner_suffix|>'],
  ['<|channel>thought', '<channel|>'],
];

/** Variables by which the published templates turn reasoning on and off. */
const VARIABLES = ['enable_thinking', 'thinking'];

/**
 * Finds a model's tags of reasoning: those that its template names, to write them or to take them off earlier answers.
 * Where a template only takes them off, the model may still write them.
 */
export function detectReasoningFormat(renderer: ChatTemplateRenderer): ReasoningFormat | undefined {
  const tags = TAGS.find(([, closing]) => renderer.source.includes(closing));
  if (tags === undefined) return undefined;
  const [opening, closing] = tags;
  const variable = VARIABLES.find((name) => {
    const [on, off] = [true, false].map((value) =>
      renderer.tryRender({ messages: [QUESTION], templateArguments: { [name]: value } }),
    );
    return on !== undefined && off !== undefined && on !== off;
  });
  return { opening, closing, variable };
}
