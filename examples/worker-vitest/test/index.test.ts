import { SELF } from 'cloudflare:test';
import { expect, it } from 'vitest';

const ask = (body: string): Promise<Response> => SELF.fetch('http://worker/', { method: 'POST', body });

it('goes on with a text, on this machine', async () => {
  const answer = await (await ask('Once upon a time')).json();
  expect(answer).toMatchObject({ usage: { completion_tokens: 16 } });
});

it('wants a text', async () => expect((await ask('')).status).toBe(400));
