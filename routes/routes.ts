import { attentionRoute } from './service/attention.ts';
import { bindingResumeRoute } from './gateway/binding-resume.ts';
import { bindingGatewayRunRoute } from './gateway/binding-run.ts';
import { bindingModelsRoute, bindingRunRoute } from './workers-ai/binding.ts';
import { benchmarkRoute } from './service/benchmark.ts';
import { benchmarkRunRoute, benchmarkRunsRoute } from './service/benchmark-runs.ts';
import { chatRoute } from './openai/chat.ts';
import { completionRoute } from './openai/completions.ts';
import { decisionRoute } from './decisions/decisions.ts';
import type { Route } from './define-route.ts';
import { embeddingRoute } from './openai/embeddings.ts';
import { gatewayRoute, universalRoute } from './gateway/gateway.ts';
import {
  bindingLogRoute,
  bindingUniversalRoute,
  bindingUrlRoute,
  gatewayLogRoute,
  gatewayLogsRoute,
  gatewayUrlRoute,
} from './gateway/gateway-logs.ts';
import { healthRoute, readyRoute } from './service/health.ts';
import { messageTokensRoute, messageRoute } from './anthropic/messages.ts';
import { metricsRoute } from './service/metrics.ts';
import { modelListRoute, modelRoute } from './openai/models.ts';
import { modelSearchRoute } from './workers-ai/model-search.ts';
import { ollamaChatRoute, ollamaGenerateRoute } from './ollama/generation.ts';
import { ollamaEmbeddingsRoute, ollamaEmbedRoute } from './ollama/embed.ts';
import { ollamaPsRoute, ollamaShowRoute, ollamaTagsRoute, ollamaVersionRoute } from './ollama/models.ts';
import { openApiRoute } from './service/openapi.ts';
import { assetRoute, docsRoute, pageRoute } from './service/page.ts';
import { renderChatRoute, renderCompletionRoute } from './openai/render.ts';
import { requestListRoute, requestRoute } from './service/requests.ts';
import { rerankRoute, scoreRoute } from './decisions/relevance.ts';
import { streamRoute } from './service/streams.ts';
import { renderResponseRoute } from './responses/render.ts';
import { responseRoute, responseInputTokensRoute } from './responses/responses.ts';
import {
  responseCancelRoute,
  responseInputItemsRoute,
  storedResponseRoute,
} from './responses/stored-responses.ts';
import { detokenizeRoute, tokenizeRoute } from './service/tokenize.ts';
import { systemOneRoute } from './decisions/system-one.ts';
import {
  bindingMarkdownFormatsRoute,
  bindingToMarkdownRoute,
  markdownFormatsRoute,
  toMarkdownRoute,
} from './workers-ai/to-markdown.ts';
import { workersAiRoute, workersAiUnifiedRoute } from './workers-ai/workers-ai.ts';
import { vectorizeBindingRoutes } from './vectorize/binding.ts';
import { vectorizeRoutes } from './vectorize/indexes.ts';

/** Where Cloudflare's clients look for an account's API. There are no accounts here: any id is as good. */
const ACCOUNT_BASE = '/client/v4/accounts/:account_id';

/** A route, and the bases that it is served below as well. */
export interface BasedRoute extends Route {
  readonly bases: readonly string[];
}

const below = (bases: readonly string[], routes: readonly Route[]): BasedRoute[] =>
  routes.map((route) => ({ ...route, bases }));

/** Every route once, as the OpenAPI document lists them, in this order. */
export const basedRoutes: readonly BasedRoute[] = [
  // Before the others below these bases: a path there that no route answers to gets an error of Workers AI (RouteTable).
  ...below(
    [ACCOUNT_BASE],
    [workersAiRoute, workersAiUnifiedRoute, modelSearchRoute, toMarkdownRoute, markdownFormatsRoute],
  ),
  ...below([ACCOUNT_BASE], [gatewayLogsRoute, gatewayLogRoute, gatewayUrlRoute]),
  ...below(
    [],
    [
      bindingRunRoute,
      bindingGatewayRunRoute,
      bindingModelsRoute,
      bindingToMarkdownRoute,
      bindingMarkdownFormatsRoute,
    ],
  ),
  ...below(
    [],
    [
      bindingUniversalRoute,
      bindingLogRoute,
      bindingUrlRoute,
      bindingResumeRoute,
      universalRoute,
      gatewayRoute,
    ],
  ),
  ...below([], [...vectorizeRoutes, ...vectorizeBindingRoutes]),
  // Before a stored response, of which `render` might be the id.
  ...below([], [renderCompletionRoute, renderChatRoute, renderResponseRoute]),
  // OpenAI's API and Anthropic's, as far as Cloudflare has them too: `/v1/…` is `/ai/v1/…` there.
  ...below(
    ['/ai', `${ACCOUNT_BASE}/ai`],
    [
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
      messageRoute,
      messageTokensRoute,
      systemOneRoute,
    ],
  ),
  ...below(
    [],
    [
      ollamaChatRoute,
      ollamaGenerateRoute,
      ollamaEmbedRoute,
      ollamaEmbeddingsRoute,
      ollamaTagsRoute,
      ollamaShowRoute,
      ollamaPsRoute,
      ollamaVersionRoute,
    ],
  ),
  // Where clients of Jina and Cohere look for it.
  ...below(['/v1', '/v2'], [rerankRoute]),
  ...below(['/v1'], [scoreRoute]),
  ...below(
    [],
    [
      decisionRoute,
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
    ],
  ),
];

/** Every path that the application answers to. */
export const routes: readonly Route[] = basedRoutes.flatMap(({ bases, ...route }) =>
  ['', ...bases].map((base) => ({ ...route, path: base + route.path })),
);

/** The routes that a gateway leads to: those that ask a model. */
export const modelRoutes: ReadonlySet<string> = new Set(
  [
    completionRoute,
    chatRoute,
    responseRoute,
    responseInputTokensRoute,
    embeddingRoute,
    messageRoute,
    messageTokensRoute,
    workersAiRoute,
    bindingRunRoute,
  ].map(({ path }) => path),
);
