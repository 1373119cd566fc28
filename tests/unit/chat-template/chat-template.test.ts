import { afterEach, describe, expect, it } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import { ChatTemplate, type ChatTemplateOptions } from '../../../src/chat-template/chat-template.ts';
import type { ChatMessage } from '../../../src/chat-template/renderer.ts';
import { until } from '../../support/service.ts';

const LOOP = '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}';
const HOG =
  '{% set ns = namespace(list=[1, 2, 3]) %}{% for i in range(99) %}{% set ns.list = ns.list + ns.list %}{% endfor %}';
const HELLO: ChatMessage[] = [{ role: 'user', content: 'Hello' }];
const BAD: ChatMessage[] = [{ role: 'user', content: 'bad' }];
const CALLER = { clientId: 'a/1', signal: new AbortController().signal };

const onlyFor = (what: string): string =>
  `{% if messages[0].content == "bad" %}${what}{% endif %}{{ messages[0].content }}`;

const started: ChatTemplate[] = [];
function start(template: string, limits: ChatTemplateOptions = {}): ChatTemplate {
  const chatTemplate = new ChatTemplate({ template, specialTokens: {} }, limits);
  started.push(chatTemplate);
  return chatTemplate;
}
afterEach(async () => {
  await Promise.all(started.splice(0).map((template) => template.stop()));
});

/** A tool call with arguments that are nested so deep. */
function nested(depth: number): ChatMessage[] {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: { value } } }] }];
}

describe('ChatTemplate', () => {
  it('renders many conversations at once, each its own', async () => {
    const template = start('{{ messages[0].content }}!');
    const contents = Array.from({ length: 50 }, (_, i) => `message ${i}`);
    const texts = await Promise.all(
      contents.map((content) => template.render({ messages: [{ role: 'user', content }] }, CALLER)),
    );
    expect(texts).toEqual(contents.map((content) => `${content}!`));
  });

  it.each([
    ['loops', LOOP, /did not end within 300 ms/],
    ['fills the memory', HOG, /took its process with it \(SIG[A-Z]+; it may use 128 MiB/],
  ])('ends a template that %s, and renders the next', async (_, what, message) => {
    const template = start(onlyFor(what), { deadlineMs: what === LOOP ? 300 : 10_000 });
    const [first, bad, next] = await Promise.allSettled(
      [HELLO, BAD, HELLO].map((it) => template.render({ messages: it }, CALLER)),
    );
    expect(first).toMatchObject({ value: 'Hello' });
    expect(bad).toMatchObject({
      reason: { code: 'weights_invalid', message: expect.stringMatching(message) as string },
    });
    expect(next).toMatchObject({ value: 'Hello' });
    expect(await template.render({ messages: HELLO }, CALLER)).toBe('Hello');
  });

  it('hands on refusals with their field, from a process that goes on', async () => {
    const template = start(onlyFor('{{ raise_exception("not that") }}'));
    await expect(template.render({ messages: BAD }, CALLER)).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'messages',
      message: expect.stringContaining('not that') as string,
    });
    expect(await template.render({ messages: HELLO }, CALLER)).toBe('Hello');
  });

  it('tells of a template that is broken each time', async () => {
    const template = start('{% endif %}');
    for (let i = 0; i < 2; i++) {
      await expect(template.render({ messages: HELLO }, CALLER)).rejects.toMatchObject({
        code: 'weights_invalid',
      });
    }
  });

  it('fails messages that are nested too deep to be handed over, the first and later ones, and renders the next', async () => {
    const template = start('{{ messages[0].content }}');
    for (const messages of [nested(100_000), HELLO, nested(100_000)]) {
      const rendered = template.render({ messages }, CALLER);
      if (messages === HELLO) expect(await rendered).toBe('Hello');
      else
        await expect(rendered).rejects.toMatchObject({
          code: 'invalid_request',
          param: 'messages',
          message: expect.stringContaining('nested too deep') as string,
        });
    }
    expect(await template.render({ messages: HELLO }, CALLER)).toBe('Hello');
  });

  it('gives a process up that is stopped before it is ready, and renders the next', async () => {
    const template = start('{{ messages[0].content }}', { startTimeoutMs: 3000 });
    const first = template.render({ messages: HELLO }, CALLER);
    const { pid = 0 } = template;
    process.kill(pid, 'SIGSTOP');
    await expect(first).rejects.toMatchObject({
      code: 'backend_failure',
      message: expect.stringContaining('was not ready within 3000 ms') as string,
    });
    expect(await template.render({ messages: HELLO }, CALLER)).toBe('Hello');
    expect(template.pid).not.toBe(pid);
    await until(() => !isAlive(pid));
  });

  it('serves another client before the rest of one that sent many', async () => {
    const template = start(onlyFor('{% for a in range(20000) %}{% endfor %}'));
    await template.render({ messages: HELLO }, CALLER);
    const order: string[] = [];
    const render = (clientId: string, messages: ChatMessage[]) =>
      template.render({ messages }, { ...CALLER, clientId }).then(
        () => order.push(clientId),
        () => order.push(`${clientId} failed`),
      );
    const slow = Array.from({ length: 200 }, (_, i) => render(`flood/${i}`, BAD));
    await render('late/1', HELLO);
    // One was under way, and another may have been done meanwhile.
    expect(order.indexOf('late/1')).toBeLessThanOrEqual(2);
    await template.stop();
    await Promise.all(slow);
  });

  it('serves short conversations beside a long one that does not end, whose sender is told so', async () => {
    const template = start(onlyFor(LOOP), { deadlineMs: 3000 });
    await template.render({ messages: HELLO }, CALLER);
    const long: ChatMessage[] = [...BAD, { role: 'user', content: 'x'.repeat(50_000) }];
    const order: string[] = [];
    const refused = template.render({ messages: long }, CALLER).catch((error: unknown) => {
      order.push('long');
      return error;
    });
    const { pid } = template;
    await template.render({ messages: HELLO }, { ...CALLER, clientId: 'b/1' });
    order.push('short');
    expect(await refused).toMatchObject({
      code: 'invalid_request',
      param: 'messages',
      message: expect.stringMatching(
        /^messages are too much to be rendered: .* did not end within \d+ ms/,
      ) as string,
    });
    expect(order).toEqual(['short', 'long']);
    expect(await template.render({ messages: HELLO }, CALLER)).toBe('Hello');
    expect(template.pid).toBe(pid);
  });

  it('names the tools where they are what is too much', async () => {
    const template = start(LOOP, { deadlineMs: 300 });
    const properties = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`p${index}`, {}]));
    const tools = [{ type: 'function' as const, function: { name: 'f', parameters: { properties } } }];
    await expect(template.render({ messages: HELLO, tools }, CALLER)).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'tools',
    });
  });

  it.each([
    ['characters', { properties: { a: { description: 'x'.repeat(2 ** 19) } } }],
    ['values', { properties: Object.fromEntries(Array.from({ length: 33_000 }, (_, i) => [`p${i}`, {}])) }],
  ])('refuses tools of too many %s before the template sees them', async (what, parameters) => {
    const template = start('{{ messages[0].content }}');
    const tools = [{ type: 'function' as const, function: { name: 'f', parameters } }];
    await expect(template.render({ messages: HELLO, tools }, CALLER)).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'tools',
      message: expect.stringContaining(what) as string,
    });
    expect(template.pid).toBeUndefined();
  });

  it('forgets a conversation whose client hangs up, waiting or under way', async () => {
    const template = start(onlyFor(LOOP), { deadlineMs: 1500 });
    await template.render({ messages: HELLO }, CALLER);
    const [runs, waits] = [new AbortController(), new AbortController()];
    const running = template.render({ messages: BAD }, { ...CALLER, signal: runs.signal });
    const waiting = template.render({ messages: BAD }, { ...CALLER, signal: waits.signal });
    const next = template.render({ messages: HELLO }, { ...CALLER, clientId: 'b/1' });
    waits.abort();
    runs.abort(new EngineError('request_timeout', 'time is over'));
    await expect(waiting).rejects.toMatchObject({ code: 'request_timeout' });
    await expect(running).rejects.toThrow('time is over');
    const { pid } = template;
    expect(await next).toBe('Hello');
    // The template that nobody waits for any more was ended by its deadline; the one that waited never ran.
    expect(template.pid).not.toBe(pid);
    await expect(
      template.render({ messages: HELLO }, { ...CALLER, signal: AbortSignal.abort() }),
    ).rejects.toThrow();
  });

  it('leaves no process when it is stopped, and fails what waits', async () => {
    const template = start(onlyFor(LOOP), { deadlineMs: 60_000 });
    await template.render({ messages: HELLO }, CALLER);
    const { pid = 0 } = template;
    const pending = [BAD, HELLO].map((messages) => template.render({ messages }, CALLER));
    const settled = Promise.allSettled(pending);
    await template.stop();
    for (const one of await settled) {
      expect(one).toMatchObject({ reason: { code: 'engine_not_ready' } });
    }
    expect(isAlive(pid)).toBe(false);
    await expect(template.render({ messages: HELLO }, CALLER)).rejects.toMatchObject({
      code: 'engine_not_ready',
    });
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
