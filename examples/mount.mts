/**
 * The service below a path of one's own application, with a model of one's own (MODEL) or the embedded one.
 *
 *     npm install CLONE/dist/package hono @hono/node-server
 *     PORT=3000 npx tsx mount.mts
 */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { createService } from 'tokenflare';

const { MODEL, PORT = '3000' } = process.env;
const service = await createService(MODEL === undefined ? {} : { MODEL });

const app = new Hono();
app.get('/', (c) => c.text('The application. The service is at /llm/.\n'));
app.route('/llm', service.app);

const server = serve({ fetch: app.fetch, port: Number(PORT), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}/llm/ has ${service.model.id} on ${service.model.runtime}`);
});

process.once('SIGTERM', () => {
  server.close();
  void service.close({ timeoutMs: 10_000 });
});
