/** One client library, in one version. */
export interface ClientUnderTest {
  /** Kebab-case, for `--only`; the packages in requirements.json have it, too. */
  readonly name: string;
  /** For the table. */
  readonly title: string;
  /** In scripts/. */
  readonly script: string;
  /** The package whose `engines` say which Node it takes. */
  readonly main?: string;
  /** What it runs on at least, where it does not run on every Node. */
  readonly lowestNode?: number;
  /** A tool that must be there, and the variable that makes it required. */
  readonly needs?: { readonly program: string; readonly requiredBy: string };
}

const ofNode = (name: string, title: string, script: string, main?: string): ClientUnderTest => ({
  name,
  title,
  script: `${script}.mjs`,
  ...(main === undefined ? {} : { main }),
});

/** A tool in which a Worker is developed. */
const tool = (
  name: string,
  title: string,
  script: string,
  main: string,
  lowestNode = 22,
): ClientUnderTest => ({
  ...ofNode(name, title, script, main),
  lowestNode,
});

const ofPython = (name: string, title: string): ClientUnderTest => ({
  name,
  title,
  script: `${name.replaceAll('-', '_')}.py`,
});

export const CLIENTS: readonly ClientUnderTest[] = [
  ofNode('openai-6', 'openai', 'openai', 'openai'),
  ofNode('openai-7', 'openai', 'openai', 'openai'),
  ofNode('anthropic', '@anthropic-ai/sdk', 'anthropic', '@anthropic-ai/sdk'),
  ofNode('ollama', 'ollama', 'ollama', 'ollama'),
  ofNode('cloudflare', 'cloudflare', 'cloudflare', 'cloudflare'),
  ofNode('workers-ai-provider', 'workers-ai-provider', 'workers-ai-provider', 'workers-ai-provider'),
  ofNode('ai-gateway-provider', 'ai-gateway-provider', 'ai-gateway-provider', 'ai-gateway-provider'),
  ofNode('miniflare-4', "a Worker's env.AI in miniflare", 'miniflare', 'miniflare'),
  ofNode('miniflare-5', "a Worker's env.AI in miniflare", 'miniflare', 'miniflare'),
  ofNode('vectorize-4', "a Worker's Vectorize in miniflare", 'vectorize', 'miniflare'),
  ofNode('vectorize-5', "a Worker's Vectorize in miniflare", 'vectorize', 'miniflare'),
  ofNode('create-ai', "createAI beside a Worker's env.AI in miniflare", 'create-ai', 'miniflare'),
  tool('wrangler-oldest', 'a Worker in wrangler', 'wrangler', 'wrangler', 20),
  tool('wrangler-newest', 'a Worker in wrangler', 'wrangler', 'wrangler'),
  tool('pages', 'a Worker in wrangler pages', 'pages', 'wrangler'),
  tool('vite-plugin-oldest', 'a Worker in @cloudflare/vite-plugin', 'vite', '@cloudflare/vite-plugin', 20),
  tool('vite-plugin', 'a Worker in @cloudflare/vite-plugin', 'vite', '@cloudflare/vite-plugin'),
  tool('vitest-pool-workers', 'a Worker in vitest-pool-workers', 'vitest', '@cloudflare/vitest-pool-workers'),
  tool('vitest-plugin', 'a Worker in @cloudflare/vitest-plugin', 'vitest', '@cloudflare/vitest-plugin'),
  tool('workerd', 'a Worker in workerd alone', 'workerd', 'workerd', 20),
  ofNode(
    'workers-consumers',
    'agents, hono, ai-utils, @langchain/cloudflare in a Worker',
    'workers-consumers',
  ),
  ofNode(
    'ai-sdk-compatible-2',
    '@ai-sdk/openai-compatible',
    'ai-sdk-compatible',
    '@ai-sdk/openai-compatible',
  ),
  ofNode(
    'ai-sdk-compatible-3',
    '@ai-sdk/openai-compatible',
    'ai-sdk-compatible',
    '@ai-sdk/openai-compatible',
  ),
  ofNode('ai-sdk-openai', '@ai-sdk/openai', 'ai-sdk-openai', '@ai-sdk/openai'),
  ofNode('ai-sdk-anthropic-3', '@ai-sdk/anthropic', 'ai-sdk-anthropic', '@ai-sdk/anthropic'),
  ofNode('langchain-1.5', '@langchain/openai', 'langchain', '@langchain/openai'),
  ofNode('langchain-1.6', '@langchain/openai', 'langchain', '@langchain/openai'),
  ofNode('eventsource-parser', 'eventsource-parser', 'eventsource-parser', 'eventsource-parser'),
  ofNode('fetch', 'fetch', 'fetch'),
  { ...ofNode('curl', 'curl -N', 'curl'), needs: { program: 'curl', requiredBy: 'TEST_CURL' } },
  {
    ...ofNode('nginx', 'fetch through nginx', 'nginx'),
    needs: { program: 'nginx', requiredBy: 'TEST_NGINX' },
  },
  ofPython('python-openai', 'openai (Python)'),
  ofPython('python-litellm', 'litellm (Python)'),
  ofPython('python-langchain', 'langchain-openai (Python)'),
  ofPython('python-langchain-ollama', 'langchain-ollama (Python)'),
];
