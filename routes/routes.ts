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
import { openApiRoute } from './openapi.ts';
import { requestRoute } from './requests.ts';
import { rerankRoutes } from './rerank.ts';
import { scoreRoutes } from './score.ts';
import { streamRoute } from './streams.ts';
import { responseRoute } from './responses.ts';
import { responseCompactRoute, responseInputTokensRoute } from './response-tokens.ts';
import { responseCancelRoute, responseInputItemsRoute, storedResponseRoute } from './stored-responses.ts';
import { detokenizeRoute, tokenizeRoute } from './tokenize.ts';
import { workersAiAccountRoute, workersAiRoute } from './workers-ai.ts';

/** Every route of the service. The application registers them, and the OpenAPI document lists them, in this order. */
export const routes: readonly Route[] = [
  completionRoute,
  chatRoute,
  responseRoute,
  responseInputTokensRoute,
  responseCompactRoute,
  responseInputItemsRoute,
  responseCancelRoute,
  storedResponseRoute,
  messageRoute,
  messageTokensRoute,
  embeddingRoute,
  decisionRoute,
  ...rerankRoutes,
  ...scoreRoutes,
  workersAiRoute,
  workersAiAccountRoute,
  modelListRoute,
  modelRoute,
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
