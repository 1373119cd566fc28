/** What `import … from 'tokenflare'` gives. */
export {
  createService,
  type AnswerOptions,
  type CloseOptions,
  type ServiceModel,
  type ServiceOptions,
  type ServiceSettings,
  type TokenflareService,
} from './create-service.ts';
export type { Answer } from './answer.ts';
export { EngineError, type ErrorCode } from '../errors.ts';
export { VERSION } from '../version.ts';
export type {
  ChatBody,
  ChatPiece,
  ChatRequest,
  CompletionBody,
  CompletionPiece,
  CompletionRequest,
} from './wire-types.ts';
