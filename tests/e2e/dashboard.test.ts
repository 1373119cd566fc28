import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bearer, KeyFile } from '../support/keys.ts';
import { freePort, urlOf, useServices } from '../support/process.ts';
import { until } from '../support/service.ts';
import { postJson } from '../support/sse.ts';
import { tempDirectory } from '../support/temp-directory.ts';

/** The queries that docker/ has for Grafana and KEDA, asked of a real Prometheus that scrapes a service at work. */

const textOf = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docker/${path}`, import.meta.url)), 'utf8');

interface Panel {
  title: string;
  targets?: { expr: string }[];
}
interface Dashboard {
  panels: Panel[];
  templating: { list: { type: string; definition?: string }[] };
}

const dashboard = JSON.parse(textOf('grafana/tokenflare.json')) as Dashboard;
const scaledObject = parse(textOf('kubernetes/scaled-object.yaml')) as {
  spec: { triggers: { metadata: { query: string } }[] };
};

/** What Grafana puts in for its variables: all values, and four scrapes. */
const filledIn = (query: string): string =>
  query.replaceAll('$__rate_interval', '4s').replaceAll(/\$(?:job|instance|model)\b/g, '.*');

const queries = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => filledIn(expr))),
  ...scaledObject.spec.triggers.map(({ metadata }) => metadata.query),
];

/** `label_values(METRIC{…}, LABEL)`, which asks for the series. */
const variables = dashboard.templating.list
  .filter(({ type }) => type === 'query')
  .map(({ definition = '' }) => {
    const [, series = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? [];
    return { query: filledIn(series), label };
  });

const COMMAND = 'prometheus';
const isHere = spawnSync(COMMAND, ['--version']).status === 0;
if (!isHere && process.env['TEST_PROMTOOL'] === 'required') throw new Error(`there is no ${COMMAND}`);

const start = useServices();
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Scrapes the service each second, as the job that docker/kubernetes makes of it. @returns its address */
async function startPrometheus(target: string): Promise<string> {
  const folder = tempDirectory();
  const port = await freePort();
  writeFileSync(
    join(folder, 'prometheus.yml'),
    JSON.stringify({
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'tokenflare', static_configs: [{ targets: [new URL(target).host] }] }],
    }),
  );
  const flags = [
    ...[`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`],
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  children.push(spawn(COMMAND, flags, { stdio: 'ignore' }));
  const url = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return url;
}

async function seriesOf(prometheus: string, query: string): Promise<{ metric: Record<string, string> }[]> {
  const answer = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(query)}`);
  const body = (await answer.json()) as {
    error?: string;
    data: { result: { metric: Record<string, string> }[] };
  };
  expect(body.error, query).toBeUndefined();
  return body.data.result;
}

describe('the dashboard and the autoscaler', () => {
  it('ask for metrics that a service has, and each query has a series', async ({ skip }) => {
    skip(!isHere, `there is no ${COMMAND}`);
    using keys = new KeyFile();
    const key = await keys.create('reader', { limits: { requestsPerMinute: 10_000 } });
    // There is no such Redis: the limits are counted without it.
    const service = start({ KEYS_FILE: keys.path, REDIS_URL: 'redis://127.0.0.1:1' });
    const url = await urlOf(service);
    const prometheus = await startPrometheus(url);
    const headers = { 'content-type': 'application/json', ...bearer(key) };
    const ask = async (): Promise<void> => {
      const body = { prompt: 'The river ran. '.repeat(5), max_tokens: 8, ignore_eos: true };
      const answer = await postJson(`${url}/v1/completions`, body, { headers });
      expect(answer.status, await answer.text()).toBe(200);
    };

    await ask();
    const text = await (await fetch(`${url}/metrics`)).text();
    const names = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const asked = [...queries, ...variables.map(({ query }) => query)].flatMap(
      (query) => query.match(/\b(?:tokenflare_|vllm:)\w+/g) ?? [],
    );
    expect(new Set(asked).size).toBeGreaterThan(25);
    const isThere = (name: string): boolean => names.has(name) || names.has(name.replace(/_bucket$/, ''));
    expect(asked.filter((name) => !isThere(name))).toEqual([]);

    expect(queries.length).toBeGreaterThan(30);
    let empty = queries;
    await until(async () => {
      await ask();
      const results = await Promise.all(empty.map((query) => seriesOf(prometheus, query)));
      empty = empty.filter((_, i) => results[i]?.length === 0);
      return empty.length === 0;
    });
    expect(variables.length).toBe(3);
    for (const { query, label } of variables) {
      const series = await seriesOf(prometheus, query);
      expect(series.filter(({ metric }) => (metric[label] ?? '') !== '').length, query).toBeGreaterThan(0);
    }
  });
});
