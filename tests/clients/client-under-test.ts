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
  /** A tool that must be there, and the variable that makes it required. */
  readonly needs?: { readonly program: string; readonly requiredBy: string };
}

const ofNode = (name: string, title: string, script: string, main?: string): ClientUnderTest => ({
  name,
  title,
  script: `${script}.mjs`,
  ...(main === undefined ? {} : { main }),
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
  ofNode('cloudflare', 'cloudflare', 'cloudflare', 'cloudflare'),
  ofNode('workers-ai-provider', 'workers-ai-provider', 'workers-ai-provider', 'workers-ai-provider'),
  ofNode('ai-gateway-provider', 'ai-gateway-provider', 'ai-gateway-provider', 'ai-gateway-provider'),
  ofNode('miniflare-4', "a Worker's env.AI in miniflare", 'miniflare', 'miniflare'),
  ofNode('miniflare-5', "a Worker's env.AI in miniflare", 'miniflare', 'miniflare'),
  ofNode('vectorize-4', "a Worker's Vectorize in miniflare", 'vectorize', 'miniflare'),
  ofNode('vectorize-5', "a Worker's Vectorize in miniflare", 'vectorize', 'miniflare'),
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
];
