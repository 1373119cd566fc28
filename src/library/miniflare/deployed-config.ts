/** Of the process that loaded the plugin. */
export interface ToolProcess {
  readonly argv: readonly string[];
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const WRANGLER = /[\\/]wrangler[\\/]/;
const NAMES_ANOTHER = /^(-e|--env|-c|--config)(=|$)/;

/**
 * What to tell a user of `wrangler dev` whose plugin stands where `wrangler deploy` would take it along. Miniflare does not
 * say where a binding comes from. But without an environment and another file it can only be the top level, unless
 * `tokenflare wrangler` has put it there.
 */
export function deployedConfigWarning({ argv, execArgv, env }: ToolProcess): string | undefined {
  const [, script = '', ...words] = argv;
  const isDev = WRANGLER.test(script) && words.includes('dev') && !words.includes('pages');
  const isElsewhere = words.some((word) => NAMES_ANOTHER.test(word)) || Boolean(env['CLOUDFLARE_ENV']);
  const isOurCommand = execArgv.some((word) => word.includes('miniflare/preload.'));
  if (!isDev || isElsewhere || isOurCommand) return undefined;
  return 'this configuration is deployed with its plugin: put it into an environment, as env.local, and run wrangler dev -e local';
}
