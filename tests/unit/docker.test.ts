import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SETTINGS } from '../../src/config/settings.ts';
import { environmentOf, execFormOf, stagesOf, textsOf, type Stage } from '../support/dockerfile.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { scripts } = JSON.parse(textOf('package.json')) as { scripts: { start: string } };
const dockerfiles = readdirSync(join(ROOT, 'docker')).filter((name) => name.startsWith('Dockerfile'));

interface ComposeService {
  build: { context: string; dockerfile: string; args?: Record<string, string> };
  image: string;
  environment: Record<string, string>;
  healthcheck: { test: string[] };
  restart: string;
  stop_grace_period: string;
  ports: string[];
  volumes: string[];
  deploy?: { resources: { reservations: { devices: { driver: string; capabilities: string[] }[] } } };
}

const compose = parse(textOf('compose.yaml'), { merge: true }) as {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);

function lastStageOf(dockerfile: string): Stage {
  const stage = stagesOf(textOf(`docker/${dockerfile}`)).at(-1);
  if (stage === undefined) throw new Error(`${dockerfile} has no stage`);
  return stage;
}

it('there is an image for each way to compute', () => {
  expect(dockerfiles.sort()).toEqual(['Dockerfile', 'Dockerfile.cuda']);
  expect(services.map(([name]) => name)).toEqual(['processor', 'webgpu', 'cuda']);
});

describe.each(dockerfiles)('docker/%s', (name) => {
  const stages = stagesOf(textOf(`docker/${name}`));
  const last = lastStageOf(name);

  it('has no lint', () => {
    expect(validate(textOf(`docker/${name}`))).toEqual([]);
  });

  it('is built in stages on bases of one exact version', () => {
    expect(stages.length).toBeGreaterThan(1);
    for (const { base } of stages) expect(base).toMatch(/^[a-z/]+:\d+\.\d+\.\d+(-[a-z0-9.]+)*$/);
  });

  it('takes nothing into its last stage but the assembled service and files of docker/', () => {
    const fromStage = /^(\/app\S*) \1$/;
    const ownFile = /^docker\/[\w.-]+ \/\S+$/;
    for (const text of textsOf(last, 'COPY')) {
      if (!ownFile.test(text)) expect(text).toMatch(fromStage);
    }
  });

  it('copies and runs files that are in its context', () => {
    const texts = stages.flatMap((stage) => [...textsOf(stage, 'RUN'), ...textsOf(stage, 'COPY')]).join('\n');
    const files = [...texts.matchAll(/(?:docker|scripts|src)\/[\w./-]+/g)].map(([path]) => path);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('runs node as process 1 and as a user that is not root, by number', () => {
    // An image is set up; `npm start` runs the same command behind its set-up.
    const [node = '', flag = '', script = ''] = scripts.start.split(' ');
    expect(script).toBe('scripts/run.mjs');
    expect(execFormOf(last, 'ENTRYPOINT')).toEqual([node, flag, 'dist/src/cli/main.js']);
    expect(textsOf(last, 'USER')).toEqual(['1000:1000']);
    expect(textsOf(last, 'STOPSIGNAL')).toEqual(['SIGTERM']);
  });

  it('sets only settings that exist, and listens on every address of the container', () => {
    const environment = environmentOf(last);
    const ofOthers = /^(NODE|NVIDIA|TF|CUDA)_/;
    const settings = Object.values(SETTINGS).map(({ env }) => env);
    for (const variable of Object.keys(environment)) {
      if (!ofOthers.test(variable)) expect(settings).toContain(variable);
    }
    expect(environment).toMatchObject({ HOST: '0.0.0.0', PORT: '8787', NVIDIA_VISIBLE_DEVICES: 'all' });
    // Who publishes its port decides whom it serves.
    expect(environment).not.toHaveProperty('ALLOW_ANONYMOUS');
    expect(textsOf(last, 'EXPOSE')).toEqual([environment['PORT']]);
  });
});

it('the context is a list of what may be in it, and all of it is there', () => {
  const [first, ...rest] = textOf('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(first).toBe('*');
  for (const line of rest) expect(line).toMatch(/^![\w.-]+$/);
  expect(rest.filter((line) => !existsSync(join(ROOT, line.slice(1))))).toEqual([]);
});

describe('compose.yaml', () => {
  it('lies where it is run, so that MODELS=./models and the contexts are relative to that folder', () => {
    for (const [, { build }] of services) expect(build.context).toBe('.');
  });

  it.each(services)(
    '%s asks what its image asks, and is stopped no sooner than its streams',
    (_, service) => {
      const { build, healthcheck, environment, stop_grace_period: grace } = service;
      const image = lastStageOf(build.dockerfile.replace('docker/', ''));
      expect(healthcheck.test).toEqual(['CMD', ...execFormOf(image, 'HEALTHCHECK')]);
      expect(grace).toMatch(/^\d+s$/);
      // A second for the last frames, and some to spare.
      expect(parseInt(grace)).toBeGreaterThan(Number(environment['SHUTDOWN_TIMEOUT']) + 5);
    },
  );

  it.each(services)('%s is reached from this machine alone, and cannot change its models', (_, service) => {
    expect(service.ports).toHaveLength(1);
    expect(service.ports[0]).toMatch(/^127\.0\.0\.1:\d+:8787$/);
    // For that reason alone it wants no key.
    expect(service.environment['ALLOW_ANONYMOUS']).toBe('on');
    expect(service.volumes).toEqual([expect.stringMatching(/:\/models:ro$/)]);
    // Models there are served by their ids.
    expect(service.environment['MODELS_DIR']).toBe('/models');
    expect(compose.volumes).toHaveProperty('models');
  });

  it('gives each service a port and a runtime of its own, and a GPU where it computes on one', () => {
    const all = services.map(([, service]) => service);
    expect(new Set(all.flatMap(({ ports }) => ports)).size).toBe(all.length);
    const runtimes = SETTINGS.runtime.schema;
    for (const { environment } of all) expect(runtimes.parse(environment['RUNTIME'])).toBeDefined();
    const devices = all.map(({ deploy }) => deploy?.resources.reservations.devices);
    const gpu = [expect.objectContaining({ driver: 'nvidia', capabilities: ['gpu'] })];
    expect(devices).toEqual([undefined, gpu, gpu]);
    // Dawn is in the image that computes on it alone, which therefore has a name of its own.
    expect(all.map(({ build }) => build.args)).toEqual([undefined, { WEBGPU: 'on' }, undefined]);
    expect(new Set(all.map(({ image }) => image)).size).toBe(all.length);
  });
});

it('what ends is started again', () => {
  for (const [, { restart }] of services) expect(restart).toBe('unless-stopped');
});
