/**
 * Answers questions from notes. `PUT /` takes notes, a text on each line; `GET /?q=…` answers a question by the notes that are
 * nearest to it.
 */
interface Env {
  AI: Ai;
  NOTES: Vectorize;
}

const EMBEDDER = '@cf/baai/bge-base-en-v1.5';
const WRITER = '@cf/meta/llama-3.1-8b-instruct-fp8';

async function embed(env: Env, text: string[]): Promise<number[][]> {
  const answer = await env.AI.run(EMBEDDER, { text });
  return 'data' in answer ? (answer.data ?? []) : [];
}

async function keep(env: Env, notes: string[]): Promise<Response> {
  const embeddings = await embed(env, notes);
  const vectors = await Promise.all(
    notes.map(async (text, place) => ({
      id: await idOf(text),
      values: embeddings[place],
      metadata: { text },
    })),
  );
  // The same note has the same id: it is kept once.
  return Response.json(await env.NOTES.upsert(vectors));
}

async function idOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function answer(env: Env, question: string): Promise<Response> {
  const [vector] = await embed(env, [question]);
  const { matches } = await env.NOTES.query(vector, { topK: 3, returnMetadata: 'all' });
  const notes = matches.map(({ metadata }) => metadata?.text).join('\n');
  const stream = await env.AI.run(WRITER, {
    messages: [
      { role: 'system', content: `Answer from these notes:\n${notes}` },
      { role: 'user', content: question },
    ],
    stream: true,
    max_tokens: 64,
  });
  const nearest = matches.map(({ id, score }) => `${id.slice(0, 8)}=${score.toFixed(3)}`).join(', ');
  return new Response(stream, { headers: { 'content-type': 'text/event-stream', 'x-notes': nearest } });
}

export default {
  async fetch(request, env): Promise<Response> {
    if (request.method === 'PUT') {
      const lines = (await request.text()).split('\n').filter((line) => line.trim() !== '');
      return keep(env, lines);
    }
    const question = new URL(request.url).searchParams.get('q');
    return question === null ? new Response('ask with ?q=', { status: 400 }) : answer(env, question);
  },
} satisfies ExportedHandler<Env>;
