import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ChatTemplateRenderer, type ChatMessage } from '../../../src/chat-template/renderer.ts';
import { fixturePath, readJsonFixture } from '../../support/fixtures.ts';
import { TOOL_GOLDENS } from '../../support/published-templates.ts';

interface Goldens {
  turns: ChatMessage[];
  withoutSystem: string[];
  ends: Record<string, string>;
  cases: { template: string; end: string; text?: string; error?: string }[];
}

/** What transformers makes of the templates: `scripts/goldens/open_messages.py`. */
const GOLDENS = readJsonFixture('chat-templates', 'open-messages.json') as Goldens;
const NOON = new Date(2026, 10, 4, 12, 5, 9);

function render(template: string, messages: readonly ChatMessage[]): string {
  const source = readFileSync(fixturePath('chat-templates', ...template.split('/')), 'utf8');
  const { specialTokens } = TOOL_GOLDENS;
  const renderer = new ChatTemplateRenderer({ template: source, specialTokens });
  const first = GOLDENS.withoutSystem.includes(template) ? 1 : 0;
  return renderer.render({ messages: messages.slice(first), continuesFinal: true }, NOON);
}

const saying = (content: ChatMessage['content'] = ''): ChatMessage[] => [
  ...GOLDENS.turns,
  { role: 'assistant', content },
];

describe('a last message stays open as in transformers', () => {
  it.each(GOLDENS.cases.filter(({ text }) => text !== undefined))('$template, $end', (golden) => {
    expect(render(golden.template, saying(GOLDENS.ends[golden.end]))).toBe(golden.text);
  });
});

describe('a last message stays open', () => {
  // transformers refuses these, since the text that it looks for is not there as it was sent.
  it.each([
    ['published/deepseek-r1.jinja', 'A fox'],
    ['published/glm-4.6.jinja', '</think>\nA fox'],
  ])('where %s takes the reasoning off', (template, end) => {
    const text = render(template, saying(GOLDENS.ends['reasoning before']));
    expect(text.endsWith(end)).toBe(true);
  });

  it.each([...new Set(GOLDENS.cases.map(({ template }) => template))])(
    'of which nothing is said yet: %s',
    (template) => {
      const begun = render(template, saying('A fox'));
      const text = render(template, saying(''));
      expect(begun.startsWith(text.trimEnd())).toBe(true);
    },
  );

  it('behind its last part of text', () => {
    const parts = ['One. ', 'A f'].map((text) => ({ type: 'text' as const, text }));
    expect(render('turns-with-parts.jinja', saying(parts)).endsWith('A f')).toBe(true);
    expect(render('chatml.jinja', saying(parts)).endsWith('One. \nA f')).toBe(true);
  });

  it('unless the template leaves it out', () => {
    const renderer = new ChatTemplateRenderer({
      template: '{% for message in messages %}{{ message.content[:3] }}{% endfor %}',
      specialTokens: {},
    });
    const ask = (): string => renderer.render({ messages: saying('A fox'), continuesFinal: true }, NOON);
    expect(ask).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'messages' }));
  });
});
