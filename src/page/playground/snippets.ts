import { toRequest, type Question } from './question.ts';

export interface Snippet {
  name: string;
  code: string;
}

/**
 * The same request for other clients.
 *
 * @param base address of the service, with a slash at its end
 */
export function snippetsOf(question: Question, base: string): Snippet[] {
  const { path, body } = toRequest(question);
  const { model, ...fields } = body;
  return [
    { name: 'curl', code: curl(`${base}${path}`, { ...body, stream: true }) },
    { name: 'OpenAI', code: openAi(question.kind, base, body) },
    { name: 'Workers AI', code: curl(`${base}ai/run/${encodeModel(String(model))}`, fields) },
  ];
}

const encodeModel = (model: string): string => model.split('/').map(encodeURIComponent).join('/');

function curl(url: string, body: object): string {
  const json = JSON.stringify(body, null, 2);
  return [
    `curl -N ${shellQuoted(url)} \\`,
    '  -H "authorization: Bearer $TOKENFLARE_KEY" \\',
    `  -H 'content-type: application/json' \\`,
    `  -d ${shellQuoted(json)}`,
  ].join('\n');
}

/** Quoted for a POSIX shell. */
export const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function openAi(kind: Question['kind'], base: string, body: object): string {
  const method = kind === 'chat' ? 'chat.completions' : 'completions';
  const shown = kind === 'chat' ? "event.choices[0]?.delta.content ?? ''" : "event.choices[0]?.text ?? ''";
  const json = JSON.stringify({ ...body, stream: true }, null, 2);
  return [
    "import OpenAI from 'openai';",
    '',
    `const client = new OpenAI({ baseURL: ${JSON.stringify(`${base}v1`)}, apiKey: process.env.TOKENFLARE_KEY ?? 'none' });`,
    `const stream = await client.${method}.create(${json});`,
    `for await (const event of stream) process.stdout.write(${shown});`,
  ].join('\n');
}
