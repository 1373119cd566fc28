import type { Sampler } from '../../tracing/sampler.ts';
import type { SpanExporter } from '../../tracing/span-exporter.ts';
import type { RequestOutcome, RequestScope } from '../request-scope.ts';
import { RequestTrace } from '../request-trace.ts';
import { requestSpans } from './request-spans.ts';

export interface RequestTracerOptions {
  readonly exporter: Pick<SpanExporter, 'add'>;
  readonly sample: Sampler;
  /** OTEL_CAPTURE_CONTENT. */
  readonly showsTexts: boolean;
}

/** Gives requests their place in a trace, and has their spans exported. There is none where no endpoint is set. */
export class RequestTracer {
  readonly #options: RequestTracerOptions;

  constructor(options: RequestTracerOptions) {
    this.#options = options;
  }

  /** The facts of its route are known. What machines poll would fill traces with nothing. */
  begin(scope: RequestScope, header: ConstructorParameters<typeof RequestTrace>[0]): void {
    if (scope.facts.isPolled !== true) scope.trace = new RequestTrace(header, this.#options.sample);
  }

  end(outcome: RequestOutcome): void {
    const { trace } = outcome.scope;
    if (trace?.context.isSampled !== true) return;
    this.#options.exporter.add(requestSpans(trace, outcome, this.#options.showsTexts));
  }
}
