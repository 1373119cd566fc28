import { attentionRoute } from './service/attention.ts';
import { benchmarkRoute } from './service/benchmark.ts';
import { benchmarkRunRoute, benchmarkRunsRoute } from './service/benchmark-runs.ts';
import { chatRoute } from './openai/chat.ts';
import { completionRoute } from './openai/completions.ts';
import { decisionRoute } from './decisions/decisions.ts';
import type { Route } from './define-route.ts';
import { embeddingRoute } from './openai/embeddings.ts';
import { healthRoute, readyRoute } from './service/health.ts';
import { messageTokensRoute } from './anthropic/message-tokens.ts';
import { messageRoute } from './anthropic/messages.ts';
import { metricsRoute } from './service/metrics.ts';
import { modelListRoute, modelRoute } from './openai/models.ts';
import { modelSearchRoute } from './workers-ai/model-search.ts';
import { ACCOUNT_BASE, CLOUDFLARE_BASE, mountRoute } from './mount-route.ts';
import { openApiRoute } from './service/openapi.ts';
import { assetRoute, docsRoute, pageRoute } from './service/page.ts';
import { requestListRoute, requestRoute } from './service/requests.ts';
import { rerankRoutes, scoreRoutes } from './decisions/relevance.ts';
import { streamRoute } from './service/streams.ts';
import { responseRoute } from './responses/responses.ts';
import { responseInputTokensRoute } from './responses/response-tokens.ts';
import {
  responseCancelRoute,
  responseInputItemsRoute,
  storedResponseRoute,
} from './responses/stored-responses.ts';
import { detokenizeRoute, tokenizeRoute } from './service/tokenize.ts';
import { workersAiRoute } from './workers-ai/workers-ai.ts';

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
  requestListRoute,
  requestRoute,
  streamRoute,
  healthRoute,
  readyRoute,
  metricsRoute,
  openApiRoute,
  benchmarkRoute,
  benchmarkRunsRoute,
  benchmarkRunRoute,
  pageRoute,
  docsRoute,
  assetRoute,
];
