import type { Logger } from 'pino';
import { MAX_ECHO_LENGTH } from '../../values.ts';
import type { RequestRecord } from '../../engine/engine.ts';
import { isDefect, type EngineError } from '../../errors.ts';
import { codeLocationOf } from '../../logged-error.ts';
import { UNMATCHED, type RequestOutcome, type RequestScope } from '../request-scope.ts';

/** What a request's line may name, and whether it may quote. */
export interface RequestLogOptions {
  /** The document of the API: a line shows the names in it, and no others that a client wrote. */
  openApiDocument: string;
  /** LOG_PROMPTS: a line has what its error says, whatever that quotes. */
  showsTexts: boolean;
}

/**
 * The log's lines about requests. A client's words are in none of them, apart from the id that it gave its request for that
 * (docs/decisions/0087-what-log-and-ids-tell.md): fields, paths and methods that are not the API's are left out,
 * and what an error says is told to the client alone.
 */
export class RequestLog {
  readonly #logger: Logger;
  readonly #options: RequestLogOptions;
  /** Read when the first line needs them. */
  #names: ReadonlySet<string> | undefined;

  constructor(logger: Logger, options: RequestLogOptions) {
    this.#logger = logger;
    this.#options = options;
  }

  /** Writes the one line of a request. */
  write(outcome: RequestOutcome): void {
    const { error, facts } = outcome.scope;
    const line = this.lineOf(outcome);
    const text = `${line.method} ${line.path} ${line.status}`;
    // A foreseen error tells all by its code and its location; only a defect needs its stack, and an operator.
    if (error !== undefined && isDefect(error.code)) this.#logger.error({ ...line, err: error }, text);
    else if (facts.isPolled === true) this.#logger.debug(line, text);
    else this.#logger.info(line, text);
  }

  /** The fields of a request's line, absent where they are not known. */
  lineOf(outcome: RequestOutcome): LogLine {
    const { scope } = outcome;
    const path = scope.route === UNMATCHED ? this.#knownParts(scope.path) : scope.route;
    const showsPrompt = this.#options.showsTexts && scope.prompt !== undefined;
    return {
      ...requestLogLine(outcome, path),
      ...(showsPrompt ? { prompt: scope.prompt } : {}),
      ...this.#errorFields(scope.error),
    };
  }

  #errorFields(error: EngineError | undefined): Record<string, unknown> {
    if (error === undefined) return {};
    if (!error.mayQuote || this.#options.showsTexts) return { error: error.message };
    const { param } = error;
    return {
      ...(param === undefined ? {} : { param: this.#knownParts(param) }),
      at: codeLocationOf(error),
    };
  }

  /** `/v1/models/a-name` -> `/v1/models/…`, `tools[0].function.a-name` -> `tools[0].function.…`. */
  #knownParts(text: string): string {
    this.#names ??= namesIn(this.#options.openApiDocument);
    const names = this.#names;
    return text
      .slice(0, MAX_ECHO_LENGTH)
      .replaceAll(NAME, (part) => (names.has(part) || ARRAY_INDEX.test(part) ? part : '…'));
  }
}

/** A part of a path or of a field's place. */
const NAME = /[^./[\]]+/g;
const ARRAY_INDEX = /^\d{1,4}$/;
/** In YAML a key: a field, or a path. */
const KEY = /^[ -]*['"]?([^\s'":]+)['"]?:(?: |$)/gm;
/** A parameter: `name: from`. */
const PARAMETER = /^ *(?:- )?name: ([\w-]+)$/gm;

/** Headers that errors name, and what is no field. */
const OTHER_NAMES = ['body', 'host', 'content-type', 'content-encoding', 'x-request-id'];

function namesIn(openApiDocument: string): Set<string> {
  const found = [...openApiDocument.matchAll(KEY), ...openApiDocument.matchAll(PARAMETER)];
  return new Set([...OTHER_NAMES, ...found.flatMap(([, name = '']) => name.split('/'))]);
}

interface LogLine extends Record<string, unknown> {
  method: string;
  path: string;
  status: number;
}

function requestLogLine({ scope, status, durationMs }: RequestOutcome, path: string): LogLine {
  const { record } = scope;
  return {
    requestId: scope.id,
    method: scope.method,
    path,
    status,
    durationMs: round(durationMs),
    ended: howItEnded(scope, record),
    ...scope.trace?.logFields,
    ...(scope.principal.keyName === undefined ? {} : { key: scope.principal.keyName }),
    ...(scope.model === undefined ? {} : { model: scope.model }),
    ...(record === undefined ? {} : completionFields(record)),
  };
}

function completionFields({ usage, timings, numWastedTokens }: RequestRecord): Record<string, unknown> {
  const { queueMs, ttftMs, totalMs } = timings;
  const computingMs = totalMs - (queueMs ?? totalMs);
  return {
    promptTokens: usage.numPromptTokens,
    completionTokens: usage.numGeneratedTokens,
    cachedTokens: usage.numCachedTokens,
    ...(queueMs === undefined ? {} : { queueMs: round(queueMs) }),
    ...(ttftMs === undefined ? {} : { ttftMs: round(ttftMs) }),
    ...(computingMs > 0 ? { tokensPerSecond: round((1000 * usage.numGeneratedTokens) / computingMs) } : {}),
    ...(numWastedTokens > 0 ? { wastedTokens: numWastedTokens } : {}),
  };
}

/** `stop`, `length`, `abort: disconnect`, `error: queue_full`, or `ok` where nothing was generated. */
function howItEnded(scope: RequestScope, record: RequestRecord | undefined): string {
  const errorCode = scope.error?.code ?? record?.errorCode;
  if (errorCode !== undefined) return `error: ${errorCode}`;
  if (record === undefined) return 'ok';
  if (record.cancelCause !== undefined) return `abort: ${record.cancelCause}`;
  return [...new Set(record.finishReasons)].join(', ');
}

const round = (value: number): number => Math.round(value * 100) / 100;
