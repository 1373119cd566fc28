/**
 * What a text must look like, before it is compiled: plain data, which a route, or the format of a model's tool calls,
 * puts together. `param` is the request's field that a part came from; what is wrong with the part is said of it.
 */
export type GrammarSpec =
  /** JSON in compact form that a JSON Schema accepts. `schema`: parsed JSON, of an object or a boolean. */
  | { readonly type: 'jsonSchema'; readonly schema: unknown; readonly param: string }
  /** Any JSON object. */
  | { readonly type: 'jsonObject' }
  /** A whole text that a regular expression matches, in JavaScript's syntax with the `u` flag. */
  | { readonly type: 'regex'; readonly pattern: string; readonly param: string }
  /** GBNF, EBNF or Lark, as llama.cpp and vLLM take them. */
  | { readonly type: 'ebnf'; readonly text: string; readonly param: string }
  | { readonly type: 'literal'; readonly text: string }
  /** One special token, by what it is written as. */
  | { readonly type: 'specialToken'; readonly name: string }
  /** Any text that holds none of these. */
  | { readonly type: 'textWithout'; readonly stops: readonly string[] }
  | { readonly type: 'sequence'; readonly items: readonly GrammarSpec[] }
  | { readonly type: 'choice'; readonly items: readonly GrammarSpec[] }
  | {
      readonly type: 'repeat';
      readonly item: GrammarSpec;
      readonly min: number;
      readonly max: number | undefined;
    };
