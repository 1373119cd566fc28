/** One message as a template reads it; roles and further fields are the template's business. */
export interface ChatMessage {
  role: string;
  content?: string | readonly ChatTextPart[] | null;
  [field: string]: unknown;
}

export interface ChatTextPart {
  type: 'text';
  text: string;
}

/** A tool as transformers hands it to a template. */
export interface TemplateTool {
  type: 'function';
  function: { name: string; description?: string; parameters: Readonly<Record<string, unknown>> };
}

/** A conversation, and what else its template may read. */
export interface TemplateInput {
  messages: readonly ChatMessage[];
  /** Undefined or empty: the template gets `none`, as in transformers. */
  tools?: readonly TemplateTool[];
  /** The text ends where the last message does, for a model to go on with it; else where another is to begin. */
  continuesFinal?: boolean;
  /** Further variables, by name; checked by `checkTemplateArguments`. */
  templateArguments?: Readonly<Record<string, unknown>>;
}
