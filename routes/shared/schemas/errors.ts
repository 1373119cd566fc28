import * as z from 'zod';
import { ERROR_CODES } from '../../../src/errors.ts';

/** OpenAI's error envelope, and that of routes which name no API. */
export const openAiErrorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      code: z.enum(ERROR_CODES),
      param: z.string().nullable().meta({ description: 'The field at fault.' }),
      request_id: z.string(),
    }),
  })
  .meta({ id: 'Error' });

/** Cloudflare's error envelope. */
export const workersAiErrorSchema = z
  .object({
    result: z.null(),
    success: z.literal(false),
    errors: z.array(
      z.object({
        code: z.int().meta({ description: "Cloudflare's number of the fault." }),
        message: z.string(),
        source: z
          .object({ pointer: z.string() })
          .optional()
          .meta({ description: 'The field at fault, as a JSON pointer.' }),
      }),
    ),
    messages: z.array(z.string()),
  })
  .meta({ id: 'WorkersAiError' });

/** As the class behind a Worker's `env.AI` reads an error. */
export const workersBindingErrorSchema = z
  .object({
    internalCode: z.int().meta({ description: "Cloudflare's number of the fault." }),
    name: z.literal('InferenceUpstreamError'),
    description: z.string(),
    message: z.string(),
    errors: z.array(z.object({ code: z.int(), message: z.string() })),
  })
  .meta({ id: 'WorkersBindingError' });

/** The error envelope of AI Gateway itself. */
export const gatewayErrorSchema = z
  .object({
    success: z.literal(false),
    result: z.array(z.never()),
    messages: z.array(z.never()),
    error: z.array(z.object({ code: z.int(), message: z.string() })),
  })
  .meta({ id: 'AiGatewayError' });

/** As the class behind a Worker's Vectorize reads an error. */
export const vectorizeErrorSchema = z
  .object({
    error: z.string(),
    code: z.int().meta({ description: "Cloudflare's number of the fault." }),
  })
  .meta({ id: 'VectorizeError' });

/** Ollama's errors, also the line that ends a stream which broke. */
export const ollamaErrorSchema = z.object({ error: z.string() }).meta({ id: 'OllamaError' });

/** Anthropic's error envelope. */
export const anthropicErrorSchema = z
  .object({
    type: z.literal('error'),
    error: z.object({
      type: z.enum([
        'invalid_request_error',
        'authentication_error',
        'permission_error',
        'not_found_error',
        'request_too_large',
        'rate_limit_error',
        'timeout_error',
        'api_error',
        'overloaded_error',
      ]),
      message: z.string(),
      details: z
        .object({ error_code: z.literal('thread_unsupported_request'), unsupported: z.array(z.string()) })
        .optional()
        .meta({ description: 'Of a request with `thread`: the service keeps no conversations of messages.' }),
    }),
    request_id: z.string(),
  })
  .meta({ id: 'AnthropicError' });
