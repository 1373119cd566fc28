import { createServer, type Server } from 'node:http';
import { pino } from 'pino';
import request from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Metrics } from '../../src/http/metrics/metrics.ts';
import { createPathRouter, RouteTable } from '../../src/http/route-facts.ts';
import { createLoadShedder } from '../../src/http/edge/shed-load.ts';
import { RequestLog } from '../../src/http/middleware/request-log.ts';
import { onlyModel } from '../support/only-model.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

/** What the door lets in is answered here with a status that nothing else has. */
const LET_IN = 299;
const PATH = '/v1/completions';

let engine: ScriptedEngine;
let server: Server;
let metrics: Metrics;
beforeAll(async () => {
  engine = await ScriptedEngine.create();
  engine.numFreeSlots = 0;
  const models = await onlyModel(engine);
  metrics = new Metrics(models);
  const log = new RequestLog(pino({ level: 'silent' }), { openApiDocument: '', showsTexts: false });
  const findQueuedRoute = createPathRouter([PATH]);
  const shedLoad = createLoadShedder({
    checkRoom: (clientId) => models.checkRoom(clientId),
    findQueuedRoute,
    routes: new RouteTable([]),
    allowedHosts: [],
    allowsAnonymous: true,
    log,
    metrics,
  });
  server = createServer((incoming, outgoing) => {
    if (!shedLoad('127.0.0.1', incoming, outgoing)) outgoing.writeHead(LET_IN).end();
  });
  // As long as there may be other models, there is no saying which queue a request is for.
  await until(async () => (await request(server).post(PATH).send({})).status === 429);
});
afterAll(() => metrics.dispose());

it('refuses what is plain while the queue is full, and lets it in once there is a place', async () => {
  expect((await request(server).post(PATH).send({})).status).toBe(429);
  engine.numFreeSlots = 1;
  expect((await request(server).post(PATH).send({})).status).toBe(LET_IN);
  engine.numFreeSlots = 0;
});

it.each([
  { authorization: 'Bearer key' },
  { 'x-api-key': 'key' },
  { origin: 'http://other.example' },
  { 'sec-fetch-site': 'cross-site' },
  { 'x-request-id': 'mine' },
  { host: 'other.example' },
])('lets in what the application has more to say of: %o', async (headers) => {
  expect((await request(server).post(PATH).set(headers).send({})).status).toBe(LET_IN);
});

it('lets in other methods, other paths, and long bodies', async () => {
  expect((await request(server).get(PATH)).status).toBe(LET_IN);
  expect((await request(server).post('/v1/other').send({})).status).toBe(LET_IN);
  expect((await request(server).post(`${PATH}?a=b`).send({})).status).toBe(LET_IN);
  expect(
    (
      await request(server)
        .post(PATH)
        .send({ prompt: 'a'.repeat(70_000) })
    ).status,
  ).toBe(LET_IN);
});
