import { toRequest, type Question } from '../answer/question.ts';

export interface Snippet {
  name: string;
  code: string;
  /** What it needs. */
  note: string;
}

/**
 * The page's request as other programs write it.
 *
 * @param base address of the service, with a slash at its end
 */
export function snippetsOf(question: Question, base: string): Snippet[] {
  const { path, body } = toRequest(question);
  const streamed = { ...withRoom(question, body), stream: true };
  return [
    { name: 'curl', code: curl(`${base}${path}`, streamed), note: 'For a shell.' },
    { name: 'JavaScript', code: javaScript(question.kind, base, streamed), note: 'npm install openai.' },
    { name: 'Python', code: python(question.kind, base, streamed), note: 'pip install openai.' },
    {
      name: 'Worker',
      code: worker(`${base}${path}`, streamed),
      note: 'A Cloudflare Worker: it must reach this service by the address in it.',
    },
  ];
}

const ROOM = 256;

const withRoom = ({ kind }: Question, body: Record<string, unknown>): Record<string, unknown> =>
  kind === 'prompt' && body['max_tokens'] === undefined ? { ...body, max_tokens: ROOM } : body;

function curl(url: string, body: object): string {
  return [
    `curl -N ${shellQuoted(url)} \\`,
    '  -H "authorization: Bearer $TOKENFLARE_KEY" \\',
    `  -H 'content-type: application/json' \\`,
    `  -d ${shellQuoted(JSON.stringify(body, null, 2))}`,
  ].join('\n');
}

/** Quoted for a POSIX shell. */
export const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function javaScript(kind: Question['kind'], base: string, body: object): string {
  const method = kind === 'chat' ? 'chat.completions' : 'completions';
  const said = kind === 'chat' ? 'choices[0]?.delta.content' : 'choices[0]?.text';
  return [
    "import OpenAI from 'openai';",
    '',
    'const client = new OpenAI({',
    `  baseURL: ${JSON.stringify(`${base}v1`)},`,
    "  apiKey: process.env.TOKENFLARE_KEY ?? 'none',",
    '});',
    `const stream = await client.${method}.create(${JSON.stringify(body, null, 2)});`,
    `for await (const { choices } of stream) process.stdout.write(${said} ?? '');`,
  ].join('\n');
}

/** Parameters that OpenAI's client for Python does not know are sent as they are. */
const EXTRA = new Set(['top_k', 'min_p', 'repetition_penalty']);

function python(kind: Question['kind'], base: string, body: Record<string, unknown>): string {
  const method = kind === 'chat' ? 'chat.completions' : 'completions';
  const said = kind === 'chat' ? 'chunk.choices[0].delta.content' : 'chunk.choices[0].text';
  const known = Object.entries(body).filter(([name]) => !EXTRA.has(name));
  const extra = Object.entries(body).filter(([name]) => EXTRA.has(name));
  const fields = extra.length === 0 ? known : [...known, ['extra_body', Object.fromEntries(extra)] as const];
  return [
    'import os',
    'from openai import OpenAI',
    '',
    'client = OpenAI(',
    `    base_url=${JSON.stringify(`${base}v1`)},`,
    '    api_key=os.environ.get("TOKENFLARE_KEY", "none"),',
    ')',
    `stream = client.${method}.create(`,
    ...fields.map(([name, value]) => `    ${name}=${pythonLiteral(value, 4)},`),
    ')',
    'for chunk in stream:',
    '    if chunk.choices:',
    `        print(${said} or "", end="", flush=True)`,
  ].join('\n');
}

/** JSON's strings and numbers are Python's as well. */
export function pythonLiteral(value: unknown, indent: number): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((item) => pythonLiteral(item, indent + 4))
    : Object.entries(value).map(
        ([key, item]) => `${JSON.stringify(key)}: ${pythonLiteral(item, indent + 4)}`,
      );
  const [open, close] = isList ? '[]' : '{}';
  if (items.length === 0) return `${open ?? ''}${close ?? ''}`;
  const pad = ' '.repeat(indent);
  return `${open ?? ''}\n${items.map((item) => `${pad}    ${item},\n`).join('')}${pad}${close ?? ''}`;
}

function worker(url: string, body: object): string {
  const indented = JSON.stringify(body, null, 2).replaceAll('\n', '\n      ');
  return [
    'export default {',
    '  async fetch(request, env) {',
    `    return fetch(${JSON.stringify(url)}, {`,
    "      method: 'POST',",
    '      headers: {',
    "        authorization: `Bearer ${env.TOKENFLARE_KEY ?? 'none'}`,",
    "        'content-type': 'application/json',",
    '      },',
    `      body: JSON.stringify(${indented}),`,
    '    });',
    '  },',
    '};',
  ].join('\n');
}
