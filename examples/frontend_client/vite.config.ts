import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // The page may be in any folder of a web server.
  base: "./",
  plugins: [react()],
  // A page of `localhost` and webnet at `127.0.0.1` would be of two sites, and the session's cookie not be sent.
  server: { host: "127.0.0.1", port: 5173, strictPort: true },
  // React, rjsf and Ajv are most of it, and all of them are needed at once.
  build: { chunkSizeWarningLimit: 1500 },
  // Those with components name the DOM that they need: most have none.
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
