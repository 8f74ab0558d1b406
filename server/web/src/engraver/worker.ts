/// <reference lib="webworker" />
// verovio in a thread of its own. Files of verovio are loaded as they lie beside the page, so that they can be exchanged.
import type { Answer, Drawing, Order, Toolkit, ToolkitName } from "./orders";

declare const self: DedicatedWorkerGlobalScope;

const FOLDER = "../verovio/";
const toolkits = new Map<ToolkitName, Toolkit>();
const loading = load();

async function load(): Promise<() => Toolkit> {
  const at = (name: string): string => new URL(FOLDER + name, self.location.href).href;
  const [module, glue] = await Promise.all([
    import(/* @vite-ignore */ at("verovio-module.mjs")) as Promise<{ default: () => Promise<unknown> }>,
    import(/* @vite-ignore */ at("verovio.mjs")) as Promise<{ VerovioToolkit: new (module: unknown) => Toolkit }>,
  ]);
  const verovio = await module.default();
  return () => new glue.VerovioToolkit(verovio);
}

async function toolkit(name: ToolkitName): Promise<Toolkit> {
  const create = await loading;
  const known = toolkits.get(name) ?? create();
  toolkits.set(name, known);
  return known;
}

async function carryOut(order: Order): Promise<unknown> {
  const verovio = await toolkit(order.toolkit);
  switch (order.kind) {
    case "engrave":
      return engrave(verovio, order.score, order.options);
    case "page":
      return verovio.renderToSVG(order.page);
    case "find":
      return verovio.getPageWithElement(order.id);
    case "mei":
      return verovio.getMEI({});
    case "perform":
      return { midi: verovio.renderToMIDI(), timemap: verovio.renderToTimemap({ includeMeasures: true }) };
  }
}

function engrave(verovio: Toolkit, score: string, options: Record<string, unknown>): Drawing {
  verovio.setOptions(options);
  if (!verovio.loadData(score)) throw new Error("verovio can't read the score");
  const pages = verovio.getPageCount();
  return { pages, first: pages > 0 ? verovio.renderToSVG(1) : "" };
}

self.onmessage = async ({ data: { id, order } }: MessageEvent<{ id: number; order: Order }>) => {
  const answer: Answer = await carryOut(order).then(
    (value) => ({ id, value }),
    (error: unknown) => ({ id, error: error instanceof Error ? error.message : String(error) }),
  );
  self.postMessage(answer);
};
