/** What a command ends with. */
export const EXIT_CODES = {
  done: 0,
  /** Its message is on standard error. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The event loop of the service stood still. EX_SOFTWARE of sysexits.h. */
  hung: 70,
  /** 128 and the number of SIGINT. */
  interrupted: 130,
} as const;

export function exitCodesHelp(): string {
  const { done, failed, usage, hung, interrupted } = EXIT_CODES;
  return (
    `Exit codes: ${done} done, ${failed} failed, ${usage} the command line is wrong, ` +
    `${hung} a service that hung was ended, ${interrupted} stopped by Ctrl-C.`
  );
}
