// Where webnet is and whose plugins are shown. It is read when the page starts, so one build serves every installation.

export interface Config {
  /** The address of the API, such as `https://api.example.com/graphql/`. */
  readonly api: string;
  /** The customer's slug. */
  readonly customer: string;
  /** How many plugins a page of the list has. */
  readonly pageSize: number;
}

/** `config.json` beside the page; its customer may be overridden by the page's address: `?customer=globex`. */
export async function readConfig(): Promise<Config> {
  const response = await fetch("config.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`config.json: HTTP status ${response.status}`);
  const { api, customer, pageSize } = (await response.json()) as Config;
  return { api, pageSize, customer: new URLSearchParams(location.search).get("customer") ?? customer };
}
