import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { askVectorize, jsonBody, type VectorizeBody } from '../../client/vectorize-client.ts';
import type { Asked } from '../../client/post-json.ts';
import { EngineError } from '../../errors.ts';
import { fieldOf, hasCode } from '../../values.ts';
import { addSettings } from '../setting-flags.ts';
import { namedService } from '../talk/open-service.ts';
import { print, say } from '../terminal.ts';

/** No colours, no lines between rows. */
const PLAIN = { head: [], border: [], compact: true };
/** As wrangler's; a service takes up to 5000 at once. */
const BATCH_SIZE = '1000';
const MAX_BATCH_SIZE = 5000;

/** Commands and flags as `wrangler vectorize` has them. */
export function configureVectorize(command: Command): void {
  command.addHelpText(
    'after',
    '\nAsks the service at --url, else the one at HOST and PORT. The key that it wants is in TOKENFLARE_API_KEY.',
  );
  configureIndexes(command);
  configureVectors(command);
  configureMetadataIndexes(command);
}

/** What a subcommand does with a service; what it returns is printed as JSON. */
type Work<Flags> = (service: Asked, name: string, flags: Flags) => Promise<unknown>;

function subcommand<Flags>(parent: Command, name: string, description: string, work: Work<Flags>): Command {
  const isNamed = name !== 'list';
  const command = parent.command(name).description(description);
  if (isNamed) command.argument('<name>', 'of the index');
  command.option('--url <url>', 'of the service').option('--json', 'the answer as JSON');
  addSettings(command, 'Where a service is looked for:', ['host', 'port']);
  return command.action(async (given: unknown) => {
    const index = typeof given === 'string' ? given : '';
    const answer = await work(namedService(command), index, command.opts<Flags & object>());
    if (answer !== undefined) print(JSON.stringify(answer, undefined, 2));
  });
}

const pathOf = (name: string): string => `/${encodeURIComponent(name)}`;

interface CreateFlags {
  readonly dimensions?: string;
  readonly metric?: string;
  readonly preset?: string;
  readonly description?: string;
  readonly json?: true;
}

function configureIndexes(parent: Command): void {
  subcommand<CreateFlags>(parent, 'create', 'Makes an index.', async (service, name, flags) => {
    const { dimensions, metric, preset, description } = flags;
    if (preset === undefined && (dimensions === undefined || metric === undefined)) {
      throw new EngineError('invalid_request', 'give --dimensions and --metric, or --preset');
    }
    const config = preset === undefined ? { dimensions: Number(dimensions), metric } : { preset };
    const made = await askVectorize(service, 'POST', '', jsonBody({ name, description, config }));
    if (flags.json === true) return made;
    say(`the index ${name} is made`);
    return undefined;
  })
    .option('--dimensions <n>', 'numbers of each vector, at most 1536')
    .option('--metric <metric>', 'cosine, euclidean or dot-product')
    .option('--preset <model>', "dimensions and metric of a model, such as '@cf/baai/bge-base-en-v1.5'")
    .option('--description <text>', 'for people');
  subcommand<{ json?: true }>(parent, 'list', 'The indexes that there are.', async (service, _, { json }) => {
    const indexes = (await askVectorize(service, 'GET', '')) as readonly ListedIndex[];
    if (json === true) return indexes;
    if (indexes.length === 0) say('there is no index');
    else print(formatIndexes(indexes));
    return undefined;
  });
  subcommand(parent, 'get', 'An index.', (service, name) => askVectorize(service, 'GET', pathOf(name)));
  subcommand(parent, 'info', 'How many vectors an index has, and its last change.', (service, name) =>
    askVectorize(service, 'GET', `${pathOf(name)}/info`),
  );
  subcommand<{ force?: true }>(
    parent,
    'delete',
    'Deletes an index with all its vectors.',
    async (service, name, { force }) => {
      if (force !== true)
        throw new EngineError('invalid_request', `this deletes all vectors of ${name}; say it with --force`);
      await askVectorize(service, 'DELETE', pathOf(name));
      say(`the index ${name} is gone`);
    },
  ).option('-y, --force', 'without it nothing is deleted');
}

interface ListedIndex {
  readonly name: string;
  readonly config: { readonly dimensions: number; readonly metric: string };
  readonly description: string;
  readonly created_on: string;
}

function formatIndexes(indexes: readonly ListedIndex[]): string {
  const table = new Table({ head: ['name', 'dimensions', 'metric', 'description', 'created'], style: PLAIN });
  for (const { name, config, description, created_on: createdOn } of indexes) {
    table.push([name, config.dimensions, config.metric, description || '-', createdOn]);
  }
  return table.toString();
}

interface PutFlags {
  readonly file: string;
  readonly batchSize: string;
  readonly json?: true;
}

interface QueryFlags {
  readonly vector?: readonly string[];
  readonly vectorId?: string;
  readonly topK: string;
  readonly returnValues?: true;
  readonly returnMetadata: string;
  readonly namespace?: string;
  readonly filter?: string;
}

function configureVectors(parent: Command): void {
  for (const [mode, description] of [
    ['insert', 'Adds vectors of a file, none whose id there is.'],
    ['upsert', 'Adds vectors of a file, in place of those with the same ids.'],
  ] as const) {
    subcommand<PutFlags>(parent, mode, description, async (service, name, flags) => {
      const count = await putFile(service, `${pathOf(name)}/${mode}`, flags);
      if (flags.json === true) return { index: name, count };
      say(`${count} vectors are sent to ${name}`);
      return undefined;
    })
      .requiredOption(
        '--file <path>',
        'of ndjson: on each line an object with id, values and, if wanted, namespace, metadata',
      )
      .option('--batch-size <n>', 'vectors of one request, at most 5000', BATCH_SIZE);
  }
  subcommand<QueryFlags>(parent, 'query', 'The vectors nearest to one.', (service, name, flags) =>
    askVectorize(service, 'POST', `${pathOf(name)}/query`, queryBody(flags)),
  )
    .option('--vector <numbers...>', 'the vector')
    .option('--vector-id <id>', 'in its place: the id of a vector of the index')
    .option('--top-k <n>', 'how many', '5')
    .option('--return-values', 'with their numbers')
    .option('--return-metadata <level>', 'all, indexed or none', 'none')
    .option('--namespace <name>', 'of this namespace alone')
    .option('--filter <json>', `of these conditions alone, such as '{"kind":{"$ne":"a"}}'`);
  const byIds = (command: string, description: string, operation: string): void => {
    subcommand<{ ids: readonly string[] }>(parent, command, description, (service, name, { ids }) =>
      askVectorize(service, 'POST', `${pathOf(name)}/${operation}`, jsonBody({ ids })),
    ).requiredOption('--ids <id...>', 'of the vectors');
  };
  byIds('get-vectors', 'Vectors by their ids.', 'get_by_ids');
  byIds('delete-vectors', 'Deletes vectors by their ids.', 'delete_by_ids');
  subcommand<{ count?: string; cursor?: string }>(
    parent,
    'list-vectors',
    'The ids of vectors, a page of them.',
    (service, name, { count, cursor }) => {
      const query = new URLSearchParams(Object.entries({ count, cursor }).filter(hasValue));
      return askVectorize(service, 'GET', `${pathOf(name)}/list?${query.toString()}`);
    },
  )
    .option('--count <n>', 'how many, at most 1000 [100]')
    .option('--cursor <cursor>', 'nextCursor of the page before');
}

const hasValue = (entry: [string, string | undefined]): entry is [string, string] => entry[1] !== undefined;

function queryBody(flags: QueryFlags): VectorizeBody {
  const { vector, vectorId, topK, returnValues, returnMetadata, namespace, filter } = flags;
  return jsonBody({
    vector: vector?.map((text) => Number(text)),
    vectorId,
    topK: Number(topK),
    returnValues,
    returnMetadata,
    namespace,
    filter: filter === undefined ? undefined : readFilter(filter),
  });
}

function readFilter(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EngineError('invalid_request', `--filter is '${text}': must be JSON such as {"kind":"a"}`);
  }
}

/** Sends the lines of a file, some at a time; how many. */
async function putFile(service: Asked, path: string, { file, batchSize }: PutFlags): Promise<number> {
  const most = Number(batchSize);
  if (!Number.isInteger(most) || most < 1 || most > MAX_BATCH_SIZE) {
    throw new EngineError(
      'invalid_request',
      `--batch-size is '${batchSize}': must be from 1 to ${MAX_BATCH_SIZE}`,
    );
  }
  let count = 0;
  let lines: string[] = [];
  const send = async (): Promise<void> => {
    if (lines.length === 0) return;
    await askVectorize(service, 'POST', path, { type: 'application/x-ndjson', content: lines.join('\n') });
    count += lines.length;
    lines = [];
  };
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      if (line.trim() === '') continue;
      if (lines.push(line) >= most) await send();
    }
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT', 'EACCES', 'EISDIR')) throw cause;
    throw new EngineError('invalid_request', `the file ${file} cannot be read: ${String(cause)}`, { cause });
  }
  await send();
  if (count > 0) return count;
  throw new EngineError('invalid_request', `the file ${file} has no line`);
}

function configureMetadataIndexes(parent: Command): void {
  const property = ['--property-name <path>', 'the property, as a path with dots'] as const;
  subcommand<{ propertyName: string; type: string }>(
    parent,
    'create-metadata-index',
    'Lets filters find a property of the vectors to come.',
    (service, name, { propertyName, type: indexType }) =>
      askVectorize(
        service,
        'POST',
        `${pathOf(name)}/metadata_index/create`,
        jsonBody({ propertyName, indexType }),
      ),
  )
    .requiredOption(...property)
    .requiredOption('--type <type>', 'string, number or boolean');
  subcommand(parent, 'list-metadata-index', 'The properties that filters find.', async (service, name) =>
    fieldOf(await askVectorize(service, 'GET', `${pathOf(name)}/metadata_index/list`), 'metadataIndexes'),
  );
  subcommand<{ propertyName: string }>(
    parent,
    'delete-metadata-index',
    'Lets filters find a property no longer.',
    (service, name, { propertyName }) =>
      askVectorize(service, 'POST', `${pathOf(name)}/metadata_index/delete`, jsonBody({ propertyName })),
  ).requiredOption(...property);
}
