/** Goes on with the text that it is sent. */
export default {
  async fetch(request: Request, env: { AI: Ai }): Promise<Response> {
    const prompt = await request.text();
    if (prompt === '') return new Response('there is no text', { status: 400 });
    const answer = await env.AI.run('@cf/meta/llama-3.1-8b-instruct-fp8', { prompt, max_tokens: 16 });
    return Response.json(answer);
  },
};
