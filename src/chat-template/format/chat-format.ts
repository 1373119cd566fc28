/**
 * How a model writes what is no content: its calls of tools, and its reasoning. Plain data, found from what the model's
 * template writes (`detectToolUse`, `detectReasoningFormat`); readers and grammars are made of it.
 */

export interface ReasoningFormat {
  readonly opening: string;
  readonly closing: string;
  /** The template's variable that turns it on and off; undefined: it has none. */
  readonly variable: string | undefined;
}

export type ToolFormat = JsonFormat | NamedJsonFormat | TaggedFormat | PythonicFormat | GemmaFormat;

/** The texts around calls: `open`, calls with `separator` between them, `close`; a call is in between the next two. */
interface CallLayout {
  /** Tags that begin a call, wherever they stand in an answer. */
  readonly openings: readonly string[];
  /** An answer may also be calls from its first character on, without a tag. */
  readonly isBare: boolean;
  readonly open: string;
  readonly callOpen: string;
  readonly callClose: string;
  /** Undefined: the template writes one call a turn. */
  readonly separator: string | undefined;
  readonly close: string;
  /** Texts after which the model must not go on: it would write the tool's result by itself. */
  readonly stops: readonly string[];
}

/** `callOpen` name `nameClose` arguments `callClose`: all of it but the tags is one JSON object a call. */
export interface JsonFormat extends CallLayout {
  readonly shape: 'json';
  readonly nameClose: string;
  readonly nameKey: string;
  readonly argumentsKey: string;
  /** The template knows no tools: they are described in words, and a reply is `{"response": …}`. */
  readonly isGeneric: boolean;
}

/** The texts of a call whose name stands outside of the JSON object of the arguments. */
export interface NamedJsonFormat extends CallLayout {
  readonly shape: 'namedJson';
  readonly nameClose: string;
}

/** `callOpen` name `nameClose`, for each argument `keyOpen` key `valueOpen` value `valueClose`, `callClose`. */
export interface TaggedFormat extends CallLayout {
  readonly shape: 'tagged';
  readonly nameClose: string;
  readonly keyOpen: string;
  readonly valueOpen: string;
  readonly valueClose: string;
}

/** `[f(a='x', b=2), g()]`. */
export interface PythonicFormat extends CallLayout {
  readonly shape: 'pythonic';
}

/** `call:NAME{key:<escape>text<escape>,n:1}`. */
export interface GemmaFormat extends CallLayout {
  readonly shape: 'gemma';
  /** Before and after each text. */
  readonly quote: string;
}
