import { expect } from 'vitest';
import type { Answer } from './http-client.ts';

interface OpenAiError {
  message: string;
  code: string;
  param: string | null;
  type: string;
}

interface WorkersAiError {
  code: number;
  message: string;
  source?: { pointer: string };
}

/** The error in an answer of OpenAI's form. */
export const openAiError = ({ json }: Answer): OpenAiError => (json as { error: OpenAiError }).error;

/** The first error in an answer of Cloudflare's form. */
export function workersAiError({ json }: Answer): WorkersAiError {
  const { success, errors } = json as { success: boolean; errors: WorkersAiError[] };
  expect(success).toBe(false);
  return errors[0] ?? { code: -1, message: 'no error' };
}
