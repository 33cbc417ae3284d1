// Writes dist/: index.html, the hashed script and style files, and the fonts.
// `node build.mjs` needs what `npm ci` installed and nothing else.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, "dist");

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

const result = await build({
  entryPoints: { main: path.join(here, "src/main.ts"), style: path.join(here, "src/styles/main.css") },
  outdir: path.join(dist, "assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  publicPath: "/assets",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  minify: true,
  metafile: true,
  legalComments: "linked",
  loader: { ".woff2": "file" },
  absWorkingDir: here,
});

function built(entryPoint) {
  for (const [file, output] of Object.entries(result.metafile.outputs)) {
    if (output.entryPoint === entryPoint) return `/assets/${path.basename(file)}`;
  }
  throw new Error(`${entryPoint} was not built`);
}

const page = (await readFile(path.join(here, "src/index.html"), "utf8"))
  .replace("/main.js", built("src/main.ts"))
  .replace("/main.css", built("src/styles/main.css"));
await writeFile(path.join(dist, "index.html"), page);

for (const [file, output] of Object.entries(result.metafile.outputs)) {
  if (!file.endsWith(".txt")) console.log(`${path.basename(file)}  ${(output.bytes / 1000).toFixed(1)} kB`);
}
