import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./App";
import { Notice } from "./Notice";
import { readConfig } from "./config";
import "./styles.css";

const root = createRoot(document.getElementById("root")!);
try {
  const config = await readConfig();
  root.render(
    <StrictMode>
      <App config={config} />
    </StrictMode>,
  );
} catch (error) {
  console.error(error);
  root.render(<Notice kind="error">This page is not set up: config.json can't be read.</Notice>);
}
