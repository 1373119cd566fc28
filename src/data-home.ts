import { homedir } from 'node:os';
import { join } from 'node:path';

/** XDG Base Directory Specification: data that is a user's own. */
export function dataHome(): string {
  return process.env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share');
}
