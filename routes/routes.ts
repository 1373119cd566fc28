import { attentionRoute } from './attention.ts';
import { benchmarkRoute } from './benchmark.ts';
import { chatRoute } from './chat.ts';
import { completionRoute } from './completions.ts';
import { decisionRoute } from './decisions.ts';
import type { Route } from './define-route.ts';
import { embeddingRoute } from './embeddings.ts';
import { healthRoute, readyRoute } from './health.ts';
import { messageTokensRoute } from './message-tokens.ts';
import { messageRoute } from './messages.ts';
import { metricsRoute } from './metrics.ts';
import { modelListRoute, modelRoute } from './models.ts';
import { modelSearchRoute } from './model-search.ts';
import { ACCOUNT_BASE, CLOUDFLARE_BASE, mountRoute } from './mount-route.ts';
import { openApiRoute } from './openapi.ts';
import { requestRoute } from './requests.ts';
import { rerankRoutes } from './rerank.ts';
import { scoreRoutes } from './score.ts';
import { streamRoute } from './streams.ts';
import { responseRoute } from './responses.ts';
import { responseInputTokensRoute } from './response-tokens.ts';
import { responseCancelRoute, responseInputItemsRoute, storedResponseRoute } from './stored-responses.ts';
import { detokenizeRoute, tokenizeRoute } from './tokenize.ts';
import { workersAiRoute } from './workers-ai.ts';

/** OpenAI's API, as far as Cloudflare has it too: it is served below both bases. */
const openAiRoutes: readonly Route[] = [
  completionRoute,
  chatRoute,
  responseRoute,
  responseInputTokensRoute,
  responseInputItemsRoute,
  responseCancelRoute,
  storedResponseRoute,
  embeddingRoute,
  modelListRoute,
  modelRoute,
];

/** Cloudflare's API without the account; each route is served below the account's path as well. */
const cloudflareRoutes: readonly Route[] = [
  workersAiRoute,
  modelSearchRoute,
  ...openAiRoutes.map((route) => mountRoute(route, CLOUDFLARE_BASE)),
];

/** Every route of the service. The application registers them, and the OpenAPI document lists them, in this order. */
export const routes: readonly Route[] = [
  ...openAiRoutes,
  ...cloudflareRoutes,
  ...cloudflareRoutes.map((route) => mountRoute(route, ACCOUNT_BASE)),
  messageRoute,
  messageTokensRoute,
  decisionRoute,
  ...rerankRoutes,
  ...scoreRoutes,
  tokenizeRoute,
  detokenizeRoute,
  attentionRoute,
  requestRoute,
  streamRoute,
  healthRoute,
  readyRoute,
  metricsRoute,
  openApiRoute,
  benchmarkRoute,
];
