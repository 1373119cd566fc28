/** A function that the model may call, whatever API its client speaks. */
export interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of its arguments, an object; undefined: none are taken. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Its arguments are held to the schema also where the model chose to call it (`tool_choice: auto`). */
  readonly strict?: boolean;
  /** The request's field, for messages: `tools[2].function`. */
  readonly param: string;
  /** The field of its schema; `parameters` of `param` unless told otherwise. */
  readonly parametersParam?: string;
}

/** `auto`: the model decides; `none`: it calls nothing; `required`: it calls one at least; or this one by name. */
export type ToolChoice =
  { readonly type: 'auto' | 'none' | 'required' } | { readonly type: 'named'; readonly name: string };
