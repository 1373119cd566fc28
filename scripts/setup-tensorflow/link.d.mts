export const PACKAGE: string;
export function link(target: string, path: string): void;
export function linkTensorflow(root: string): void;
