import { beforeEach, describe, expect, it } from 'vitest';
import { readReferences } from '../../../routes/responses/response-conversation.ts';
import {
  responseJson,
  ResponseStore,
  type StoredResponse,
} from '../../../routes/responses/response-store.ts';
import type { ResponseBody } from '../../../routes/responses/schemas/response-body.ts';
import { toEcho } from '../../../routes/responses/schemas/response-generation.ts';
import type { StoredItem } from '../../../routes/responses/schemas/response-items.ts';
import { toStoredItems } from '../../../routes/responses/schemas/stored-items.ts';
import {
  itemsUntil,
  readItem,
  itemsToFollow,
  toTurn,
  type Turn,
} from '../../../routes/responses/schemas/turn.ts';
import { responseBody } from '../../support/response-body.ts';

const HOUR_MS = 3_600_000;
const MAX_BYTES = 100_000;

let nowMs: number;
let store: ResponseStore;
beforeEach(() => {
  nowMs = 0;
  store = new ResponseStore({ maxBytes: MAX_BYTES, keptMs: HOUR_MS }, () => nowMs);
});

/** It says that it answers the text. */
const bodyOf = (requestId: string, text: string): ResponseBody =>
  responseBody(requestId, `to ${text}`, toEcho({ input: text }, { id: 'tiny' }));

function keep(ownerId: string, requestId: string, before?: Turn, text = 'a'): StoredResponse {
  const input = toTurn(before, toStoredItems(text, requestId));
  store.keep(ownerId, requestId, bodyOf(requestId, text), input);
  return store.find(ownerId, requestId) as StoredResponse;
}

const has = (ownerId: string, ...ids: string[]): boolean[] =>
  ids.map((id) => store.find(ownerId, `resp_${id}`) !== undefined);
const itemOf = (ownerId: string, id: string): StoredItem | undefined => {
  const text = store.findItem(ownerId, id);
  return text === undefined ? undefined : readItem(text);
};

describe('ResponseStore', () => {
  it('shows a response to its owner alone, as it was', () => {
    const response = keep('ann', 'r1', undefined, 'a жук "a"');
    const body = bodyOf('r1', 'a жук "a"');
    expect(JSON.parse(responseJson(response))).toEqual(body);
    expect(itemOf('ann', 'msg_r1_0')).toEqual(body.output[0]);
    expect(itemOf('ann', 'msg_r1_in0')).toMatchObject({
      content: [{ type: 'input_text', text: 'a жук "a"' }],
    });
    expect(store.find('bob', 'resp_r1')).toBeUndefined();
    expect(store.findItem('bob', 'msg_r1_0')).toBeUndefined();
    expect(store.delete('bob', 'resp_r1')).toBe(false);
    expect(store.delete('ann', 'resp_r1')).toBe(true);
    expect(store.find('ann', 'resp_r1')).toBeUndefined();
    expect(store.numBytes).toBe(0);
  });

  it('finds no item by an id of another form, or of another place', () => {
    const sent: StoredItem = {
      type: 'message',
      id: 'mine',
      role: 'user',
      status: 'completed',
      content: [{ type: 'input_text', text: '"id":"msg_r1_in0"' }],
    };
    store.keep('ann', 'r1', bodyOf('r1', 'a'), toTurn(undefined, [sent]));
    for (const id of ['', 'msg_', 'r1', 'msg_r1', 'msg_r1_9', 'msg_r1_inx', 'msg_r1_in0', 'mine']) {
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

  it('takes of the address that holds most, however many owners it has', () => {
    keep('1.1.1.1/', 'mine', undefined, 'x'.repeat(10_000));
    for (let i = 0; i < 80; i++) keep(`2.2.2.2/key${i}`, 'r', undefined, 'x'.repeat(10_000));
    for (let i = 0; i < 4300; i++) keep(`2.2.2.2/other${i}`, 'r');
    expect(has('1.1.1.1/', 'mine')).toEqual([true]);
    expect(has('2.2.2.2/key0', 'r')).toEqual([false]);
    expect(has('2.2.2.2/other4299', 'r')).toEqual([true]);
    expect(store.numBytes).toBeLessThanOrEqual(MAX_BYTES);
  });

  it('takes of the owner whose responses are largest', () => {
    keep('bob', 'r1');
    keep('ann', 'r2', undefined, 'x'.repeat(20_000));
    keep('ann', 'r3', undefined, 'x'.repeat(20_000));
    expect(has('bob', 'r1')).toEqual([true]);
    expect(has('ann', 'r2', 'r3')).toEqual([true, true]);
    keep('ann', 'r4', undefined, 'x'.repeat(20_000));
    expect(has('ann', 'r2', 'r3', 'r4')).toEqual([false, true, true]);
    keep('ann', 'r5', undefined, 'x'.repeat(60_000));
    expect(has('ann', 'r3', 'r4', 'r5')).toEqual([false, false, false]);
    expect(has('bob', 'r1')).toEqual([true]);
  });

  it('lets go of half of what it keeps, of the owner that has most, when the process asks', () => {
    keep('bob', 'r1');
    for (const id of ['r2', 'r3', 'r4', 'r5', 'r6', 'r7']) keep('ann', id);
    store.release();
    expect(has('bob', 'r1')).toEqual([true]);
    expect(has('ann', 'r2', 'r3', 'r4', 'r7')).toEqual([false, false, false, true]);
  });

  it('counts a turn once, however many responses follow it, and keeps it as long as one does', () => {
    const long = 'x'.repeat(30_000);
    const first = keep('ann', 'r1', undefined, long);
    const { numBytes } = store;
    const second = keep('ann', 'r2', first.output);
    keep('ann', 'r3', first.output);
    // The long text takes 60,000 bytes with its answer: twice would be too many.
    expect(store.numBytes - numBytes).toBeLessThan(10_000);
    store.delete('ann', 'resp_r1');
    expect(store.numBytes).toBeGreaterThan(60_000);
    expect(itemsUntil(second.output).map((text) => readItem(text).id)).toEqual([
      'msg_r1_in0',
      'msg_r1_0',
      'msg_r2_in0',
      'msg_r2_0',
    ]);
    keep('ann', 'r4', undefined, long);
    expect(has('ann', 'r2', 'r3', 'r4')).toEqual([false, false, true]);
    store.delete('ann', 'r4');
    expect(store.numBytes).toBe(0);
  });

  it('replaces a response whose request had the same id', () => {
    const first = keep('ann', 'r1');
    const { numBytes } = store;
    keep('ann', 'r1', undefined, 'b');
    expect(store.numBytes).toBe(numBytes);
    keep('ann', 'r1', first.output);
    expect(itemOf('ann', 'msg_r1_0')).toMatchObject({ content: [{ text: 'to a' }] });
    store.delete('ann', 'r1');
    expect(store.numBytes).toBe(0);
  });
});

describe('a conversation', () => {
  it('is no longer than one that is sent as a whole could be', () => {
    const first = toTurn(undefined, toStoredItems('x'.repeat(600), 'r1'));
    const own = toStoredItems('b', 'r2');
    expect(itemsToFollow(first, own, 2000)).toMatchObject({ numBefore: 1 });
    expect(() => itemsToFollow(first, own, 500)).toThrow(/^previous_response_id .*500 bytes, BODY_LIMIT/);
    const many = toTurn(undefined, new Array<StoredItem>(4096).fill(own[0] as StoredItem));
    expect(() => itemsToFollow(many, own, 1e9)).toThrow(/^previous_response_id .*4097 items/);
    let empty: Turn | undefined;
    for (let i = 0; i < 4097; i++) empty = toTurn(empty, []);
    expect(() => itemsToFollow(empty, own, 1e9)).toThrow(/^previous_response_id .*4097 turns/);
  });
});

describe('references', () => {
  const references = (...ids: string[]): { type: 'item_reference'; id: string }[] =>
    ids.map((id) => ({ type: 'item_reference', id }));

  it('count as what they stand for before one of them is read', () => {
    keep('ann', 'r1', undefined, 'x'.repeat(900));
    let numLookups = 0;
    const find = (id: string): string | undefined => {
      numLookups++;
      return store.findItem('ann', id);
    };
    const size = (store.findItem('ann', 'msg_r1_in0') ?? '').length;
    const limits = { numBytesBefore: 0, bodyLimitBytes: 3 * size };
    const three = references('msg_r1_in0', 'msg_r1_in0', 'msg_r1_in0');
    expect(readReferences(three, find, limits).size).toBe(1);
    expect(numLookups).toBe(1);
    const four = [...three, ...references('msg_r1_in0', 'unknown')];
    const refusal = { code: 'payload_too_large', param: 'input[3].id' };
    expect(() => readReferences(four, find, limits)).toThrow(expect.objectContaining(refusal));
    expect(() => readReferences(three, find, { ...limits, numBytesBefore: 1 })).toThrow(
      new RegExp(`^input\\[2\\]\\.id refers to an item of ${size} bytes.*${3 * size + 1} bytes`),
    );
  });

  it('must name what is stored', () => {
    const limits = { numBytesBefore: 0, bodyLimitBytes: 1000 };
    expect(() => readReferences(references('msg_r1_0'), () => undefined, limits)).toThrow(/^input\[0\]\.id /);
  });
});
