const contract = JSON.parse(document.getElementById("contract").textContent);

// Creates an element: its properties, and its children or text.
function element(name, properties = {}, ...children) {
  const created = Object.assign(document.createElement(name), properties);
  created.append(...children.filter((child) => child !== null && child !== undefined));
  return created;
}

// Returns the id of an event on the page.
const anchor = (namespace, direction, event) => `${direction}:${namespace}:${event}`;

// Returns a type with a link for each name that is declared below.
function typeCode(text) {
  const code = element("code");
  for (const part of text.split(/([A-Za-z_$][\w$]*)/)) {
    const isType = Object.hasOwn(contract.types, part);
    code.append(isType ? element("a", { className: "type", href: `#type:${part}` }, part) : part);
  }
  return code;
}

const table = (rows) => element("table", {}, element("tbody", {}, ...rows));
const row = (name, value) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value));

// Returns a value that fits a schema, for the form to begin with.
function sample(schema, depth = 0) {
  if (schema === null || typeof schema !== "object" || depth > 4) return null;
  if (schema.$ref) return sample(contract.schemas[schema.$ref.split("/").pop()], depth + 1);
  if ("default" in schema) return schema.default;
  if ("const" in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return sample(variants[0], depth + 1);
  const type = Array.isArray(schema.type) ? (schema.type.includes("null") ? "null" : schema.type[0]) : schema.type;
  switch (type) {
    case "string": return schema.format === "binary" ? { $base64: "" } : "";
    case "integer":
    case "number": return schema.minimum ?? 0;
    case "boolean": return false;
    case "array": return (schema.prefixItems ?? []).map((one) => sample(one, depth + 1));
    case "object": return object(schema, depth);
    default: return null;
  }
}

function object(schema, depth) {
  const required = (schema.required ?? []).map((name) => [name, sample(schema.properties?.[name], depth + 1)]);
  return Object.fromEntries(required);
}

const shown = (value) => JSON.stringify(value, null, 1)?.replace(/\n\s*/g, " ") ?? "";

// Returns a field for a value in JSON, and the function that reads it.
function field(argument, text) {
  const input = element("textarea", { rows: 1, spellcheck: false, value: text });
  const label = element("label", {}, element("span", {}, argument.name, " ", typeCode(argument.type)), input);
  const read = () => {
    const text = input.value.trim();
    if (text === "") return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new Error(`${argument.name}: ${error.message}`);
    }
  };
  return { label, read };
}

// The connection to one namespace, and what was received over it.
class Connection {
  constructor(namespace) {
    this.namespace = namespace;
    this.client = null;
    // Where the events since the last emit are listed, too.
    this.since = null;
    this.path = element("input", { value: namespace.path, spellcheck: false });
    this.state = element("span", { className: "state" }, "not connected");
    this.button = element("button", {}, "Connect");
    this.log = element("ol", { className: "log" });
    this.log.setAttribute("aria-live", "polite");
    this.auth = namespace.auth && field(namespace.auth, shown(sample(namespace.auth.schema)));
    const isPattern = /[{*]/.test(namespace.path);
    const form = element("form", {},
      isPattern ? element("label", {}, "namespace", this.path) : null,
      this.auth?.label,
      element("div", { className: "row" }, this.button, this.state));
    form.onsubmit = (event) => {
      event.preventDefault();
      this.toggle();
    };
    this.element = element("div", { className: "connection" }, form, this.log);
  }

  show(state, text) {
    this.state.dataset.state = state;
    this.state.textContent = text;
    this.button.textContent = this.client ? "Disconnect" : "Connect";
  }

  toggle() {
    if (this.client) return this.client.close();
    this.open().catch(() => {});
  }

  // Connects, unless it is connected.
  open() {
    if (this.opened) return this.opened;
    this.opened = new Promise((resolve, reject) => {
      const fail = (text) => {
        this.opened = null;
        this.client = null;
        this.show("refused", text);
        reject(new Error(text));
      };
      try {
        const server = document.getElementById("server").value;
        const on = {
          connected: (sid) => {
            this.show("connected", `connected as ${sid}`);
            resolve(this.client);
          },
          refused: (message) => {
            const client = this.client;
            fail(`refused: ${message}`);
            client.close();
          },
          event: (name, args, ack) => this.received(name, args, ack),
          closed: () => this.client && fail("not connected"),
        };
        this.client = new Client(server, contract.path, this.path.value, this.auth?.read(), on);
        this.show("", "connecting");
      } catch (error) {
        fail(error.message);
      }
    });
    return this.opened;
  }

  // Adds a received event to the log, with a form for the acknowledgement that it asks for.
  received(name, args, ack) {
    const line = element("li", {}, element("span", { className: "name" }, name), " ", element("code", {}, args.map(shown).join(", ")));
    if (ack) {
      const event = this.namespace.outgoing.find((one) => one.name === name);
      const type = `[${event?.ack?.join(", ") ?? ""}]`;
      const value = field({ name: "acknowledgement", type }, "[]");
      const form = element("form", { className: "ack" }, value.label, element("div", { className: "row" }, element("button", {}, "Acknowledge")));
      form.onsubmit = (submitted) => {
        submitted.preventDefault();
        try {
          const values = value.read() ?? [];
          ack(Array.isArray(values) ? values : [values]);
          form.replaceWith(element("span", { className: "faint" }, ` acknowledged with ${shown(values)}`));
        } catch (error) {
          value.label.append(element("span", { className: "error" }, error.message));
        }
      };
      line.append(form);
    }
    this.since?.append(element("li", {}, element("span", { className: "name" }, name), " ", element("code", {}, args.map(shown).join(", "))));
    if (this.since?.children.length > 20) this.since.firstChild.remove();
    this.log.prepend(line);
    while (this.log.children.length > 200) this.log.lastChild.remove();
  }
}

// Returns the form that emits an event.
function emitForm(event, connection) {
  const fields = event.arguments.map((one) => field(one, one.isOptional ? "" : shown(sample(one.schema))));
  const rest = event.rest && field({ ...event.rest, name: `...${event.rest.name}`, type: `(${event.rest.type})[]` }, "[]");
  const name = event.name === "*" ? element("input", { placeholder: "name of the event", required: true }) : null;
  const output = element("output");
  const form = element("form", {},
    name && element("label", {}, "event", name),
    ...fields.map((one) => one.label),
    rest?.label,
    element("div", { className: "row" }, element("button", {}, "Emit")),
    output);
  const since = element("ol", { className: "log since" });
  const show = (className, text) => output.replaceChildren(element("pre", { className }, text), since);
  form.onsubmit = async (submitted) => {
    submitted.preventDefault();
    try {
      const args = fields.map((one) => one.read() ?? null);
      // What is left out at the end is not sent.
      while (args.length > 0 && args.at(-1) === null && event.arguments[args.length - 1].isOptional) args.pop();
      args.push(...(rest?.read() ?? []));
      const client = await connection.open();
      since.replaceChildren();
      connection.since = since;
      show("faint", "emitted, waiting for an acknowledgement");
      client.emit(name?.value ?? event.name, args, (values) => show("", `acknowledged: ${values.map(shown).join(", ") || "(no value)"}`));
      if (event.ack === null) show("", "emitted; the handler sends no acknowledgement");
    } catch (error) {
      show("error", error.message);
    }
  };
  return element("details", {}, element("summary", {}, "Emit it"), form);
}

function ackType({ values, isList, error }) {
  const list = values.length === 0 ? "nothing" : values.map((type) => (isList ? `...(${type})[]` : type)).join(", ");
  return error === null ? list : `${list}, or if it fails: ${error.join(", ") || "nothing"}`;
}

function eventElement(namespace, event, direction, connection) {
  const rows = event.arguments.map((one) => row(one.isOptional ? `${one.name}?` : one.name, typeCode(one.type)));
  if (event.rest) rows.push(row(`...${event.rest.name}`, typeCode(`${event.rest.type}[]`)));
  if (direction === "in" && event.ack) rows.push(row("acknowledgement", typeCode(ackType(event.ack))));
  if (direction === "out" && event.ack) rows.push(row("asks for", typeCode(event.ack.join(", ") || "nothing")));
  const guards = (event.guards ?? []).map((guard) => element("span", { className: "badge" }, `guard ${guard}`));
  const isAny = event.name === "*";
  return element("article", { className: "event", id: anchor(namespace.path, direction, event.name) },
    element("div", {}, element("span", { className: "name" }, isAny ? "* (any other event)" : event.name), ...guards),
    event.docs && element("div", { className: "docs" }, event.docs),
    rows.length > 0 ? table(rows) : null,
    element("div", { className: "faint" }, `${event.function}, ${event.place}`),
    direction === "in" ? emitForm(event, connection) : null);
}

function namespaceElement(namespace) {
  const connection = new Connection(namespace);
  const rows = namespace.parameters.map((one) => row(`{${one.name}}`, typeCode(one.type)));
  if (namespace.auth) rows.push(row("auth", typeCode(namespace.auth.type)));
  if (namespace.guards.length > 0) rows.push(row("guards", namespace.guards.join(", ")));
  const list = (title, events, direction) => events.length === 0 ? [] : [
    element("h3", {}, title),
    ...events.map((event) => eventElement(namespace, event, direction, connection)),
  ];
  return element("section", { id: `namespace:${namespace.path}` },
    element("h2", {}, element("code", {}, namespace.path)),
    namespace.docs && element("div", { className: "docs" }, namespace.docs),
    rows.length > 0 ? table(rows) : null,
    connection.element,
    ...list("Clients send", namespace.incoming, "in"),
    ...list("Clients receive", namespace.outgoing, "out"));
}

function contentsElement(namespace) {
  const link = (event, direction) => element("li", {}, element("a", { className: direction, href: `#${encodeURIComponent(anchor(namespace.path, direction, event.name))}` }, event.name));
  return element("div", {},
    element("h2", {}, namespace.path),
    element("ul", {}, ...namespace.incoming.map((one) => link(one, "in")), ...namespace.outgoing.map((one) => link(one, "out"))));
}

document.getElementById("server").value = location.protocol.startsWith("http") ? location.origin : "http://127.0.0.1:5000";
document.getElementById("namespaces").append(...contract.namespaces.map(namespaceElement));
document.getElementById("contents").append(...contract.namespaces.map(contentsElement));

const types = document.getElementById("types");
for (const [name, text] of Object.entries(contract.types)) {
  types.append(element("div", { id: `type:${name}` }, element("pre", {}, ...typeCode(text).childNodes)));
}
types.hidden = Object.keys(contract.types).length === 0;
if (contract.warnings.length > 0) {
  document.getElementById("warnings").append(element("pre", {}, contract.warnings.join("\n")));
}

document.getElementById("filter").oninput = ({ target }) => {
  const wanted = target.value.toLowerCase();
  for (const event of document.querySelectorAll(".event, #contents li")) {
    event.hidden = !event.textContent.toLowerCase().includes(wanted);
  }
};
