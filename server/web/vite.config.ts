import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const { resolve } = createRequire(import.meta.url);
const verovio = dirname(resolve("verovio"));
const synthesizer = join(import.meta.dirname, "node_modules/spessasynth_lib/dist");

/** Files of others that travel as they are: verovio (LGPL) stays exchangeable, the audio worklet must be a file of its own. */
const AS_THEY_ARE = {
  "verovio/verovio-module.mjs": join(verovio, "verovio-module.mjs"),
  "verovio/verovio.mjs": join(verovio, "verovio.mjs"),
  "synthesizer/processor.js": join(synthesizer, "spessasynth_processor.min.js"),
};

function copied(): Plugin {
  return {
    name: "copied",
    generateBundle() {
      for (const [fileName, path] of Object.entries(AS_THEY_ARE)) {
        this.emitFile({ type: "asset", fileName, source: withoutSourceMap(readFileSync(path)) });
      }
    },
  };
}

function withoutSourceMap(source: Buffer): Buffer {
  const at = source.lastIndexOf("\n//# sourceMappingURL=");
  return at < 0 ? source : source.subarray(0, at + 1);
}

export default defineConfig({
  base: "./",
  plugins: [react(), copied()],
  build: {
    outDir: "../chordllama_server/page",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the page's Content-Security-Policy allows no data: addresses
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: {
        // Names without checksums: a rebuilt page is then a change of its files, not a new set of them.
        entryFileNames: "assets/[name].js",
        chunkFileNames: "assets/[name].js",
        assetFileNames: "assets/[name][extname]",
      },
    },
  },
  worker: { format: "es", rollupOptions: { output: { entryFileNames: "assets/[name].js" } } },
});
