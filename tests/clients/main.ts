import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CLIENTS, type ClientUnderTest } from './client-under-test.ts';
import { installNode, NODE_MAJORS, type NodeMajor } from '../../scripts/install-packages.ts';
import { installNodeClient, installPythonClients } from './install-clients.ts';
import { formatMatrix, writeMatrix } from './matrix.ts';
import { missing, runClient, type CellResult } from './run-client.ts';
import { startScriptedService, type ScriptSetup } from './scripted-service.ts';

const USAGE = `npm run test:clients -- [options]
  --list         the clients, without running them
  --only NAME    a client, or all whose name begins so; may be repeated
  --node MAJOR   20, 22 or 24, by default all; may be repeated
  --prepare      installs what the clients need, and runs none
  --write        puts the table into docs/clients.md
  --json FILE    writes what was found as JSON
`;

const DOCUMENT = fileURLToPath(new URL('../../docs/clients.md', import.meta.url));

interface Options {
  clients: readonly ClientUnderTest[];
  majors: readonly NodeMajor[];
  prepare: boolean;
  write: boolean;
  json: string | undefined;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      list: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      node: { type: 'string', multiple: true, default: [] },
      prepare: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { only, node, prepare, write, json } = values;
  const clients = CLIENTS.filter(
    ({ name }) => only.length === 0 || only.some((prefix) => name.startsWith(prefix)),
  );
  if (values.help || values.list) {
    const names = clients.map(({ name, title }) => `${name}: ${title}\n`).join('');
    process.stdout.write(values.help ? USAGE : names);
    return undefined;
  }
  if (clients.length === 0) throw new Error(`no client is called '${only.join("', '")}'; --list names them`);
  for (const major of node) {
    if (!NODE_MAJORS.some((known) => String(known) === major))
      throw new Error(`--node is '${major}'; it must be one of ${NODE_MAJORS.join(', ')}`);
  }
  const majors = NODE_MAJORS.filter((major) => node.length === 0 || node.includes(String(major)));
  if (write && (clients.length < CLIENTS.length || majors.length < NODE_MAJORS.length))
    throw new Error('--write wants the whole table: leave --only and --node out');
  return { clients, majors, prepare, write, json };
}

/** The programs that run a client's script. */
async function runtimesOf(
  { script }: ClientUnderTest,
  majors: readonly NodeMajor[],
): Promise<{ runtime: string; program: string }[]> {
  if (script.endsWith('.py')) return [{ runtime: 'python', program: await installPythonClients() }];
  return Promise.all(
    majors.map(async (major) => ({ runtime: `node ${major}`, program: await installNode(major) })),
  );
}

async function runAll({ clients, majors }: Options, setup: ScriptSetup): Promise<CellResult[]> {
  const results: CellResult[] = [];
  for (const client of clients) {
    const skipped = missing(client);
    for (const { runtime, program } of await runtimesOf(client, majors)) {
      const reason = skipped ?? tooOld(client, runtime);
      const result =
        reason === undefined
          ? await runClient(client, { program, runtime, setup })
          : { client: client.name, runtime, checks: [], seconds: 0, skipped: reason };
      results.push(result);
      process.stdout.write(progressLine(result));
    }
  }
  return results;
}

function tooOld({ lowestNode = 0 }: ClientUnderTest, runtime: string): string | undefined {
  const major = /^node (\d+)$/.exec(runtime)?.[1];
  return Number(major ?? Infinity) < lowestNode ? `it wants Node ${lowestNode}` : undefined;
}

function progressLine({ client, runtime, checks, seconds, skipped }: CellResult): string {
  if (skipped !== undefined) return `skipped ${client}, ${runtime}: ${skipped}\n`;
  const failed = checks.filter(({ ok }) => !ok);
  const verdict = failed.length === 0 ? 'passed ' : 'FAILED ';
  const line = `${verdict} ${client}, ${runtime}: ${checks.length - failed.length} of ${checks.length}, ${seconds.toFixed(1)} s`;
  return [line, ...failed.map(({ check, error = '' }) => `${check}: ${error}`)].join('\n        ') + '\n';
}

async function main(options: Options): Promise<number> {
  if (options.prepare) {
    for (const client of options.clients) {
      await runtimesOf(client, options.majors);
      if (client.script.endsWith('.mjs')) await installNodeClient(client.name);
    }
    return 0;
  }
  const service = await startScriptedService();
  const results = await runAll(options, service.setup).finally(() => service.stop());
  const checks = results.flatMap((result) => result.checks);
  const numFailed = checks.filter(({ ok }) => !ok).length;
  const numPassed = checks.length - numFailed;
  const matrix = await formatMatrix(results);
  process.stdout.write(`\n${matrix}\n\n${numPassed} passed, ${numFailed} failed\n`);
  if (options.write) writeMatrix(DOCUMENT, matrix);
  if (options.json !== undefined) {
    mkdirSync(dirname(options.json), { recursive: true });
    writeFileSync(options.json, JSON.stringify({ numPassed, numFailed, results }, null, 1));
  }
  return numFailed === 0 ? 0 : 1;
}

const options = readOptions();
if (options !== undefined) process.exitCode = await main(options);
