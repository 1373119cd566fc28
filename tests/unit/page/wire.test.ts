import { describe, expectTypeOf, it } from 'vitest';
import type { ChatChunk } from '../../../routes/openai/schemas/chat.ts';
import type { CompletionChunk } from '../../../routes/openai/schemas/completions.ts';
import type { ModelListBody } from '../../../routes/openai/schemas/models.ts';
import type { AttentionBody } from '../../../routes/service/attention.ts';
import type {
  BenchmarkEvent as SentEvent,
  BenchmarkRunBody,
  BenchmarkRunListBody,
} from '../../../routes/service/schemas/benchmark.ts';
import type { LogListBody } from '../../../routes/gateway/schemas/gateway-logs.ts';
import type { TokenizeBody } from '../../../routes/service/tokenize.ts';
import type { RequestListBody, RequestRecordBody } from '../../../routes/service/schemas/requests.ts';
import type {
  AttentionReport,
  BenchmarkEvent,
  BenchmarkRun,
  BenchmarkRunList,
  ChatEvent,
  CompletionEvent,
  GatewayLogList,
  ModelList,
  RequestList,
  RequestRecord,
  TokenCount,
} from '../../../src/page/service/wire.ts';

/** Checked by the compiler, in `npm run check`. */
describe("the page's types of answers", () => {
  it('are what the service sends', () => {
    expectTypeOf<ModelListBody>().toExtend<ModelList>();
    expectTypeOf<ChatChunk>().toExtend<ChatEvent>();
    expectTypeOf<CompletionChunk>().toExtend<CompletionEvent>();
    expectTypeOf<AttentionBody>().toExtend<AttentionReport>();
    expectTypeOf<BenchmarkRunBody>().toExtend<BenchmarkRun>();
    expectTypeOf<BenchmarkRunListBody>().toExtend<BenchmarkRunList>();
    expectTypeOf<SentEvent>().toExtend<BenchmarkEvent>();
    expectTypeOf<RequestListBody>().toExtend<RequestList>();
    expectTypeOf<RequestRecordBody>().toExtend<RequestRecord>();
    expectTypeOf<LogListBody>().toExtend<GatewayLogList>();
    expectTypeOf<TokenizeBody>().toExtend<TokenCount>();
  });
});
