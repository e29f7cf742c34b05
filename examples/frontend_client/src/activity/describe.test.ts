import { expect, test } from "vitest";

import { describeActivity } from "./describe";

const row = { actorName: "ada", action: "enable_customer_plugin", outcome: "SUCCEEDED", errorCode: null } as const;

test("a row is a sentence, also one that was refused or is of a later version", () => {
  const pluginName = "site_map";

  expect(describeActivity({ ...row, pluginName })).toBe("ada switched on site_map");
  expect(describeActivity({ ...row, pluginName, outcome: "REFUSED", errorCode: "ROLE_TOO_LOW" })).toBe(
    "ada tried to switch on site_map, which was refused (ROLE_TOO_LOW)",
  );
  expect(describeActivity({ ...row, action: "polish", pluginName: null })).toBe("ada did “polish”");
});
