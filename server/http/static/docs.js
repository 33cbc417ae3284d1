// Shows /openapi.json as a page. Text nodes only: nothing of the description is ever read as markup.
"use strict";

function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

function schemaName(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map(schemaName).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (schema.type === "array") return `list of ${schemaName(schema.items) || "anything"}`;
  return [schema.type, schema.format && `(${schema.format})`].filter(Boolean).join(" ") || "anything";
}

function table(headings, rows) {
  const head = element("tr", {}, ...headings.map((text) => element("th", { scope: "col" }, text)));
  const body = rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, cell))));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
}

function properties(schema) {
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties ?? {}).map(([name, described]) => [
    element("code", {}, name),
    schemaName(described),
    [required.has(name) ? "required" : "", described.description ?? ""].filter(Boolean).join("; "),
  ]);
  return rows.length ? table(["Member", "Type", "Notes"], rows) : null;
}

function modelLink(schema) {
  if (!schema?.$ref) return schemaName(schema);
  const name = schemaName(schema);
  return element("a", { href: `#model-${name}` }, name);
}

function call(path, method, described) {
  const parts = [];
  if (described.parameters.length) {
    const rows = described.parameters.map((parameter) => [
      element("code", {}, parameter.name),
      parameter.in,
      schemaName(parameter.schema),
      parameter.description ?? "",
    ]);
    parts.push(element("h4", {}, "Parameters"), table(["Name", "In", "Type", "Notes"], rows));
  }
  const body = described.requestBody?.content["application/json"]?.schema;
  if (body) {
    const need = described.requestBody.required ? "" : " (optional)";
    parts.push(element("h4", {}, "Body"), element("p", {}, modelLink(body), need));
  }
  const answers = Object.entries(described.responses).map(([status, answer]) => {
    const shown = Object.entries(answer.content ?? {}).map(([media, content]) =>
      element("div", {}, `${media}: `, modelLink(content.schema)),
    );
    return [element("code", {}, status), answer.description, element("div", {}, ...shown)];
  });
  parts.push(element("h4", {}, "Answers"), table(["Status", "When", "Body"], answers));
  const title = element(
    "summary",
    {},
    element("span", { class: "method" }, method.toUpperCase()),
    element("code", {}, path),
    ` ${described.summary}`,
  );
  return element("details", { id: described.operationId }, title, ...parts);
}

function show(api) {
  document.getElementById("about").textContent = `${api.info.description} Version ${api.info.version}.`;
  const groups = new Map(api.tags.map((tag) => [tag.name, []]));
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, described] of Object.entries(methods)) {
      groups.get(described.tags[0]).push(call(path, method, described));
    }
  }
  const sections = [...groups].map(([name, calls]) => element("section", {}, element("h2", {}, name), ...calls));
  const models = Object.entries(api.components.schemas).map(([name, schema]) =>
    element(
      "details",
      { id: `model-${name}` },
      element("summary", {}, element("code", {}, name)),
      schema.description ? element("p", {}, schema.description) : null,
      properties(schema),
    ),
  );
  sections.push(element("section", {}, element("h2", {}, "Models"), ...models));
  const main = document.getElementById("calls");
  main.replaceChildren(...sections);
  main.removeAttribute("aria-busy");
}

function open() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}

async function main() {
  const response = await fetch("/openapi.json");
  if (!response.ok) throw new Error(`/openapi.json answered ${response.status}`);
  show(await response.json());
  open();
  addEventListener("hashchange", open);
}

main().catch((error) => {
  document.getElementById("calls").textContent = `The description cannot be shown: ${error.message}`;
});
