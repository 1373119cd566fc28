/** What happened to pages on disk. Pages that prompts lacked in memory: those that were read, and the others. */
export interface DiskCounts {
  numHitPages: number;
  numMissedPages: number;
  numWrittenPages: number;
  /** Not written, since the disk was slow, full or not to be written to. */
  numDroppedPages: number;
  numDamagedFiles: number;
}

export const NO_DISK_COUNTS: DiskCounts = {
  numHitPages: 0,
  numMissedPages: 0,
  numWrittenPages: 0,
  numDroppedPages: 0,
  numDamagedFiles: 0,
};
