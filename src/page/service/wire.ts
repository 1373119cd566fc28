/**
 * What the page reads of the service's answers. The page imports nothing of the service, whose sources are for Node;
 * tests/unit/page/wire.test.ts holds these types to those of the schemas.
 */

/** `GET v1/models` */
export interface ModelList {
  data: Model[];
}

export interface Model {
  id: string;
  state: 'unloaded' | 'loading' | 'loaded' | 'failed';
  is_default: boolean;
  max_model_len: number | null;
  /** Null: it does not chat, or it is not loaded yet. */
  chat_template: 'own' | 'builtin' | 'file' | null;
}
