/** Streams what the model says to the query: `/?begin=A%20fox`. */
export default {
  async fetch(request, env): Promise<Response> {
    const prompt = new URL(request.url).searchParams.get('begin') ?? 'Once upon a time';
    const stream = await env.AI.run('@cf/meta/llama-3.1-8b-instruct-fp8', {
      prompt,
      stream: true,
      max_tokens: 64,
    });
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
  },
} satisfies ExportedHandler<Env>;
