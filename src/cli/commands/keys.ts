import type { Command } from 'commander';
import { createKey, revokeKey } from '../../access/edit-keys.ts';
import { readKeyFile, type StoredKey } from '../../access/key-file.ts';
import { parseNewKey } from '../../access/parse-new-key.ts';
import { givenFlags, addSettings, readSettings } from '../setting-flags.ts';
import { print, printJson, say } from '../terminal.ts';
import Table from 'cli-table3';

/** No colours, no lines between rows. */
const PLAIN = { head: [], border: [], compact: true };

type KeyState = 'valid' | 'expired' | 'revoked';

function stateOf({ revokedAt, expiresAt }: StoredKey, now: number): KeyState {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && Date.parse(expiresAt) <= now ? 'expired' : 'valid';
}

/** `tokenflare keys list` for a terminal. */
function formatKeyList(keys: readonly StoredKey[], now: number): string {
  const table = new Table({
    head: ['id', 'name', 'state', 'admin', 'requests/min', 'tokens/min', 'at once', 'models', 'expires'],
    style: PLAIN,
  });
  for (const key of keys) {
    const { requestsPerMinute, tokensPerMinute, concurrency } = key.limits;
    table.push([
      key.id,
      key.name,
      stateOf(key, now),
      key.isAdmin ? 'yes' : '-',
      requestsPerMinute ?? '-',
      tokensPerMinute ?? '-',
      concurrency ?? '-',
      key.models?.join(', ') ?? 'all',
      key.expiresAt ?? '-',
    ]);
  }
  return table.toString();
}

export function configureKeys(command: Command): void {
  command.addHelpText(
    'after',
    '\nA running service sees a change within a second of its next request. Keys have no limit that they are not given.',
  );
  configureCreate(command.command('create'));
  configureList(command.command('list'));
  configureRevoke(command.command('revoke'));
}

function configureCreate(command: Command): void {
  command
    .description('Makes a key and writes it to standard output, this once; the file has its hash.')
    .argument('<name>', 'whose key it is')
    .option(
      '--admin',
      'may run benchmarks, look at attention, use Vectorize, read metrics, and see the requests, streams and gateway logs of all clients',
    )
    .option('--requests-per-minute <n>', 'requests that may come in a minute')
    .option('--tokens-per-minute <n>', 'tokens of prompts and completions in a minute')
    .option('--concurrency <n>', 'requests that may be in flight at once')
    .option('--models <a,b>', 'ids of the models that it may use, as GET /v1/models has them')
    .option('--expires <date>', 'refused from then on: 2027-01-31 (UTC), or 2027-01-31T12:00:00Z');
  addKeysFile(command).action(async (name: string) => {
    const keysFile = keysFileOf(command);
    const { text, key } = await createKey(keysFile, parseNewKey(name, givenFlags(command)));
    if (isJson(command)) printJson({ ...jsonOf(key), key: text });
    else {
      say(`the key '${key.name}' (${key.id}) is in ${keysFile}. This is the only time that it is shown:`);
      print(text);
    }
  });
}

function configureList(command: Command): void {
  addKeysFile(command.description('The keys that there are.')).action(async () => {
    const keysFile = keysFileOf(command);
    const keys = (await readKeyFile(keysFile)) ?? [];
    if (isJson(command)) printJson(keys.map(jsonOf));
    else if (keys.length > 0) print(formatKeyList(keys, Date.now()));
    else say(`there is no key in ${keysFile}`);
  });
}

function configureRevoke(command: Command): void {
  command.description('Refuses a key from now on.').argument('<key>', 'its id or name');
  addKeysFile(command).action(async (idOrName: string) => {
    const key = await revokeKey(keysFileOf(command), idOrName);
    if (isJson(command)) printJson(jsonOf(key));
    else print(`the key '${key.name}' (${key.id}) is revoked`);
  });
}

function addKeysFile(command: Command): Command {
  command.option('--json', 'says it in JSON');
  addSettings(command, 'Settings, as flags or environment variables:', ['keysFile']);
  return command;
}

function keysFileOf(command: Command): string {
  const { keysFile } = readSettings(command);
  return (
    keysFile ?? command.error('error: say where the keys lie: KEYS_FILE=keys.json or --keys-file keys.json')
  );
}

const isJson = (command: Command): boolean => command.opts<{ json?: true }>().json === true;

/** All but the hash, which is of no use to a reader. */
function jsonOf(key: StoredKey): object {
  return { ...key, sha256: undefined, state: stateOf(key, Date.now()) };
}
