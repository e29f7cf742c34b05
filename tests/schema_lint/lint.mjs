// Prints a line of JSON for each finding in schema.graphql beside this file, and for each exception without one.
import { ESLint } from "eslint";
import { exceptions } from "./exceptions.js";

const [{ messages }] = await new ESLint({ cwd: import.meta.dirname }).lintFiles(["schema.graphql"]);
const unused = new Set(exceptions.flatMap((exception) => exception.findings));

for (const { ruleId, line, message } of messages) {
  const rule = ruleId?.replace("@graphql-eslint/", "") ?? "parser";
  const patterns = exceptions.filter((each) => each.rule === rule).flatMap((each) => each.findings);
  const excepting = patterns.filter((pattern) => pattern.test(message));
  excepting.forEach((pattern) => unused.delete(pattern));
  if (!excepting.length) console.log(JSON.stringify({ rule, line, message }));
}
for (const { rule, findings, reason } of exceptions) {
  if (!reason) console.log(JSON.stringify({ rule, message: "An exception has no reason." }));
  for (const pattern of findings.filter((each) => unused.has(each))) {
    console.log(JSON.stringify({ rule, message: `There is nothing to except: ${pattern.source}` }));
  }
}
