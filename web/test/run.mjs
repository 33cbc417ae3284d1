// Bundles the tests and runs them with Node's own runner; `--serve` runs the fake server instead.
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const serve = process.argv.includes("--serve");
const out = await mkdtemp(path.join(tmpdir(), "casenote-web-"));
const files = serve ? ["fake/http.ts"] : (await readdir(here)).filter((name) => name.endsWith(".test.ts"));

await build({
  entryPoints: files.map((name) => path.join(here, name)),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "warning",
});

const built = files.map((name) => path.join(out, `${path.basename(name, ".ts")}.mjs`));
const child = spawn(process.execPath, serve ? built : ["--test", ...built], {
  stdio: "inherit",
  cwd: path.join(here, ".."),
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", async (code) => {
  await rm(out, { recursive: true, force: true });
  process.exit(code ?? 1);
});
