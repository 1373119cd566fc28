import { BATCH_KIND } from './batch.ts';
import { DOCUMENT_KIND } from './documents.ts';
import { EXPRESSION_KIND } from './expressions.ts';
import type { FuzzKind } from './fuzz-script.ts';
import { GRAMMAR_KIND } from './grammars.ts';
import { REFERENCE_KIND } from './references.ts';
import { SCHEMA_KIND } from './schemas.ts';
import { TEXT_KIND } from './texts.ts';

/** What is sent to the default model of the cases. */
export const FUZZ_KINDS: readonly FuzzKind[] = [
  GRAMMAR_KIND,
  SCHEMA_KIND,
  EXPRESSION_KIND,
  REFERENCE_KIND,
  BATCH_KIND,
  TEXT_KIND,
  DOCUMENT_KIND,
];
