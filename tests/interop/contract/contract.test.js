// The contract of the example `contract`, as users use it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv/dist/2020.js";
import { start } from "../js/support/server.js";
import { cases, head } from "./wrong/cases.js";

const here = path.dirname(fileURLToPath(import.meta.url));
const repository = path.resolve(here, "../../..");
const examples = process.env.SOCKETIO_EXAMPLES ?? path.join(process.env.CARGO_TARGET_DIR ?? path.join(repository, "target"), "debug/examples");
const run = promisify(execFile);

// Inside of this directory, so that the packages are found.
const built = path.join(here, "built");

const example = (...args) => run(path.join(examples, "contract"), args);

/** Compiles a file, and returns the compiler's output. */
async function tsc(...args) {
  const options = ["--strict", "--target", "es2022", "--module", "nodenext", "--types", "node", "--pretty", "false"];
  try {
    await run(process.execPath, [path.join(here, "node_modules/typescript/bin/tsc"), ...options, ...args], { cwd: built });
    return "";
  } catch (error) {
    return error.stdout || error.stderr || String(error);
  }
}

before(async () => {
  await rm(built, { recursive: true, force: true });
  await mkdir(built, { recursive: true });
  const { stdout } = await example("--typescript");
  await writeFile(path.join(built, "events.d.ts"), stdout);
  await writeFile(path.join(built, "package.json"), '{ "type": "module" }');
});

after(() => rm(built, { recursive: true, force: true }));

describe("TypeScript", () => {
  test("a correct client compiles under --strict, and its JavaScript talks to the server", async (t) => {
    await copyFile(path.join(here, "client.ts"), path.join(built, "client.ts"));
    assert.equal(await tsc("client.ts"), "");
    const server = start("contract", ["127.0.0.1:0"], { output: "stderr" });
    t.after(() => server.stop());
    const [, address] = await server.line(/listening addr=(\S+)/);
    const { stdout } = await run(process.execPath, [path.join(built, "client.js"), `http://${address}`], { timeout: 60_000 });
    assert.equal(stdout, "done\n");
  });

  test("wrong clients do not compile, and the errors say why", async (t) => {
    const said = await Promise.all(
      cases.map(async ([, source], index) => {
        const file = `wrong-${index}.ts`;
        await writeFile(path.join(built, file), `${head}${source}\n`);
        return tsc("--noEmit", file);
      }),
    );
    for (const [index, [name, , message]] of cases.entries()) {
      await t.test(name, () => assert.match(said[index], message));
    }
  });
});

describe("AsyncAPI", () => {
  test("its parser accepts the document without a warning", async () => {
    const { stdout } = await example("--asyncapi");
    const { document, diagnostics } = await new Parser().parse(stdout);
    const complaints = diagnostics.filter(({ code }) => code !== "asyncapi-latest-version");
    assert.deepEqual(complaints, []);
    const channels = document.channels().all().map((channel) => channel.address());
    assert.deepEqual(channels.sort(), ["/", "/chat", "/job/{id}"]);
    const [post] = document.operations().all().filter((operation) => operation.id() === "receive_chat_post");
    assert.equal(post.messages().all()[0].name(), "post");
    assert.equal(post.reply().messages().all().length, 1);
  });
});

describe("JSON Schema", () => {
  test("a validator finds the arguments that the server would refuse", async () => {
    const { stdout } = await example("--json-schema");
    const document = JSON.parse(stdout);
    const ajv = new Ajv({ strict: false, validateFormats: false });
    ajv.addSchema(document, "contract");
    const check = (pointer) => ajv.compile({ $ref: `contract#/namespaces/${pointer}` });
    const post = check("~1chat/clientToServer/post/arguments");
    assert.ok(post([{ room: "a", text: "b" }]));
    assert.ok(post([{ room: "a", text: "b", replyTo: null, urgency: "now" }]));
    assert.ok(!post([{ room: "a" }]));
    assert.ok(!post([{ room: "a", text: "b", urgency: "later" }]));
    assert.ok(!post([]));
    const sum = check("~1/clientToServer/sum/arguments");
    assert.ok(sum([1]) && sum([1, 2, 3]) && !sum([]) && !sum([1, "2"]));
    const join = check("~1chat/clientToServer/join/acknowledgement");
    assert.ok(join([1]) && join([{ error: "no" }]) && !join(["1"]));
  });
});

describe("the command", () => {
  test("checks a file, and fails with a diff and an exit code", async () => {
    const file = path.join(built, "checked.d.ts");
    await copyFile(path.join(built, "events.d.ts"), file);
    assert.match((await example("--check", file)).stdout, /up to date/);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace("room: string", "room: number"));
    await assert.rejects(example("--check", file), (error) => {
      assert.equal(error.code, 1);
      assert.match(error.stderr, /- +join: \(room: number/);
      assert.match(error.stderr, /\+ +join: \(room: string/);
      return true;
    });
    await assert.rejects(example("--check", path.join(built, "nowhere.ts")), ({ code, stderr }) => code === 1 && /can't be read/.test(stderr));
    await assert.rejects(example("--cheque"), ({ code, stderr }) => code === 2 && /unknown argument/.test(stderr));
  });
});
