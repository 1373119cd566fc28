import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SETTINGS } from '../../src/config/settings.ts';
import { tempDirectory } from '../support/temp-directory.ts';

/** What docker/ has for operators agrees with itself, with the settings and with the routes. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const settings = new Map(Object.values(SETTINGS).map((setting) => [setting.env as string, setting]));
const secondsOf = (name: string): number => Number(settings.get(name)?.default);
const { paths } = parse(textOf('openapi.yaml')) as {
  paths: Record<string, { get?: { security?: unknown[] } }>;
};

describe('tokenflare.service', () => {
  const text = textOf('docker/systemd/tokenflare.service');
  const lines = text.split('\n').flatMap((line) => {
    const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    return name === '' ? [] : [{ name, value }];
  });
  const valueOf = (name: string): string | undefined => lines.find((line) => line.name === name)?.value;

  it('is started again, and gives running streams their time', () => {
    expect(valueOf('Restart')).toBe('always');
    // Else systemd gives up after five ends in ten seconds.
    expect(valueOf('StartLimitIntervalSec')).toBe('0');
    const needed = secondsOf('DRAIN_DELAY') + secondsOf('SHUTDOWN_TIMEOUT') + 5;
    expect(Number(valueOf('TimeoutStopSec'))).toBeGreaterThan(needed);
    expect(valueOf('ExecStart')).toMatch(/\/tokenflare serve$/);
  });

  it('sets only settings that exist, to values that they take', () => {
    const variables = lines
      .filter(({ name }) => name === 'Environment')
      .flatMap(({ value }) => value.split(' ').map((pair) => pair.split('=', 2) as [string, string]));
    expect(variables.length).toBeGreaterThan(3);
    for (const [name, value] of variables) {
      if (!['NODE_OPTIONS', 'XDG_DATA_HOME'].includes(name))
        expect(settings.get(name)?.schema.parse(value), name).toBeDefined();
    }
  });

  const isHere = spawnSync('systemd-analyze', ['--version']).status === 0;
  it.skipIf(!isHere)('has nothing that systemd complains of', () => {
    const file = join(tempDirectory(), 'tokenflare.service');
    // The command need not be installed here.
    writeFileSync(file, text.replace('/usr/local/bin/tokenflare', process.execPath));
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    expect({ status, complaints: stdout + stderr }).toEqual({ status: 0, complaints: '' });
  });
});

interface Labels {
  [name: string]: string;
}
interface Selector {
  matchLabels: Labels;
}
interface Probe {
  httpGet: { path: string; port: string };
  periodSeconds: number;
  failureThreshold: number;
}
interface Manifest {
  kind: string;
  metadata: { name: string; labels?: Labels };
}
interface Deployment extends Manifest {
  spec: {
    selector: Selector;
    template: {
      metadata: { labels: Labels };
      spec: {
        restartPolicy: string;
        terminationGracePeriodSeconds: number;
        securityContext: object;
        topologySpreadConstraints: { labelSelector: Selector }[];
        containers: {
          env: { name: string; value: string }[];
          ports: { name: string; containerPort: number }[];
          readinessProbe: Probe;
          livenessProbe: Probe;
          resources: { requests: { cpu: string }; limits: { cpu: string } };
          volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
          securityContext: object;
        }[];
        volumes: { name: string }[];
      };
    };
  };
}

describe('docker/kubernetes', () => {
  const files = readdirSync(join(ROOT, 'docker/kubernetes')).filter((name) => name !== 'kustomization.yaml');
  const manifestOf = (name: string): unknown => parse(textOf(`docker/kubernetes/${name}.yaml`));
  const deployment = manifestOf('deployment') as Deployment;
  const { labels } = deployment.spec.template.metadata;
  const { spec } = deployment.spec.template;
  const [container] = spec.containers;
  if (container === undefined) throw new Error('the deployment has no container');
  const valueOf = (name: string): string => container.env.find((one) => one.name === name)?.value ?? '';
  const service = manifestOf('service') as Manifest & {
    spec: { selector: Labels; ports: { name: string; port: number; targetPort: string }[] };
  };
  const pool = manifestOf('inference-pool') as Manifest & {
    spec: { selector: Selector; targetPorts: { number: number }[] };
  };
  const route = manifestOf('http-route') as Manifest & {
    spec: {
      hostnames: string[];
      rules: {
        matches: { path: { value: string } }[];
        backendRefs: { kind: string; name: string }[];
        timeouts: { request: string };
      }[];
    };
  };

  it('has a kustomization of all files, those that want definitions of others left out', () => {
    const text = textOf('docker/kubernetes/kustomization.yaml');
    const named = [...text.matchAll(/^#? {1,2}- (\S+)$/gm)].map(([, name]) => name);
    expect(named.sort()).toEqual(files.sort());
    const builtIn = files.filter(
      (name) => !/^(?:service-monitor|scaled-object|inference-pool|http-route)\./.test(name),
    );
    expect((parse(text) as { resources: string[] }).resources.sort()).toEqual(builtIn.sort());
  });

  it('selects the pods of the deployment everywhere', () => {
    expect(deployment.spec.selector.matchLabels).toEqual(labels);
    for (const { labelSelector } of spec.topologySpreadConstraints)
      expect(labelSelector.matchLabels).toEqual(labels);
    expect(service.spec.selector).toEqual(labels);
    expect(pool.spec.selector.matchLabels).toEqual(labels);
    const budget = manifestOf('pod-disruption-budget') as { spec: { selector: Selector } };
    expect(budget.spec.selector.matchLabels).toEqual(labels);
    const policy = manifestOf('network-policy') as { spec: { podSelector: Selector } };
    expect(policy.spec.podSelector.matchLabels).toEqual(labels);
    const monitor = manifestOf('service-monitor') as { spec: { selector: Selector } };
    expect(monitor.spec.selector.matchLabels).toEqual(service.metadata.labels);
    const scaled = manifestOf('scaled-object') as { spec: { scaleTargetRef: { name: string } } };
    expect(scaled.spec.scaleTargetRef.name).toBe(deployment.metadata.name);
    const [rule] = route.spec.rules;
    expect(rule?.backendRefs).toEqual([
      expect.objectContaining({ kind: pool.kind, name: pool.metadata.name }),
    ]);
  });

  it('reaches the port that the service listens on', () => {
    const port = Number(settings.get('PORT')?.default);
    expect(container.ports).toEqual([{ name: 'http', containerPort: port }]);
    expect(service.spec.ports).toEqual([{ name: 'http', port, targetPort: 'http' }]);
    expect(pool.spec.targetPorts).toEqual([{ number: port }]);
    const monitor = manifestOf('service-monitor') as {
      spec: { endpoints: { port: string; path: string }[] };
    };
    expect(monitor.spec.endpoints).toEqual([expect.objectContaining({ port: 'http', path: '/metrics' })]);
    expect(Object.keys(paths)).toContain('/metrics');
    const policy = manifestOf('network-policy') as { spec: { ingress: { ports: { port: string }[] }[] } };
    expect(policy.spec.ingress.flatMap(({ ports }) => ports.map((one) => one.port))).toEqual(['http']);
  });

  it('sets only settings that exist, to values that they take', () => {
    expect(container.env.length).toBeGreaterThan(5);
    for (const { name, value } of container.env)
      expect(settings.get(name)?.schema.parse(value), name).toBeDefined();
  });

  it('asks routes that need no key, and watches no sooner than the service itself', () => {
    expect(container.readinessProbe.httpGet).toEqual({ path: '/ready', port: 'http' });
    expect(container.livenessProbe.httpGet).toEqual({ path: '/health', port: 'http' });
    for (const path of ['/ready', '/health']) expect(paths[path]?.get?.security).toEqual([]);
    const secondsUntil = ({ periodSeconds, failureThreshold }: Probe): number =>
      periodSeconds * failureThreshold;
    expect(secondsUntil(container.livenessProbe)).toBeGreaterThan(secondsOf('LOOP_TIMEOUT'));
    expect(secondsUntil(container.readinessProbe)).toBeLessThan(Number(valueOf('DRAIN_DELAY')));
  });

  it('starts what ends again, and kills nothing that drains', () => {
    expect(spec.restartPolicy).toBe('Always');
    const needed = Number(valueOf('DRAIN_DELAY')) + Number(valueOf('SHUTDOWN_TIMEOUT')) + 5;
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(needed);
  });

  it('runs as the user of the image, who can change nothing', () => {
    const user = /^USER (\d+):(\d+)$/m.exec(textOf('docker/Dockerfile'));
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: Number(user?.[1]),
      runAsGroup: Number(user?.[2]),
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const writable = container.volumeMounts.filter(({ readOnly }) => readOnly !== true);
    expect(writable.map(({ mountPath }) => mountPath)).toEqual(['/tmp']);
    expect(spec.volumes.map(({ name }) => name).sort()).toEqual(
      container.volumeMounts.map(({ name }) => name).sort(),
    );
    // Whole cores, which are whole threads, and as many as were asked for.
    const { requests, limits } = container.resources;
    expect(limits.cpu).toMatch(/^\d+$/);
    expect(limits.cpu).toBe(requests.cpu);
  });

  it('lets a gateway have the APIs alone, by a name that the service is called by', () => {
    const [rule] = route.spec.rules;
    const prefixes = rule?.matches.map(({ path }) => path.value) ?? [];
    const reached = (path: string): boolean => prefixes.some((prefix) => path.startsWith(`${prefix}/`));
    for (const prefix of prefixes)
      expect(
        Object.keys(paths).some((path) => path.startsWith(`${prefix}/`)),
        prefix,
      ).toBe(true);
    for (const path of ['/metrics', '/benchmark', '/', '/docs']) expect(reached(path), path).toBe(false);
    expect(valueOf('ALLOWED_HOSTS').split(',')).toEqual(
      expect.arrayContaining([...route.spec.hostnames, service.metadata.name]),
    );
    expect(parseInt(rule?.timeouts.request ?? '')).toBeGreaterThan(secondsOf('REQUEST_TIMEOUT'));
  });
});

it.each([
  ['haproxy.cfg', /timeout server (\d+)s/],
  ['nginx.conf', /proxy_read_timeout (\d+)s/],
  ['envoy.yaml', /cluster: tokenflare, timeout: (\d+)s/],
  ['llm-d/envoy.yaml', /cluster: picked, timeout: (\d+)s/],
])('%s waits for an answer no shorter than the service does', (name, timeout) => {
  const seconds = Number(timeout.exec(textOf(`docker/${name}`))?.[1]);
  expect(seconds).toBeGreaterThan(secondsOf('REQUEST_TIMEOUT'));
});
