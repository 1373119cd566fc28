import { parseArgs } from 'node:util';
import { createKey, revokeKey } from '../src/access/edit-keys.ts';
import { readKeyFile, type StoredKey } from '../src/access/key-file.ts';
import { formatKeyList, stateOf } from '../src/access/format-key-list.ts';
import { parseKeyDemand, type KeyFlags } from '../src/access/parse-key-demand.ts';
import { toSnakeCase } from '../src/bench/snake-case.ts';
import { readConfig } from '../src/config/config.ts';
import { EngineError } from '../src/errors.ts';

const USAGE = `npm run keys -- COMMAND [--json] [--keys-file FILE]

  create NAME           make a key and write it to standard output, this once; the file has its hash
    --admin                   may run benchmarks, look at attention, and read metrics
    --requests-per-minute N   requests that may come in a minute
    --tokens-per-minute N     tokens of prompts and completions in a minute
    --concurrency N           requests that may be in flight at once
    --models A,B              ids of the models that it may use, as GET /v1/models has them
    --expires DATE            refused from then on: 2027-01-31 (UTC), or 2027-01-31T12:00:00Z
  list                  the keys that there are
  revoke ID_OR_NAME     refuse a key from now on

A running service sees a change within a second of its next request. Keys have no limit that they are not given.

  KEYS_FILE     where the keys lie; the service is started with the same
`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  'keys-file': { type: 'string' },
  admin: { type: 'boolean' },
  'requests-per-minute': { type: 'string' },
  'tokens-per-minute': { type: 'string' },
  concurrency: { type: 'string' },
  models: { type: 'string' },
  expires: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

interface Invocation {
  readonly keysFile: string;
  readonly json: boolean;
  readonly flags: KeyFlags;
}

const COMMANDS: Record<string, (args: readonly string[], invocation: Invocation) => Promise<void>> = {
  create,
  list,
  revoke,
};

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  const [name, ...args] = positionals;
  if (name === undefined && !values.help) process.exitCode = 1;
  if (name === undefined || values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw usageError(`there is no command '${name}'`);
  const { json, 'keys-file': path } = values;
  const flags = keyFlagsOf(values);
  const [flag] = Object.keys(flags);
  if (command !== create && flag !== undefined) throw usageError(`${name} takes no --${flag}`);
  const { keysFile } = readConfig(process.env, path === undefined ? [] : ['--keys-file', path]);
  if (keysFile === undefined) throw usageError('say where the keys lie: KEYS_FILE=keys.json or --keys-file');
  await command(args, { keysFile, json, flags });
}

async function create(args: readonly string[], { keysFile, json, flags }: Invocation): Promise<void> {
  const demand = parseKeyDemand(oneOf(args, 'create', 'name'), flags);
  const { text, key } = await createKey(keysFile, demand);
  if (json) {
    printJson({ ...jsonOf(key), key: text });
    return;
  }
  process.stderr.write(
    `the key '${key.name}' (${key.id}) is in ${keysFile}. This is the only time that it is shown:\n`,
  );
  print(text);
}

async function list(args: readonly string[], { keysFile, json }: Invocation): Promise<void> {
  if (args.length > 0) throw usageError('list takes no argument');
  const keys = (await readKeyFile(keysFile)) ?? [];
  if (json) printJson(keys.map(jsonOf));
  else if (keys.length > 0) print(formatKeyList(keys, Date.now()));
  else process.stderr.write(`there is no key in ${keysFile}\n`);
}

async function revoke(args: readonly string[], { keysFile, json }: Invocation): Promise<void> {
  const key = await revokeKey(keysFile, oneOf(args, 'revoke', 'id or name'));
  if (json) printJson(jsonOf(key));
  else print(`the key '${key.name}' (${key.id}) is revoked`);
}

/** All but the hash, which is of no use to a reader. */
function jsonOf(key: StoredKey): object {
  return { ...key, sha256: undefined, state: stateOf(key, Date.now()) };
}

/** Those of a new key. */
function keyFlagsOf(values: KeyFlags & Record<string, unknown>): KeyFlags {
  const names = ['admin', 'requests-per-minute', 'tokens-per-minute', 'concurrency', 'models', 'expires'];
  return Object.fromEntries(names.flatMap((name) => (name in values ? [[name, values[name]]] : [])));
}

function readArguments() {
  try {
    return parseArgs({ options: OPTIONS, strict: true, allowPositionals: true });
  } catch (cause) {
    throw usageError(cause instanceof Error ? cause.message : String(cause));
  }
}

function oneOf(args: readonly string[], command: string, what: string): string {
  const [only, ...others] = args;
  if (only === undefined || others.length > 0) throw usageError(`${command} takes one ${what}`);
  return only;
}

function usageError(problem: string): EngineError {
  return new EngineError('invalid_request', `${problem}\n\n${USAGE}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printJson(value: object): void {
  print(JSON.stringify(toSnakeCase(value), undefined, 2));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof EngineError) || error.code === 'internal') throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
