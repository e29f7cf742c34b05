// Compiles settings schemas with Ajv in its strict mode, validates documents, and draws a form of each with rjsf: a line
// of JSON for each schema, with the reason why it can't be compiled, who is valid, and the type of each input by its id.
import Form from "@rjsf/core";
import { customizeValidator } from "@rjsf/validator-ajv8";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { readFileSync } from "node:fs";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";

const validator = customizeValidator({ AjvClass: Ajv2020.default });
const { file } = JSON.parse(process.argv[2]);
for (const { name, schema, documents, data } of JSON.parse(readFileSync(file, "utf8"))) {
  const ajv = new Ajv2020.default({ strict: true });
  addFormats.default(ajv);
  let problem = null;
  let valid = [];
  try {
    const validate = ajv.compile(schema);
    valid = documents.map((document) => validate(document));
  } catch (error) {
    problem = error.message;
  }
  const form = createElement(Form, { schema, validator, formData: data });
  const inputs = [...renderToStaticMarkup(form).matchAll(/<input id="(root_[^"]+)"[^>]* type="(\w+)"/g)];
  console.log(JSON.stringify({ name, problem, valid, inputs: Object.fromEntries(inputs.map(([, id, type]) => [id, type])) }));
}
