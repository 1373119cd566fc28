/** A part of the set-up failed; the message says which way, for people. */
export class SetUpError extends Error {}
