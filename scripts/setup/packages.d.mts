/** What is installed. */
interface Installed {
  /** The lockfile is no newer. */
  readonly isCurrent: boolean;
  /** Not only what serving and the build need. */
  readonly isAll: boolean;
}
/** Which packages npm installs, if any. */
export function installationFor(
  installed: Installed | undefined,
  wantsAll: boolean,
): { title: string; args: string[] } | undefined;
/** The program and first arguments of npm. */
export function npmCommand(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): { program: string; first: string[]; shell: boolean };
