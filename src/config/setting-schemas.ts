import { BlockList, isIP } from 'node:net';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { readGatewayHost, type GatewayHosts } from '../gateway/providers.ts';
import { dataHome } from '../data-home.ts';
import { MAX_TIMER_MS } from './timer-limit.ts';

/** How values of settings are read, which come as strings. */

/** A whole number. */
export const integer = (minimum: number, maximum = Number.MAX_SAFE_INTEGER): z.ZodType<number> =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(minimum, `must be at least ${minimum}`).max(maximum, `must be at most ${maximum}`));

/** One of a few words. */
export const oneOf = <const Names extends readonly [string, ...string[]]>(
  names: Names,
): z.ZodType<Names[number]> => z.enum(names, { error: `must be one of ${names.join(', ')}` });

/** A setting without a default; an empty text is none. Not a union, whose error does not say what is wrong. */
export const optional = <T>(schema: z.ZodType<T>): z.ZodType<T | undefined> =>
  z.union([z.undefined(), z.string()]).transform((text, context) => {
    if (text === undefined || text === '') return undefined;
    const result = schema.safeParse(text);
    if (result.success) return result.data;
    for (const { message } of result.error.issues) context.addIssue(message);
    return z.NEVER;
  });

/** What a timer can be set to, rounded down. */
const MAX_SECONDS = Math.floor(MAX_TIMER_MS / 1000);

/** Read as milliseconds. */
export const seconds = (minimum: number): z.ZodType<number> =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'must be a number of seconds')
    .transform(Number)
    .pipe(
      z
        .number()
        .min(minimum, `must be at least ${minimum} seconds`)
        .max(MAX_SECONDS, `must be at most ${MAX_SECONDS} seconds, 24.8 days: no timer runs longer`),
    )
    .transform((value) => value * 1000);

export const modelsDirectory = z
  .union([z.undefined(), z.string()])
  .transform((path) => resolve(path || join(dataHome(), 'tokenflare', 'models')));

export const vectorizeDirectory = z
  .union([z.undefined(), z.string()])
  .transform((path) => resolve(path || join(dataHome(), 'tokenflare', 'vectorize')));

/** A path, or `:memory:`, as SQLite calls it. */
const databaseFile = (name: string) =>
  z
    .union([z.undefined(), z.string()])
    .transform((text) =>
      text === 'memory' ? ':memory:' : resolve(text || join(dataHome(), 'tokenflare', name)),
    );

export const benchmarkResults = databaseFile('benchmarks.sqlite');
export const gatewayLogs = databaseFile('gateway-logs.sqlite');

/** Names, separated by commas. */
export const idList = z
  .union([z.undefined(), z.string()])
  .transform((text = '') => text.split(',').flatMap((id) => id.trim() || []));

/** Providers whose requests may leave this machine, and where they go. */
export const gatewayHosts = idList.transform((entries, context): GatewayHosts => {
  const hosts = new Map<string, string>();
  for (const entry of entries) {
    const read = readGatewayHost(entry);
    if (typeof read === 'string') {
      context.addIssue(read);
      return z.NEVER;
    }
    for (const [provider, url] of read) hosts.set(provider, url);
  }
  return hosts;
});

const ALIAS = /^([^\s=*]+|[^\s=*]*\*)=([^\s=*]+)$/;

/** `NAME=MODEL` or `PREFIX*=MODEL`, separated by commas. */
export const modelAliases = idList.transform((entries, context) => {
  const byName = new Map<string, string>();
  for (const entry of entries) {
    const [, name, modelId] = ALIAS.exec(entry) ?? [];
    if (name === undefined || modelId === undefined) {
      context.addIssue(
        `'${entry}' is no alias: write NAME=MODEL, or PREFIX*=MODEL for all names that begin so`,
      );
      return z.NEVER;
    }
    if (byName.has(name)) {
      context.addIssue(`'${name}' stands for two models, ${byName.get(name) ?? ''} and ${modelId}`);
      return z.NEVER;
    }
    byName.set(name, modelId);
  }
  return [...byName].map(([name, modelId]) => ({ name, modelId }));
});

/** Where defaults of sampling come from: a word, or a file. */
export const generationConfig = z
  .string()
  .refine(
    (text) => ['model', 'openai'].includes(text) || text.endsWith('.json'),
    'must be model, openai, or the path of a file that ends in .json',
  )
  .transform((text) => (text === 'model' || text === 'openai' ? text : { file: resolve(text) }));

/** A list that may be empty, each entry in lower case and held to a form. */
export const listOf = (form: RegExp, problem: string): z.ZodType<readonly string[]> =>
  idList
    .transform((entries) => entries.map((entry) => entry.toLowerCase()))
    .pipe(z.array(z.string().regex(form, problem)));

/** Addresses and networks in CIDR notation, as Node looks addresses up in. */
export const networks = idList.transform((entries, context) => {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const maxPrefix = family === 'ipv6' ? 128 : 32;
    const numBits = prefix === undefined ? maxPrefix : Number(prefix);
    if (isIP(address) === 0 || !/^\d*$/.test(prefix ?? '') || prefix === '' || numBits > maxPrefix) {
      context.addIssue(`'${entry}' is neither an address nor a network such as 10.0.0.0/8`);
      return z.NEVER;
    }
    list.addSubnet(address, numBits, family);
  }
  return list;
});

const TCP = /^tcp:\/\/(\*|\[[\da-f:.]+\]|[^\s:/*[\]]+):(\d{1,5})$/i;

/** An endpoint of ZeroMQ. As vLLM has it, one of all addresses listens, and any other is connected to. */
export const kvEventsEndpoint = optional(
  z.string().transform((text, context) => {
    const [, name = '', port = ''] = TCP.exec(text) ?? [];
    if (name === '' || Number(port) > 65_535) {
      context.addIssue('must be tcp://*:PORT or tcp://HOST:PORT');
      return z.NEVER;
    }
    const host = name === '*' ? '0.0.0.0' : name.replace(/^\[(.*)\]$/, '$1');
    const mode: 'listen' | 'connect' = name === '*' || host === '::' ? 'listen' : 'connect';
    return { mode, host, port: Number(port) };
  }),
);

/** Who may use a route for admins. */
export const adminRoute = oneOf(['on', 'off', 'loopback']);

/** An URL of Redis, or the path of its socket. */
export function isRedisUrl(text: string): boolean {
  if (text.startsWith('/')) return true;
  return URL.canParse(text) && ['redis:', 'rediss:'].includes(new URL(text).protocol);
}

/** Read as a truth value. */
export const onOff = oneOf(['on', 'off']).transform((text) => text === 'on');
