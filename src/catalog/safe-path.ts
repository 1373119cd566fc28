/** Control characters, and what Windows or a shell reads as something else. */
// eslint-disable-next-line no-control-regex -- NUL and its like are what is looked for
const FORBIDDEN = /[\u0000-\u001f\u007f\\:*?"<>|]/;
/** Names that are devices on Windows, whatever ending follows. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])(?:\.|$)/i;
const MAX_NAME_BYTES = 200;
const MAX_PARTS = 8;

/**
 * Whether a path from outside (a listing of the hub, a manifest) may be joined to a folder of ours and
 * stays in it on every system: relative, forward slashes, no `..`, no hidden files, no devices.
 */
export function isSafePath(path: string): boolean {
  const parts = path.split('/');
  return parts.length <= MAX_PARTS && parts.every(isSafeName);
}

function isSafeName(name: string): boolean {
  return (
    name !== '' &&
    !name.startsWith('.') &&
    !/[. ]$/.test(name) &&
    isWellFormed(name) &&
    Buffer.byteLength(name) <= MAX_NAME_BYTES &&
    !FORBIDDEN.test(name) &&
    !DEVICE.test(name)
  );
}

/** A lone surrogate becomes another character on disk. */
function isWellFormed(name: string): boolean {
  return Buffer.from(name).toString() === name;
}
