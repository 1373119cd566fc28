import { createHash, randomBytes } from 'node:crypto';

const ID_BYTES = 8;
const SECRET_BYTES = 32;
/** `tkf_ID_SECRET`: the id names the key in lists and in the key file, and is no secret. */
const FORM = /^tkf_([0-9a-f]{16})_[\w-]{43}$/;

/** The id part of every key. */
export const KEY_ID = /^[0-9a-f]{16}$/;

export interface NewApiKey {
  readonly id: string;
  /** What its owner sends; it is not kept. */
  readonly text: string;
}

/** A key with 256 random bits behind its id. */
export function makeApiKey(): NewApiKey {
  const id = randomBytes(ID_BYTES).toString('hex');
  return { id, text: `tkf_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}` };
}

/** The id that a text of the form of a key names; undefined for any other text. */
export const idOfApiKey = (text: string): string | undefined => FORM.exec(text)?.[1];

/**
 * What is kept of a key. A fast hash is enough: slow ones are for passwords, which can be guessed. No client can try a
 * part worth mentioning of 2^256 secrets, and a slow hash would let any client spend the service's time with wrong keys.
 */
export const hashApiKey = (text: string): Buffer => createHash('sha256').update(text).digest();
