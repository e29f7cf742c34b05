// A page of one customer: what each client has got, and whether its cache alone has all of it.
import { startApollo } from "./with_apollo";
import { startUrql } from "./with_urql";

export type Ask = () => Promise<{ summary: string; cached: string; isWhole: boolean }>;

const customer = location.pathname.split("/")[2];
const url = `/graphql/${customer}/`;
const headers = { Authorization: `Bearer ${location.hash.slice(1)}` };
const clients = { urql: startUrql(url, headers), apollo: startApollo(url, headers) };

async function show() {
  for (const [name, ask] of Object.entries(clients)) {
    const { summary, cached, isWhole } = await ask();
    const text = cached === summary && isWhole ? summary : `${summary}; in the cache: ${cached || "nothing"}`;
    document.getElementById(name)!.textContent = text;
  }
}

document.body.innerHTML = '<h1>Overview</h1><p id="urql"></p><p id="apollo"></p><button>Refresh</button>';
document.querySelector("button")!.onclick = show;
await show();
