import { describe, expect, it } from 'vitest';
import { toTemplate } from '../../routes/openapi-document.ts';
import { basedRoutes } from '../../routes/routes.ts';
import { call } from '../support/http-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';

/** What no route that takes a body may fall over, whatever it does with one that is good. */

const on = useScriptedService();

const nested = '{"a":'.repeat(5000) + '1' + '}'.repeat(5000);
const BODIES: readonly (readonly [what: string, body: string])[] = [
  ['nothing', ''],
  ['half of an object', '{"prompt": "a'],
  ['null', 'null'],
  ['a number', '1e999'],
  ['a list of lists', '[[[]]]'],
  ['a text', '"a"'],
  ['levels without end', nested],
  ['a half of a character', '{"prompt": "\\ud800", "messages": "\\udc00", "input": "\\ud800"}'],
  ['names of prototypes', '{"__proto__": {"a": 1}, "constructor": {"prototype": 1}, "toString": null}'],
  ['the same name twice', '{"model": 1, "model": {"a": []}}'],
  [
    'fields of other types',
    '{"model": [], "prompt": {}, "messages": 7, "input": false, "files": 3, "query": []}',
  ],
];

const paths = basedRoutes
  // A benchmark runs with no body at all, and not on a scripted engine.
  .filter(({ path, describe: operations }) => 'post' in operations() && path !== '/benchmark')
  .map(({ path }) => toTemplate(path).replaceAll(/\{\w+\}/g, 'a'));

describe.each(paths)('POST %s', (path) => {
  it.each(BODIES)('refuses %s, or answers it', async (_, body) => {
    const answer = await call(on.service, 'POST', path, {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status, answer.text).toBeLessThan(500);
    if (answer.status >= 400) expect(Object.keys(answer.json as object)).not.toEqual([]);
    expect((await call(on.service, 'GET', '/health')).status).toBe(200);
  });
});

it('are many', () => expect(paths.length).toBeGreaterThan(35));
