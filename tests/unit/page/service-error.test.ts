import { expect, it } from 'vitest';
import { messageFor } from '../../../src/page/service/service-error.ts';

it('leaves out of a message what only a request can set', () => {
  const message = 'the prompt has 9 tokens, more than 8; shorten it, or set truncate_prompt_tokens';
  expect(messageFor({ code: 'context_length_exceeded', message })).toBe(
    'the prompt has 9 tokens, more than 8',
  );
  expect(messageFor({ code: 'queue_full', message: 'one; two' })).toBe('one; two');
});
