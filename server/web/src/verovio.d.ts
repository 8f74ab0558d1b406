// verovio's package has no types.
declare module "verovio/wasm" {
  export default function createModule(): Promise<unknown>;
}
declare module "verovio/esm" {
  export class VerovioToolkit {
    constructor(module: unknown);
    setOptions(options: Record<string, unknown>): void;
    loadData(score: string): boolean;
    renderToSVG(page: number): string;
    renderToMIDI(): string;
    renderToTimemap(options: Record<string, unknown>): unknown;
    getMEI(options: Record<string, unknown>): string;
  }
}
