/**
 * The releases of 24 March 2026, by their major version. Older ones have known faults in what a server is made of: the
 * HTTP parser takes requests that a proxy in front reads otherwise (CVE-2024-27982 before 20.12.1, CVE-2025-23167
 * before 20.19.2), and keys that a client chooses collide in V8's tables (CVE-2026-21717).
 */
const SAFE_RELEASES: ReadonlyMap<number, readonly [minor: number, patch: number]> = new Map([
  [20, [20, 2]],
  [22, [22, 2]],
  [24, [14, 1]],
]);
const NEWEST_MAJOR = 24;

/**
 * Why a release of Node should not face clients that are not trusted; undefined where nothing is known against it.
 * @param version `20.12.0`
 */
export function releaseWarning(version: string): string | undefined {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major > NEWEST_MAJOR) return undefined;
  const safe = SAFE_RELEASES.get(major);
  const remedy = 'take the newest release of Node 22 or 24, or of Node 20 at least';
  if (safe === undefined) return `Node ${version} is of a line that gets no security fixes: ${remedy}`;
  const [safeMinor, safePatch] = safe;
  if (minor > safeMinor || (minor === safeMinor && patch >= safePatch)) return undefined;
  return (
    `Node ${version} has known faults, request smuggling and denial of service among them, which ` +
    `${major}.${safeMinor}.${safePatch} mends: ${remedy}`
  );
}
