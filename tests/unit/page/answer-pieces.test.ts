import { describe, expect, it } from 'vitest';
import { attentionAddress, readAttentionQuery } from '../../../src/page/attention/address.ts';
import { ofChat, withPiece } from '../../../src/page/playground/answer/answer-pieces.ts';
import { afterScroll } from '../../../src/page/playground/after-scroll.ts';
import { EMPTY_TURN } from '../../../src/page/playground/chats/chat.ts';
import { describeFigures } from '../../../src/page/playground/answer/describe-answer.ts';
import { percent, surpriseOf } from '../../../src/page/playground/answer/drawn-token.ts';

type Delta = Parameters<typeof ofChat>[0]['choices'][number]['delta'];
const event = (delta: Delta, finishReason: string | null = null) => ({
  id: 'chatcmpl-1',
  choices: [{ delta, finish_reason: finishReason }],
});

describe('an answer', () => {
  it('is put together from its pieces: text, reasoning, calls', () => {
    const pieces = [
      event({ reasoning_content: 'Hm' }),
      event({ content: 'I ' }),
      event({ content: 'look.' }),
      event({ tool_calls: [{ index: 0, id: 'a', function: { name: 'add', arguments: '' } }] }),
      event({ tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] }),
      event({ tool_calls: [{ index: 1, id: 'b', function: { name: 'sub', arguments: '{}' } }] }),
      event({ tool_calls: [{ index: 0, function: { arguments: '1}' } }] }),
      event({}, 'tool_calls'),
    ];
    expect(pieces.map(ofChat).reduce(withPiece, EMPTY_TURN)).toMatchObject({
      content: 'I look.',
      reasoning: 'Hm',
      calls: [
        { id: 'a', name: 'add', arguments: '{"a":1}' },
        { id: 'b', name: 'sub', arguments: '{}' },
      ],
      end: 'tool_calls',
    });
  });

  it('shows a character that is spread over tokens once it is whole', () => {
    const bytes = [...new TextEncoder().encode('a😀')];
    const drawn = [bytes.slice(0, 2), bytes.slice(2, 4), bytes.slice(4), [33]].map((part) =>
      ofChat({
        id: 'chatcmpl-1',
        choices: [
          {
            delta: {},
            logprobs: {
              content: [
                {
                  token: new TextDecoder().decode(Uint8Array.from(part)),
                  bytes: part,
                  logprob: 0,
                  top_logprobs: [],
                },
              ],
            },
            finish_reason: null,
          },
        ],
      }),
    );
    const textsAfter = (count: number): string[] =>
      drawn
        .slice(0, count)
        .reduce(withPiece, EMPTY_TURN)
        .tokens.map(({ text }) => text);
    expect(textsAfter(2)).toEqual(['a\uFFFD', '\uFFFD\uFFFD']);
    expect(textsAfter(3)).toEqual(['', '', 'a😀']);
    expect(textsAfter(4)).toEqual(['', '', 'a😀', '!']);
  });

  it('tells what it took', () => {
    const figures = { numTokens: 11, queueMs: 0.2, ttftMs: 50, totalMs: 150 };
    expect(describeFigures(figures)).toBe('11 tokens · first token after 50 ms · 100 tokens/s');
    expect(describeFigures({ ...figures, numTokens: 1, queueMs: 40 })).toBe(
      '1 token · first token after 50 ms · 40 ms of it in the queue',
    );
  });

  it('colours a token by its surprise in bits', () => {
    const surprises = [1, 0.5, 1 / 64, 0].map((probability) => surpriseOf({ probability }));
    expect(surprises).toEqual([0, expect.closeTo(1 / 6), 1, 1]);
    expect(surpriseOf({ probability: undefined })).toBe(0);
    expect([undefined, 0, 0.04, 0.5].map(percent)).toEqual([
      'unknown',
      '<\u00A00.1\u00A0%',
      '4.0\u00A0%',
      '50\u00A0%',
    ]);
  });
});

describe('a page that follows an answer', () => {
  const following = { isFollowing: true, y: 500 };
  it('lets go when the reader scrolls up, and not because text came', () => {
    expect(afterScroll(following, 500, 300).isFollowing).toBe(true);
    expect(afterScroll(following, 700, 300).isFollowing).toBe(true);
    expect(afterScroll(following, 400, 300).isFollowing).toBe(false);
    const away = afterScroll(following, 400, 300);
    expect(afterScroll(away, 450, 250).isFollowing).toBe(false);
    expect(afterScroll(away, 690, 10).isFollowing).toBe(true);
  });
});

describe('the way from a token to the heads', () => {
  const tokens = Array.from({ length: 100 }, (_, index) => ` w${index}`);
  const textAt = (index: number, before = 'Tell me a story.\n'): string =>
    readAttentionQuery(attentionAddress({ model: 'a/b&c', before, tokens, index }))?.text ?? '';

  it('names the model and a text that ends in the token', () => {
    const address = attentionAddress({ model: 'a/b&c', before: '', tokens: ['Hi & <b>', '?'], index: 1 });
    expect(readAttentionQuery(address)).toEqual({ model: 'a/b&c', text: 'Hi & <b>?' });
    expect(readAttentionQuery('#/attention')).toBeUndefined();
    expect(readAttentionQuery('#/attention?text=')).toBeUndefined();
  });

  it('takes the end of the question where the answer has only begun, and no more than the view takes', () => {
    expect(textAt(1)).toBe('Tell me a story.\n w0 w1');
    expect(textAt(0, 'word '.repeat(40)).length).toBeLessThanOrEqual(63);
    expect(textAt(20)).toMatch(/^ w0 w1 .* w20$/);
    expect(textAt(90)).toMatch(/^ w51 .* w90$/);
  });
});
