// Runs relay-compiler with `relay.config.json`, and prints all that it says.
import { spawnSync } from "node:child_process";

const { stdout, stderr } = spawnSync(process.execPath, ["node_modules/relay-compiler/cli.js"], { encoding: "utf8" });
process.stdout.write(stdout + stderr);
