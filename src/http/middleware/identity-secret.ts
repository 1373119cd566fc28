import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../values.ts';

const SECRET_BYTES = 32;

/** New with each process, unless it is kept. */
let secret: Buffer = randomBytes(SECRET_BYTES);

/** By which ids tell clients apart and do not reveal their keys. */
export const identitySecret = (): Buffer => secret;

/**
 * Makes ids of clients the same after a restart, so that their prefixes are found in the files of the folder. Where it
 * cannot be, they are new with this process.
 * @returns what the file system says, undefined: it is kept
 */
export async function keepIdentitySecret(folder: string): Promise<string | undefined> {
  const path = join(folder, 'secret');
  try {
    // One that is there is enough, also where nothing can be written.
    const kept = await readFile(path).catch(() => makeSecret(folder, path));
    if (kept.byteLength !== SECRET_BYTES) return `${path} is no secret of ${SECRET_BYTES} bytes: remove it`;
    secret = kept;
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function makeSecret(folder: string, path: string): Promise<Buffer> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = `${path}.${randomBytes(8).toString('hex')}`;
  await writeFile(own, secret, { flag: 'wx', mode: 0o600 });
  // Whole at once; of two services that start together, one makes it.
  await link(own, path).catch(() => undefined);
  await unlink(own);
  return readFile(path);
}
