import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const PATH = '/v1/attention';

let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  service = await startHttpService(engine);
});
afterAll(() => service.close());

describe('POST /v1/attention', () => {
  it('answers with tokens and weights, each row of which sums to 1', async () => {
    const { status, json } = await post(service, PATH, { prompt: 'The river' });
    expect(status).toBe(200);
    const body = json as { tokens: { id: number; text: string }[]; layers: { heads: number[][][] }[] };
    expect(body.tokens.map(({ text }) => text).join('')).toBe('The river');
    for (const row of body.layers.flatMap(({ heads }) => heads.flat())) {
      expect(row).toHaveLength(body.tokens.length);
      expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
    }
  });

  it.each([
    [{ prompt: ['a', 'b'] }, 'prompt'],
    [{ prompt: '' }, 'prompt'],
    [{ prompt: 'long '.repeat(1000) }, 'prompt'],
    [{ prompt: Array<number>(65).fill(1) }, 'prompt'],
    [{ prompt: [9999] }, 'prompt'],
    [{ prompt: 'a', layers: [99] }, 'layers[0]'],
    [{ prompt: 'a', layers: [0, 9] }, 'layers[1]'],
    [{ prompt: 'a', layers: [0, 0] }, 'layers'],
    [{ prompt: 'a', layers: Array<number>(3000).fill(0) }, 'layers'],
    [{ prompt: 'a', layers: [] }, 'layers'],
    [{ prompt: 'a', head: 1 }, 'head'],
    [{}, 'prompt'],
  ])('400 for %j, naming the field', async (body, param) => {
    const { status, json } = await post(service, PATH, body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: 'invalid_request', param } });
  });

  it('asks the engine for nothing where a layer is not there', async () => {
    const inspect = vi.spyOn(engine, 'inspectAttention');
    await post(service, PATH, { prompt: 'a', layers: [9] });
    expect(inspect).not.toHaveBeenCalled();
    const { json } = await post(service, PATH, { prompt: 'a', layers: [0] });
    expect(json).toMatchObject({ layers: [{ index: 0 }] });
    expect(inspect).toHaveBeenCalledOnce();
  });

  it('404 for another model, 405 for another method', async () => {
    expect((await post(service, PATH, { model: 'gpt-9', prompt: 'a' })).status).toBe(404);
    expect((await call(service, 'GET', PATH)).status).toBe(405);
  });
});
