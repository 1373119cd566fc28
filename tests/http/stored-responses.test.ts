import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ResponseBody } from '../../routes/responses/schemas/response-body.ts';
import { TRANSCRIPT_TEMPLATE } from '../support/chat-model.ts';
import { call, post, postOk, type Answer } from '../support/http-client.ts';
import { startHttpService } from '../support/http-service.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { useScriptedService } from '../support/scripted-service.ts';

const PATH = '/v1/responses';
const TEXT = ' runs past the old mill';

const on = useScriptedService({
  template: TRANSCRIPT_TEMPLATE,
  model: { contextLength: 1024 },
  script: { text: TEXT },
});
const create = (body: object): Promise<ResponseBody> => postOk(on.service, PATH, body);

describe('a stored response', () => {
  it('is found, listed and forgotten', async () => {
    const body = await create({ input: 'The river' });
    expect((await call(on.service, 'GET', `${PATH}/${body.id}`)).json).toEqual(body);
    expect((await call(on.service, 'GET', `${PATH}/${body.id}?stream=true`)).status).toBe(400);
    const list = await call(on.service, 'GET', `${PATH}/${body.id}/input_items`);
    expect(list.json).toMatchObject({
      object: 'list',
      data: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'The river' }] }],
      has_more: false,
    });
    const deleted = await call(on.service, 'DELETE', `${PATH}/${body.id}`);
    expect(deleted.json).toEqual({ id: body.id, object: 'response', deleted: true });
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/input_items'],
      ['POST', '/cancel'],
    ] as const) {
      expect((await call(on.service, method, `${PATH}/${body.id}${path}`)).status).toBe(404);
    }
  });

  it('is not kept with store: false', async () => {
    const { id } = await create({ input: 'The river', store: false });
    expect((await call(on.service, 'GET', `${PATH}/${id}`)).status).toBe(404);
  });

  it('lists its input in pages, with that of the responses before it', async () => {
    const first = await create({ input: 'A' });
    const second = await create({ input: [{ role: 'user', content: 'B' }], previous_response_id: first.id });
    const textsOf = async (query: string): Promise<unknown> => {
      const { json } = await call(on.service, 'GET', `${PATH}/${second.id}/input_items?${query}`);
      const { data, has_more: hasMore } = json as {
        data: { content: { text: string }[] }[];
        has_more: boolean;
      };
      return [data.map(({ content }) => content[0]?.text), hasMore];
    };
    expect(await textsOf('')).toEqual([['B', TEXT, 'A'], false]);
    expect(await textsOf('order=asc&limit=2')).toEqual([['A', TEXT], true]);
    const outputId = first.output[0]?.id ?? '';
    expect(await textsOf(`order=asc&after=${outputId}`)).toEqual([['B'], false]);
    const { status } = await call(on.service, 'GET', `${PATH}/${second.id}/input_items?limit=0`);
    expect(status).toBe(400);
  });

  it('gives its items to references, and its conversation to later responses when it is deleted', async () => {
    const first = await create({ input: 'A' });
    await create({
      input: [
        { type: 'item_reference', id: first.output[0]?.id },
        { role: 'user', content: 'B' },
      ],
    });
    expect(on.lastPrompt()).toBe(`a:${TEXT}\nu:B\na:`);
    const second = await create({ input: 'B', previous_response_id: first.id });
    await call(on.service, 'DELETE', `${PATH}/${first.id}`);
    await create({ input: 'C', previous_response_id: second.id });
    expect(on.lastPrompt()).toBe(`u:A\na:${TEXT}\nu:B\na:${TEXT}\nu:C\na:`);
  });

  it('is not seen by another client', async () => {
    using keys = new KeyFile();
    const [ann, bob] = [bearer(await keys.create('ann')), bearer(await keys.create('bob'))];
    const own = await startHttpService(on.engine, {}, { keysFile: keys.path });
    try {
      const made = await call(own, 'POST', PATH, { body: { input: 'secret' }, headers: ann });
      const { id, output } = made.json as ResponseBody;
      const asBob = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer> =>
        call(own, method, path, { headers: bob, ...(body === undefined ? {} : { body }) });
      expect((await asBob('GET', `${PATH}/${id}`)).status).toBe(404);
      expect((await asBob('GET', `${PATH}/${id}/input_items`)).status).toBe(404);
      expect((await asBob('POST', `${PATH}/${id}/cancel`)).status).toBe(404);
      expect((await asBob('DELETE', `${PATH}/${id}`)).status).toBe(404);
      expect((await asBob('POST', PATH, { input: 'a', previous_response_id: id })).status).toBe(400);
      const reference = [{ type: 'item_reference', id: output[0]?.id }];
      expect((await asBob('POST', PATH, { input: reference })).status).toBe(400);
      expect((await call(own, 'GET', `${PATH}/${id}`, { headers: ann })).status).toBe(200);
    } finally {
      await own.close();
    }
  });

  it('is cancelled while it is made, and keeps what there is of it', async () => {
    on.engine.reset({ text: TEXT, stallAfter: 2 });
    const pending = post(on.service, PATH, { input: 'The river' });
    while (on.engine.requests.length === 0) await sleep(5);
    const id = `resp_${on.engine.requests[0]?.id}`;
    expect((await call(on.service, 'GET', `${PATH}/${id}`)).json).toMatchObject({ status: 'in_progress' });
    expect((await post(on.service, PATH, { input: 'B', previous_response_id: id })).text).toContain(
      'not ended',
    );
    const cancelled = await call(on.service, 'POST', `${PATH}/${id}/cancel`);
    expect(cancelled.json).toMatchObject({ id, status: 'cancelled' });
    expect((await pending).json).toMatchObject({
      status: 'cancelled',
      output: [{ status: 'incomplete', content: [{ text: ' ru' }] }],
    });
    expect((await call(on.service, 'POST', `${PATH}/${id}/cancel`)).status).toBe(400);
  });
});
