import { EngineError } from '../errors.ts';
import { clip } from '../values.ts';

/** Whose paths a provider has. */
type Api = 'workers-ai' | 'openai' | 'anthropic' | 'compat';

interface Provider {
  /** Undefined: this service does not speak its API. */
  readonly api?: Api;
  /** Where its API is; undefined: here alone. */
  readonly url?: string;
}

/** The providers that Cloudflare's clients name. Paths of requests begin behind the URL. */
const PROVIDERS: Readonly<Record<string, Provider>> = {
  'workers-ai': { api: 'workers-ai' },
  compat: { api: 'compat' },
  openai: { api: 'openai', url: 'https://api.openai.com' },
  anthropic: { api: 'anthropic', url: 'https://api.anthropic.com' },
  groq: { api: 'openai', url: 'https://api.groq.com/openai/v1' },
  mistral: { api: 'openai', url: 'https://api.mistral.ai' },
  deepseek: { api: 'openai', url: 'https://api.deepseek.com' },
  grok: { api: 'openai', url: 'https://api.x.ai' },
  xai: { api: 'openai', url: 'https://api.x.ai' },
  openrouter: { api: 'openai', url: 'https://openrouter.ai/api' },
  'perplexity-ai': { api: 'openai', url: 'https://api.perplexity.ai' },
  cerebras: { api: 'openai', url: 'https://api.cerebras.ai' },
  fireworks: { api: 'openai', url: 'https://api.fireworks.ai/inference/v1' },
  baseten: { api: 'openai' },
  'google-ai-studio': { url: 'https://generativelanguage.googleapis.com' },
  'google-vertex-ai': {},
  cohere: { url: 'https://api.cohere.com' },
  huggingface: { url: 'https://api-inference.huggingface.co/models' },
  replicate: { url: 'https://api.replicate.com' },
  'aws-bedrock': {},
  'azure-openai': {},
  cartesia: { url: 'https://api.cartesia.ai' },
  elevenlabs: { url: 'https://api.elevenlabs.io' },
  deepgram: { url: 'https://api.deepgram.com' },
};

/** Providers whose requests leave this machine, by name: the URL that their paths begin behind. */
export type GatewayHosts = ReadonlyMap<string, string>;

/** Where a request goes. */
export type Target =
  | { readonly kind: 'here'; readonly path: string; readonly api: Api }
  | { readonly kind: 'host'; readonly url: URL };

const isKnown = (provider: string): boolean => Object.hasOwn(PROVIDERS, provider);

/** OpenAI's path, with `v1/` or without: some of its providers have the version in their URL. */
const OPENAI_PATH = /^(?:v1\/)?((?:chat\/)?completions|embeddings|models(?:\/.+)?|responses(?:\/.+)?)$/;
const ANTHROPIC_PATH = /^(?:v1\/)?(messages(?:\/count_tokens)?|models(?:\/.+)?)$/;
const RUN_PATH = /^(?:run\/)?(.+)$/;

/**
 * Where a request to a provider goes: to its own host, if the operator allows that, else to this service's own models.
 *
 * @param endpoint the path below the provider, percent-encoded as it came, with its query
 * @throws EngineError `invalid_request` for a provider or a path that leads nowhere
 */
export function targetOf(provider: string, endpoint: string, hosts: GatewayHosts): Target {
  const path = endpoint.replace(/^\/+/, '');
  const base = hosts.get(provider);
  if (base !== undefined) return { kind: 'host', url: urlBelow(base, path) };
  const { api } = isKnown(provider) ? (PROVIDERS[provider] ?? {}) : {};
  if (api === undefined) throw noProvider(provider);
  const [, query = ''] = /(\?.*)$/s.exec(path) ?? [];
  const local = localPath(api, path.slice(0, path.length - query.length));
  if (local === undefined) {
    throw new EngineError(
      'not_found',
      `'${clip(path)}' is no path of the provider '${provider}' here; see the section AI Gateway of docs/workers.md`,
      { param: 'endpoint' },
    );
  }
  return { kind: 'here', path: local + query, api };
}

function localPath(api: Api, path: string): string | undefined {
  const [, openAi] = OPENAI_PATH.exec(path) ?? [];
  const [, anthropic] = ANTHROPIC_PATH.exec(path) ?? [];
  if (api === 'anthropic') return anthropic === undefined ? undefined : `/v1/${anthropic}`;
  if (openAi !== undefined && (api !== 'workers-ai' || path.startsWith('v1/'))) return `/v1/${openAi}`;
  if (api !== 'workers-ai') return undefined;
  const [, model] = RUN_PATH.exec(path) ?? [];
  return model === undefined ? undefined : `/ai/run/${model}`;
}

/** Dots, slashes and backslashes that a host, or a proxy before it, may decode: also where they are encoded several times. */
const ENCODED = /%(?:25)*(2e|2f|5c)/gi;
const DOT_SEGMENT = /[/\\]\.{1,2}(?:[/\\;]|$)/;

/** Stays below the base, whatever dots the path has. `URL` has taken out those that are segments of their own. */
function urlBelow(base: string, path: string): URL {
  const url = new URL(`${base}/${path}`);
  const { origin, pathname } = new URL(base);
  const decoded = url.pathname.replaceAll(ENCODED, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  const isBelow = url.origin === origin && url.pathname.startsWith(`${pathname.replace(/\/$/, '')}/`);
  if (!isBelow || DOT_SEGMENT.test(decoded)) {
    throw new EngineError('invalid_request', 'endpoint must be a path below the provider', {
      param: 'endpoint',
    });
  }
  return url;
}

function noProvider(provider: string): EngineError {
  const names = Object.keys(PROVIDERS).filter((name) => PROVIDERS[name]?.api !== undefined);
  const reason = isKnown(provider)
    ? `this service does not speak the API of '${provider}', and GATEWAY_HOSTS does not allow its host`
    : `'${clip(provider)}' is no provider that is known here`;
  return new EngineError('invalid_request', `${reason}; own models answer to ${names.join(', ')}`, {
    param: 'provider',
  });
}

/** Authors in ids of models, like `google/gemini`, whose provider is called otherwise. */
const AUTHORS: Readonly<Record<string, string>> = { google: 'google-ai-studio', 'x-ai': 'grok' };

/** `openai/gpt-5` -> the provider and its own name of the model; undefined where the id begins with no provider. */
export function splitModel(id: string): { readonly provider: string; readonly model: string } | undefined {
  const slash = id.indexOf('/');
  const [author, model] = [id.slice(0, Math.max(slash, 0)), id.slice(slash + 1)];
  const provider = Object.hasOwn(AUTHORS, author) ? AUTHORS[author] : author;
  if (provider === undefined || !isKnown(provider) || provider === 'compat' || model === '') return undefined;
  return { provider, model };
}

/** The path at which a provider chats, in its own API. */
export const chatPathOf = (provider: string): string =>
  PROVIDERS[provider]?.api === 'anthropic' ? 'v1/messages' : 'v1/chat/completions';

/** Providers that have a host of their own, and its URL. */
const WITH_URL = Object.entries(PROVIDERS).flatMap(([name, { url }]) =>
  url === undefined ? [] : [[name, url] as const],
);

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * An entry of GATEWAY_HOSTS: `api.openai.com`, a host that is known; or `openai=https://proxy.example.com/v1`, a provider and
 * its URL. @returns providers and URLs, or why it is no such entry
 */
export function readGatewayHost(
  entry: string,
): readonly (readonly [provider: string, url: string])[] | string {
  const [, provider = '', text = ''] = /^([^=]+)=(.+)$/.exec(entry) ?? [];
  if (provider === '') {
    const known = WITH_URL.filter(([, url]) => new URL(url).host === entry);
    const names = new Set(WITH_URL.map(([, url]) => new URL(url).host));
    if (known.length > 0) return known;
    return `'${entry}' is no host that is known here; write PROVIDER=https://HOST/PATH, or one of ${[...names].join(', ')}`;
  }
  if (!isKnown(provider) || provider === 'workers-ai' || provider === 'compat') {
    return `'${provider}' is no provider whose requests may leave this machine`;
  }
  if (!URL.canParse(text)) return `'${text}' is no URL`;
  const url = new URL(text);
  if (url.username !== '' || url.search !== '' || url.hash !== '') return `'${url.host}' must be a plain URL`;
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackName(url.hostname))) {
    return `${provider}: must be https; http is for this machine alone`;
  }
  return [[provider, url.href.replace(/\/$/, '')]];
}

/** A name or an address of this machine, as a URL has it. */
export const isLoopbackName = (hostname: string): boolean => LOOPBACK.test(hostname);
