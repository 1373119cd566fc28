import { BATCH_KIND } from './batch.ts';
import { BINDING_KIND } from './bindings.ts';
import { DOCUMENT_KIND } from './documents.ts';
import { EXPRESSION_KIND } from './expressions.ts';
import type { FuzzKind } from './fuzz-script.ts';
import { GATEWAY_KIND } from './gateways.ts';
import { GRAMMAR_KIND } from './grammars.ts';
import { REFERENCE_KIND } from './references.ts';
import { SCHEMA_KIND } from './schemas.ts';
import { TEXT_KIND } from './texts.ts';
import { VECTOR_KIND } from './vectors.ts';

/** What is sent to the default model of the cases. */
export const FUZZ_KINDS: readonly FuzzKind[] = [
  GRAMMAR_KIND,
  SCHEMA_KIND,
  EXPRESSION_KIND,
  REFERENCE_KIND,
  BATCH_KIND,
  TEXT_KIND,
  DOCUMENT_KIND,
  VECTOR_KIND,
  GATEWAY_KIND,
  BINDING_KIND,
];
