import { TextSink } from './text-sink.ts';

/** The log. */
export const standardOutput = new TextSink(1);
/** What is for people, and what native libraries of children print. */
export const standardError = new TextSink(2);
