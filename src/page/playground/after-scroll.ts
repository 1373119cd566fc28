export interface Following {
  isFollowing: boolean;
  /** Where the page is scrolled to, in pixels from its top. */
  y: number;
}

/** The end counts as seen if no more than this is missing: the browser rounds what it scrolls by. */
const NEAR_PX = 24;

/**
 * Whether the page goes on to follow an answer after it was scrolled. A reader who scrolls up is left alone until the
 * end is in view again.
 *
 * @param hiddenPx how much of the answer is below what the screen shows
 */
export function afterScroll({ isFollowing, y: before }: Following, y: number, hiddenPx: number): Following {
  if (hiddenPx <= NEAR_PX) return { isFollowing: true, y };
  return { isFollowing: isFollowing && y >= before, y };
}
