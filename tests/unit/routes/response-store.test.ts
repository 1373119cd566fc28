import { beforeEach, describe, expect, it } from 'vitest';
import { ResponseStore, type StoredResponse } from '../../../routes/responses/response-store.ts';
import { toEcho } from '../../../routes/responses/schemas/response-demand.ts';
import type { OutputItem } from '../../../routes/responses/schemas/response-items.ts';
import { toStoredItems } from '../../../routes/responses/schemas/stored-items.ts';
import { itemsUntil, toConversation, toTurn, type Turn } from '../../../routes/responses/schemas/turn.ts';

const HOUR_MS = 3_600_000;

let nowMs: number;
let store: ResponseStore;
beforeEach(() => {
  nowMs = 0;
  store = new ResponseStore({ maxResponses: 4, maxBytes: 100_000, keptMs: HOUR_MS }, () => nowMs);
});

function responseOf(requestId: string, before?: Turn, text = 'a'): StoredResponse {
  const input = toTurn(
    before,
    toStoredItems(text, requestId, () => undefined),
  );
  const output: OutputItem[] = [
    {
      type: 'message',
      id: `msg_${requestId}_0`,
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: `to ${text}`, annotations: [], logprobs: [] }],
    },
  ];
  return {
    body: {
      id: `resp_${requestId}`,
      object: 'response',
      created_at: 0,
      completed_at: 0,
      status: 'completed',
      error: null,
      incomplete_details: null,
      usage: null,
      output,
      ...toEcho({ input: text }, 'tiny'),
    },
    input,
    output: toTurn(input, output),
  };
}

const keep = (ownerId: string, requestId: string, before?: Turn, text?: string): StoredResponse => {
  const response = responseOf(requestId, before, text);
  store.keep(ownerId, requestId, response);
  return response;
};
const has = (ownerId: string, ...ids: string[]): boolean[] =>
  ids.map((id) => store.find(ownerId, `resp_${id}`) !== undefined);

describe('ResponseStore', () => {
  it('shows a response to its owner alone', () => {
    const response = keep('ann', 'r1');
    expect(store.find('ann', 'resp_r1')).toEqual(response);
    expect(store.findItem('ann', 'msg_r1_0')).toEqual(response.body.output[0]);
    expect(store.findItem('ann', 'msg_r1_in0')).toEqual(response.input.items[0]);
    expect(store.find('bob', 'resp_r1')).toBeUndefined();
    expect(store.findItem('bob', 'msg_r1_0')).toBeUndefined();
    expect(store.delete('bob', 'resp_r1')).toBe(false);
    expect(store.delete('ann', 'resp_r1')).toBe(true);
    expect(store.find('ann', 'resp_r1')).toBeUndefined();
  });

  it('finds no item by an id of another form', () => {
    keep('ann', 'r1');
    for (const id of ['', 'msg_', 'r1', 'msg_r1', 'msg_r1_9', 'msg_r1_inx']) {
      expect(store.findItem('ann', id)).toBeUndefined();
    }
  });

  it('forgets what was not used for its time', () => {
    keep('ann', 'r1');
    keep('ann', 'r2');
    nowMs = HOUR_MS - 1;
    expect(has('ann', 'r1')).toEqual([true]);
    nowMs = HOUR_MS;
    expect(has('ann', 'r1', 'r2')).toEqual([true, false]);
  });

  it('takes the oldest of the owner that has most', () => {
    for (const id of ['r1', 'r2', 'r3']) keep('ann', id);
    keep('bob', 'r4');
    // Used, so that it is not the oldest any more.
    expect(has('ann', 'r1')).toEqual([true]);
    keep('bob', 'r5');
    expect(has('ann', 'r1', 'r2', 'r3')).toEqual([true, false, true]);
    expect(has('bob', 'r4', 'r5')).toEqual([true, true]);
  });

  it('takes of the owner whose responses are largest when memory is short', () => {
    keep('bob', 'r1');
    keep('ann', 'r2', undefined, 'x'.repeat(20_000));
    keep('ann', 'r3', undefined, 'x'.repeat(20_000));
    expect(has('bob', 'r1')).toEqual([true]);
    expect(has('ann', 'r2', 'r3')).toEqual([false, true]);
    keep('ann', 'r4', undefined, 'x'.repeat(60_000));
    expect(has('ann', 'r3', 'r4')).toEqual([false, false]);
    expect(has('bob', 'r1')).toEqual([true]);
  });

  it('lets go of half of what it keeps, of the owner that has most, when the process asks', () => {
    keep('bob', 'r1');
    for (const id of ['r2', 'r3', 'r4']) keep('ann', id);
    store.release();
    expect(has('bob', 'r1')).toEqual([true]);
    expect(has('ann', 'r2', 'r3', 'r4')).toEqual([false, false, true]);
  });

  it('counts a turn once, however many responses follow it, and keeps it as long as one does', () => {
    const long = 'x'.repeat(15_000);
    const first = keep('ann', 'r1', undefined, long);
    const second = keep('ann', 'r2', first.output);
    keep('ann', 'r3', first.output);
    // The long text takes 60,000 bytes with its answer: twice would be too many.
    expect(has('ann', 'r1', 'r2', 'r3')).toEqual([true, true, true]);
    store.delete('ann', 'resp_r1');
    expect(itemsUntil(second.output).map(({ id }) => id)).toEqual([
      'msg_r1_in0',
      'msg_r1_0',
      'msg_r2_in0',
      'msg_r2_0',
    ]);
    keep('ann', 'r4', undefined, long);
    expect(has('ann', 'r2', 'r3', 'r4')).toEqual([false, false, true]);
    for (const id of ['r5', 'r6', 'r7']) keep('ann', id);
    expect(has('ann', 'r4', 'r5', 'r6', 'r7')).toEqual([true, true, true, true]);
  });

  it('replaces a response whose request had the same id', () => {
    keep('ann', 'r1');
    const again = keep('ann', 'r1', undefined, 'b');
    expect(store.find('ann', 'resp_r1')).toEqual(again);
    for (const id of ['r2', 'r3', 'r4']) keep('ann', id);
    expect(has('ann', 'r1')).toEqual([true]);
  });
});

describe('a conversation', () => {
  it('is no longer than one that is sent as a whole could be', () => {
    const first = responseOf('r1', undefined, 'x'.repeat(600));
    const own = toStoredItems('b', 'r2', () => undefined);
    expect(toConversation(first.output, own, 2000)).toMatchObject({ numBefore: 2 });
    expect(() => toConversation(first.output, own, 500)).toThrow(
      /^previous_response_id .*500 bytes, BODY_LIMIT/,
    );
    const many = toTurn(
      undefined,
      new Array<(typeof own)[number]>(4096).fill(own[0] as (typeof own)[number]),
    );
    expect(() => toConversation(many, own, 1e9)).toThrow(/^previous_response_id .*4097 items/);
  });
});
