/** A Worker as one writes it for Cloudflare: it knows nothing of where its AI and its index are. All tools of the matrix run this file. */
export default {
  async fetch(request, { AI, NOTES }) {
    const { method, args, raw, drains, gateway, abortMs, asksNotes } = await request.json();
    const told = () => ({
      'x-request': String(AI.lastRequestId),
      'x-status': String(AI.lastRequestHttpStatusCode),
      'x-code': String(AI.lastRequestInternalStatusCode),
      'x-log': String(AI.aiGatewayLogId),
    });
    try {
      if (asksNotes) return Response.json(await NOTES[method](...args));
      const target = gateway === undefined ? AI : AI.gateway(gateway);
      if (abortMs !== undefined) args[1] = { ...args[1], signal: AbortSignal.timeout(abortMs) };
      const answer = await target[method](...args);
      if (drains) return Response.json(await drain(answer), { headers: told() });
      if (answer instanceof ReadableStream) {
        return new Response(answer, { headers: { ...told(), 'content-type': 'text/event-stream' } });
      }
      if (answer?.created_at instanceof Date)
        return Response.json(answer, { headers: { 'x-is-date': 'yes' } });
      if (gateway !== undefined && answer instanceof Response) return answer;
      if (raw) return new Response(answer.body, { headers: { ...told(), 'x-is-response': 'yes' } });
      return Response.json(answer ?? null, { headers: told() });
    } catch (error) {
      return Response.json({ name: error.name, message: error.message }, { status: 500, headers: told() });
    }
  },
};

/** What a Worker sees that reads a stream itself. */
async function drain(stream) {
  let text = '';
  try {
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) text += piece;
    return { text };
  } catch (error) {
    return { text, error: String(error) };
  }
}
