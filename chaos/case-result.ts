/** What a case came to. */
export interface CaseResult {
  name: string;
  attack: string;
  /** None: the service held. */
  failures: string[];
  notes: string[];
  seconds: number;
  /** Why it could not run here. */
  skipped: string | undefined;
  /** Absent where the case had services of its own. */
  watched?: WatchedFigures;
}

export interface WatchedFigures {
  numCanaries: number;
  numWholeCanaries: number;
  longestGapMs: number;
  healthP99Ms: number | undefined;
  healthWorstMs: number;
  /** Without what the machine added. */
  healthWorstOwnMs: number;
  worstControlMs: number;
  restarts: number;
  settledSeconds: number | undefined;
  peakResidentBytes: number;
}
