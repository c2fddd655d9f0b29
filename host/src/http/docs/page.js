// Shows /openapi.json. Everything is put in as text, so that nothing in it can become markup.

const METHODS = ["get", "post", "put", "patch", "delete", "head"];

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function reference(schema) {
  const name = schema.$ref.split("/").pop();
  return element("a", { href: `#schema-${name}` }, name);
}

// A schema in a few words, with links to those that have a name.
function brief(schema) {
  if (!schema) return element("span", {}, "anything");
  if (schema.$ref) return reference(schema);
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (alternatives) {
    const parts = alternatives.flatMap((one, index) => (index ? [" or ", brief(one)] : [brief(one)]));
    return element("span", {}, ...parts);
  }
  if (schema.items) return element("span", {}, "array of ", brief(schema.items));
  if (typeof schema.additionalProperties === "object") {
    return element("span", {}, "map to ", brief(schema.additionalProperties));
  }
  const type = [schema.type ?? "anything"].flat().join(" or ");
  const values = schema.enum ? `: ${schema.enum.join(", ")}` : "";
  const bounds = ["minimum", "maximum"].filter((key) => key in schema).map((key) => ` ${key} ${schema[key]}`);
  return element("span", {}, `${type}${schema.format ? ` (${schema.format})` : ""}${values}${bounds.join("")}`);
}

function table(rows) {
  return element("table", {}, ...rows.map(([head, ...cells]) =>
    element("tr", {}, element("th", {}, head), ...cells.map((cell) => element("td", {}, cell ?? "")))));
}

function parameters(operation) {
  if (!operation.parameters?.length) return null;
  const rows = operation.parameters.map((parameter) => [
    parameter.name,
    `${parameter.in}${parameter.required ? ", required" : ""}`,
    brief(parameter.schema),
    parameter.description,
  ]);
  return element("div", {}, element("h3", {}, "Parameters"), table(rows));
}

function body(operation) {
  const content = operation.requestBody?.content;
  if (!content) return null;
  const rows = Object.entries(content).map(([type, { schema }]) => [type, brief(schema)]);
  return element("div", {}, element("h3", {}, "Body"), table(rows));
}

function responses(operation) {
  const rows = Object.entries(operation.responses).map(([status, response]) => {
    const content = Object.values(response.content ?? {})[0];
    return [status, response.description, content ? brief(content.schema) : "no body"];
  });
  return element("div", {}, element("h3", {}, "Answers"), table(rows));
}

function needs(operation) {
  const ways = (operation.security ?? []).map((way) => Object.keys(way).join(" and ") || "nothing");
  return ways.length ? `needs ${ways.join(" or ")}` : "open";
}

function show(path, method, operation) {
  return element("details", {},
    element("summary", {},
      element("span", { class: "method" }, method.toUpperCase()),
      element("code", {}, path),
      element("span", { class: "note" }, needs(operation))),
    element("p", {}, operation.summary ?? ""),
    element("p", { class: "note" }, operation.description ?? ""),
    parameters(operation), body(operation), responses(operation));
}

function properties(schema) {
  if (!schema.properties) return element("p", {}, brief(schema));
  const required = new Set(schema.required ?? []);
  return table(Object.entries(schema.properties).map(([name, property]) => [
    name, required.has(name) ? "required" : "", brief(property), property.description,
  ]));
}

function render(api) {
  const about = document.getElementById("about");
  about.replaceChildren(`${api.info.description ?? ""} Version ${api.info.version}. `,
    element("a", { href: "/openapi.json" }, "/openapi.json"));
  const main = document.getElementById("operations");
  for (const tag of api.tags ?? []) {
    const operations = Object.entries(api.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]?.tags?.includes(tag.name))
        .map((method) => show(path, method, item[method])));
    main.append(element("h2", {}, tag.name), element("p", { class: "note" }, tag.description ?? ""), ...operations);
  }
  const schemas = Object.entries(api.components?.schemas ?? {});
  document.getElementById("schemas").append(element("h2", {}, "schemas"),
    ...schemas.map(([name, schema]) => element("details", { id: `schema-${name}` },
      element("summary", {}, element("code", {}, name)),
      element("p", { class: "note" }, schema.description ?? ""), properties(schema))));
}

function open() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}

addEventListener("hashchange", open);
fetch("/openapi.json")
  .then((answer) => answer.json())
  .then((api) => { render(api); open(); })
  .catch((error) => { document.getElementById("about").textContent = `The description cannot be read: ${error}`; });
