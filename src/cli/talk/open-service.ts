import type { Command } from 'commander';
import type { Config } from '../../config/config.ts';
import { EngineError } from '../../errors.ts';
import { openLog, showChildrenFor } from '../log.ts';
import { readSettings } from '../setting-flags.ts';
import { say } from '../terminal.ts';
import { parse, refusal, unreachable, type Asked } from '../../client/post-json.ts';

/** A service that answers a command. */
export interface AnsweringService extends Asked {
  /** The model that answers, as requests name it. */
  readonly modelId: string;
  close(): Promise<void>;
}

/** What is read of a model in the list of `GET /v1/models`. */
interface ListedModel {
  readonly id: string;
  readonly owned_by?: string;
  readonly is_default?: boolean;
}

/** The models of a service. @throws as `postJson` */
async function listModels(service: Asked, signal: AbortSignal): Promise<readonly ListedModel[]> {
  const response = await service.fetch('/v1/models', { signal }).catch((cause: unknown) => {
    throw unreachable(service.where, cause);
  });
  const text = await response.text();
  if (!response.ok) throw refusal(`${service.where} answered ${response.status}`, text);
  const { data } = (parse(text) ?? {}) as { data?: readonly ListedModel[] };
  if (Array.isArray(data)) return data as readonly ListedModel[];
  throw new EngineError('backend_failure', `${service.where}/v1/models is no list of models`);
}

/** Longest that a service which may run on this machine has to say what it serves. */
const LOOK_LIMIT_MS = 1000;
/** Longest that a service which was named has to. */
const CONTACT_LIMIT_MS = 10_000;

/**
 * The service that answers a command: the one at --url; else the one that runs at HOST and PORT, if it serves the model;
 * else one that is started in this process, without a socket.
 *
 * @param model an argument of the command, which wins over --model; without either the default one
 * @throws EngineError when the model cannot be had
 */
export async function openService(command: Command, model?: string): Promise<AnsweringService> {
  const { url, model: flag } = command.opts<{ url?: string; model?: string }>();
  const named = model ?? flag;
  const config = readSettings(command, named === undefined ? {} : { model: named });
  if (url !== undefined) {
    const remote = remoteService(urlOf(url));
    const models = await listModels(remote, AbortSignal.timeout(CONTACT_LIMIT_MS));
    return { ...remote, modelId: idAmong(models, named, remote.where) };
  }
  return (await findRunning(config)) ?? startHere(config);
}

/** The service at --url, else at HOST and PORT, whether one answers there or not. */
export function namedService(command: Command): Asked {
  const { url } = command.opts<{ url?: string }>();
  return remoteService(url === undefined ? addressOf(readSettings(command)) : urlOf(url));
}

function addressOf({ host, port }: Config): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** The service at HOST and PORT, if it is one of ours and serves the model. */
async function findRunning(config: Config): Promise<AnsweringService | undefined> {
  const { port, model } = config;
  if (port === 0) return undefined;
  const remote = remoteService(addressOf(config));
  // What does not answer, or wants a key that is not there, is as good as none.
  const listed = await listModels(remote, AbortSignal.timeout(LOOK_LIMIT_MS)).catch(() => []);
  // Another server on that port was not meant.
  const models = listed.filter(({ owned_by: owner }) => owner === 'tokenflare');
  const found = model === undefined ? defaultOf(models) : models.find(({ id }) => id === model);
  return found === undefined ? undefined : { ...remote, modelId: found.id };
}

function remoteService(url: string): Omit<AnsweringService, 'modelId'> {
  const apiKey = process.env['TOKENFLARE_API_KEY'];
  const authorization: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {};
  return {
    where: url,
    fetch: (path, init) => {
      const headers = { ...(init.headers as Record<string, string> | undefined), ...authorization };
      return fetch(url + path, { ...init, headers });
    },
    close: () => Promise.resolve(),
  };
}

function idAmong(models: readonly ListedModel[], model: string | undefined, where: string): string {
  const found = model === undefined ? defaultOf(models) : models.find(({ id }) => id === model);
  if (found !== undefined) return found.id;
  const ids = models.map(({ id }) => id).join(', ');
  throw new EngineError(
    'model_not_found',
    `${where} does not serve '${model ?? ''}'; it serves ${ids || 'nothing'}`,
  );
}

const defaultOf = (models: readonly ListedModel[]): ListedModel | undefined =>
  models.find(({ is_default: isDefault }) => isDefault) ?? models[0];

async function startHere(config: Config): Promise<AnsweringService> {
  const level =
    process.env['LOG_LEVEL'] === undefined && config.logLevel === 'info' ? 'warn' : config.logLevel;
  const [{ startLocalService }, { standardError }] = await Promise.all([
    import('../../service.ts'),
    import('../../process/standard-streams.ts'),
  ]);
  showChildrenFor(level);
  if (process.stderr.isTTY) say('loading the model …');
  // This program is its only client.
  const open = { ...config, host: 'localhost', keysFile: undefined, redisUrl: undefined, preloadModels: [] };
  const local = await startLocalService(open, await openLog(level, standardError));
  const { id, runtimeDescription } = local.engine.model;
  return {
    modelId: id,
    where: runtimeDescription,
    fetch: (path, init) => local.fetch(new Request(`http://localhost${path}`, init)),
    close: () => local.close(0),
  };
}

function urlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new EngineError(
      'config_invalid',
      `--url is '${text}': must be an address such as http://127.0.0.1:8787`,
    );
  }
  return text.replace(/\/+$/, '');
}
