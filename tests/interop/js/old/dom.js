// As much of a page as polling with JSONP needs: script elements that load, and a form that is submitted into a frame.
import vm from "node:vm";

/** What the page has requested: `GET url` and `POST url body`. */
export const requests = [];

class Element {
  style = {};
  children = [];

  constructor(tag) {
    this.tag = tag;
  }

  setAttribute() {}

  appendChild(child) {
    child.parentNode = this;
    this.children.push(child);
    if (child.tag === "script") load(child);
    return child;
  }

  insertBefore(child) {
    return this.appendChild(child);
  }

  removeChild(child) {
    this.children = this.children.filter((each) => each !== child);
    child.removed = true;
  }

  async submit() {
    const frame = this.children.at(-1);
    const area = this.children.find((child) => child.tag === "textarea");
    // Browsers send line feeds in this form.
    const body = new URLSearchParams({ [area.name]: area.value.replaceAll("\n", "\r\n") }).toString();
    requests.push(`POST ${this.action} ${body}`);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    try {
      await (await fetch(this.action, { method: "POST", body, headers })).text();
    } catch {
      // The test has ended. A frame says nothing about errors, either.
    }
    frame.onload?.();
  }
}

async function load(script) {
  requests.push(`GET ${script.src}`);
  try {
    const answer = await fetch(script.src);
    const text = await answer.text();
    if (script.removed) return;
    if (answer.status !== 200 || !answer.headers.get("content-type").startsWith("text/javascript")) throw new Error(text);
    vm.runInThisContext(text);
  } catch (error) {
    if (!script.removed) script.onerror(error);
  }
}

/** Makes this process look like a page. */
export function install() {
  const body = new Element("body");
  const head = new Element("head");
  globalThis.document = {
    body,
    head,
    createElement: (name) => {
      // Old browsers take markup, others throw.
      if (name.startsWith("<")) throw new Error("not a name");
      return new Element(name);
    },
    getElementsByTagName: () => [],
  };
}
