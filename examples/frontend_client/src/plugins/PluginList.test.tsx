// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { Provider } from "urql";
import { afterEach, expect, test, vi } from "vitest";

import { createCustomerClient } from "../client/client";
import { answerWith, type Answers } from "../testing";
import { PluginList } from "./PluginList";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const state = (name: string, changes = {}) => ({
  __typename: "CustomerPluginConfig",
  id: `config-${name}`,
  enabled: false,
  effective: false,
  availability: "OFFERED",
  ineffectiveReasons: [`'acme' has switched '${name}' off.`],
  plugin: {
    __typename: "Plugin",
    id: name,
    name,
    verboseName: name,
    description: "",
    version: "1.0.0",
    status: "LOADED",
  },
  ...changes,
});

function page(names: string[], endCursor: string | null) {
  return {
    __typename: "Query",
    customer: {
      __typename: "Customer",
      id: "acme",
      pluginConfigs: {
        __typename: "CustomerPluginConfigConnection",
        edges: names.map((name) => ({ __typename: "CustomerPluginConfigEdge", node: state(name) })),
        pageInfo: { __typename: "PageInfo", hasNextPage: endCursor !== null, endCursor },
      },
    },
  };
}

function show(answers: Answers) {
  const asked = answerWith(answers);
  const client = createCustomerClient("/graphql/", "acme", { onSignedOut: vi.fn(), onStreamState: vi.fn() });
  const onChanged = vi.fn();
  render(
    <Provider value={client}>
      <PluginList slug="acme" pageSize={2} mayChange onShown={vi.fn()} onChanged={onChanged} />
    </Provider>,
  );
  return { asked, onChanged };
}

const names = () => screen.getAllByRole("heading", { level: 3 }).map((heading) => heading.textContent);

test("further pages come after the first, until there are no more", async () => {
  const { asked } = show({ Plugins: ({ after }) => (after ? page(["c"], null) : page(["a", "b"], "second")) });

  fireEvent.click(await screen.findByRole("button", { name: "More plugins" }));

  await waitFor(() => expect(names()).toEqual(["a", "b", "c"]));
  await waitFor(() => expect(screen.queryByRole("button", { name: "More plugins" })).toBeNull());
  expect(asked.map(({ variables }) => variables)).toEqual([
    { slug: "acme", first: 2, after: null },
    { slug: "acme", first: 2, after: "second" },
  ]);
});

test("without plugins it says so", async () => {
  show({ Plugins: () => page([], null) });

  expect(await screen.findByText("There are no plugins for this customer yet.")).toBeTruthy();
});

test("a refusal is in words, with a way to switch what it needs as well", async () => {
  const refused = { __typename: "DependencyRefusal", code: "DEPENDENCY_DISABLED", message: "", plugins: ["b"] };
  const config = state("a", { enabled: true, effective: true, ineffectiveReasons: [] });
  const enabled = { __typename: "EnableCustomerPluginPayload", config, alsoEnabled: [] };
  const { asked, onChanged } = show({
    Plugins: () => page(["a"], null),
    EnablePlugin: ({ input }: { input: { enableDependencies: boolean } }) => ({
      __typename: "Mutation",
      enableCustomerPlugin: input.enableDependencies ? enabled : refused,
    }),
  });

  const toggle = await screen.findByRole("switch", { name: "a" });
  fireEvent.click(toggle);
  expect(toggle.getAttribute("aria-disabled")).toBe("true");
  fireEvent.click(toggle); // It is under way: nothing more is sent.
  expect((await screen.findByRole("alert")).textContent).toContain("It needs “b”, which must be on as well.");
  fireEvent.click(screen.getByRole("button", { name: "Switch on with what it needs" }));

  await waitFor(() => expect(toggle.getAttribute("aria-checked")).toBe("true"));
  await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
  expect(asked.map(({ name }) => name)).toEqual(["Plugins", "EnablePlugin", "EnablePlugin"]);
  expect(onChanged).toHaveBeenCalledTimes(2);
});
