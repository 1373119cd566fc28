/** A name is one of a folder, so nothing else may be in it. */
export const INDEX_NAME = /^[A-Za-z\d][\w-]{0,63}$/;
