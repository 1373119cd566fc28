import { type Command, InvalidArgumentError } from 'commander';
import { flagOf, type Config } from '../../config/config.ts';
import { SETTINGS, type SettingName } from '../../config/settings.ts';
import { defaultModel } from '../../engine-settings.ts';
import { addSettings, ENGINE_SETTINGS, givenFlags, readSettings } from '../setting-flags.ts';
import { say } from '../terminal.ts';
import { findWrangler } from '../wrangler/find-wrangler.ts';
import { runWrangler } from '../wrangler/run-wrangler.ts';

/** Of the service that is behind the bindings; it has no log. */
const SERVICE_SETTINGS: readonly SettingName[] = [
  ...(['modelId', 'vectorizeDir'] as const),
  ...ENGINE_SETTINGS.filter((name) => name !== 'logLevel'),
];

/** How the ids of models at Cloudflare begin. */
const CLOUDFLARE_PREFIXES: readonly string[] = ['@cf/', '@hf/'];

export function configureWrangler(command: Command): void {
  command
    .usage("[options] dev [wrangler's arguments]")
    .argument('[words...]', "`dev` and what else wrangler's own command takes")
    .passThroughOptions()
    .option('--url <url>', 'a service that runs already and answers env.AI; its key is in TOKENFLARE_API_KEY')
    .option(
      '--index <name=dimensions,metric>',
      'an index of Vectorize that is made where there is none, such as notes=256,cosine; may be repeated',
      addIndex,
      {},
    )
    .addHelpText(
      'after',
      "\nRuns the project's own wrangler (4.45 or later) with --local, so that nothing asks Cloudflare, and with env.AI and\n" +
        'indexes of Vectorize on this machine; the configuration stays as it is. Without --url and --model-aliases the default model answers to each id of\n' +
        'Cloudflare, @cf/… and @hf/…',
    );
  addSettings(command, 'Which models answer to which ids:', ['modelAliases']);
  addSettings(command, 'Settings of the service that is started without --url:', SERVICE_SETTINGS);
  command.action((words: string[]) => develop(command, words));
}

async function develop(command: Command, words: readonly string[]): Promise<void> {
  const problem = problemOf(words);
  if (problem !== undefined) command.error(`error: ${problem}`);
  const { url, index: indexes } = command.opts<{ url?: string; index: Indexes }>();
  const wrangler = findWrangler(process.cwd());
  const models = await modelsOf(readSettings(command), url);
  say(`tokenflare: wrangler ${wrangler.version}, with env.AI ${whereOf(url)}: ${told(models)}`);
  say('tokenflare: what wrangler says of AI and Vectorize, remote or not supported, does not hold here');
  const service = url === undefined ? { settings: settingsOf(command) } : { url };
  const options = { models, ...service, ...(Object.keys(indexes).length > 0 && { indexes }) };
  process.exitCode = await runWrangler(wrangler, [...words, '--local'], options);
}

/** Indexes that are made where there are none, by name. */
type Indexes = Readonly<Record<string, { dimensions: number; metric: string }>>;

function addIndex(given: string, others: Indexes): Indexes {
  const [, name, dimensions, metric] = /^([^=]+)=(\d+),(cosine|euclidean|dot-product)$/.exec(given) ?? [];
  if (name === undefined) {
    throw new InvalidArgumentError('It must be like notes=256,cosine; or euclidean, or dot-product.');
  }
  return { ...others, [name]: { dimensions: Number(dimensions), metric: metric ?? '' } };
}

function problemOf(words: readonly string[]): string | undefined {
  if (words[0] === 'pages') {
    return 'pages dev has no --local, and would ask Cloudflare; docs/workers.md says how to configure it';
  }
  if (words[0] !== 'dev') return 'it runs wrangler dev; for other commands run wrangler itself';
  const remote = words.find((word) => word === '--remote' || word === '-r');
  return remote === undefined
    ? undefined
    : `with ${remote} the Worker runs at Cloudflare, and so does its AI`;
}

/** What answers to which id, as the plugin takes it. A service that runs has aliases of its own. */
async function modelsOf(config: Config, url: string | undefined): Promise<Record<string, string>> {
  const given = config.modelAliases.map(({ name, modelId }) => [name, modelId] as const);
  if (given.length > 0 || url !== undefined) return Object.fromEntries(given);
  const { id } = await defaultModel(config);
  return Object.fromEntries(CLOUDFLARE_PREFIXES.map((prefix) => [`${prefix}*`, id]));
}

const whereOf = (url: string | undefined): string => (url === undefined ? 'in its process' : `at ${url}`);

function told(models: Readonly<Record<string, string>>): string {
  const lines = Object.entries(models).map(([name, id]) => `${name} is ${id}`);
  return lines.length === 0 ? 'models have their ids there' : lines.join(', ');
}

/** Those that flags or the environment give, by their variables. */
function settingsOf(command: Command): Record<string, string> {
  const flags = givenFlags(command);
  return Object.fromEntries(
    SERVICE_SETTINGS.flatMap((name) => {
      const { env } = SETTINGS[name];
      const value = flags[flagOf(env)] ?? process.env[env];
      return typeof value === 'string' && value !== '' ? [[env, value]] : [];
    }),
  );
}
