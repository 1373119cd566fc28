import { readFileSync } from 'node:fs';
import { detectReasoningFormat } from '../../src/chat-template/format/detect-reasoning-format.ts';
import { detectToolUse, type ToolUse } from '../../src/chat-template/format/detect-tool-use.ts';
import {
  ChatTemplateRenderer,
  type ChatMessage,
  type TemplateTool,
} from '../../src/chat-template/renderer.ts';
import { fixturePath, readJsonFixture } from './fixtures.ts';

interface ToolGoldens {
  specialTokens: Record<string, string>;
  tools: TemplateTool[];
  conversations: Record<string, ChatMessage[]>;
  cases: {
    template: string;
    conversation: string;
    variables?: Record<string, unknown>;
    text?: string;
    error?: string;
  }[];
}

/** What transformers makes of the templates: `scripts/goldens/tool_templates.py`. */
export const TOOL_GOLDENS = readJsonFixture('chat-templates', 'published', 'expected.json') as ToolGoldens;

export const publishedTemplate = (name: string): string =>
  readFileSync(fixturePath('chat-templates', 'published', `${name}.jinja`), 'utf8');

export const publishedRenderer = (name: string): ChatTemplateRenderer =>
  new ChatTemplateRenderer({
    template: publishedTemplate(name),
    specialTokens: TOOL_GOLDENS.specialTokens,
  });

const found = new Map<string, ToolUse>();

/** How the model of a template calls tools, as the service finds it. */
export function publishedToolUse(name: string): ToolUse {
  const use = found.get(name) ?? detectToolUse(publishedRenderer(name));
  found.set(name, use);
  return use;
}

export const publishedReasoning = (name: string) => detectReasoningFormat(publishedRenderer(name));
