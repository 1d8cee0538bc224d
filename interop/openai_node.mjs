// OpenAI's own Node client against a running 'banyan serve' that wants a key.
//
// usage: node openai_node.mjs URL KEY        (URL is http://127.0.0.1:8000/v1, say; Node 20 or newer)
//
// The client is taken from the folder it is started in (npm install openai zod). Models, chat whole and streamed
// with usage, several answers, completions with probabilities, an answer under a schema and a tool that must be
// called, both read back as what they should be, streams given up in the middle, and what is refused. Prints a line
// for each, and exits 1 at the first that is not as it should be. The server should have nothing else to do.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const OpenAI = require("openai");
const { zodResponseFormat, zodFunction } = require("openai/helpers/zod");
const { z } = require("zod");
const { VERSION } = require("openai/version");

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const done = what => console.log("ok: " + what);

const models = [];
for await (const each of client.models.list()) models.push(each.id);
const [model] = models;
assert.equal((await client.models.retrieve(model)).id, model);
done("models");

const ask = { model, messages: [{ role: "user", content: "a tree grows" }], max_completion_tokens: 12, temperature: 0 };
const whole = await client.chat.completions.create(ask);
assert.equal(whole.object, "chat.completion");
assert.equal(whole.choices[0].message.role, "assistant");
assert.ok(["stop", "length"].includes(whole.choices[0].finish_reason));
assert.equal(whole.usage.prompt_tokens + whole.usage.completion_tokens, whole.usage.total_tokens);
done("a whole chat");

let text = "", chunks = 0, usage = null;
for await (const chunk of await client.chat.completions.create(
  { ...ask, stream: true, stream_options: { include_usage: true } })) {
  assert.equal(chunk.object, "chat.completion.chunk");
  text += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
  chunks++;
}
assert.equal(text, whole.choices[0].message.content);
assert.deepEqual(usage, whole.usage);
assert.ok(chunks > 3);
done("a streamed chat says and counts what a whole one does");

const events = { content: 0, chunk: 0 };
const runner = client.chat.completions.stream({ ...ask, stream_options: { include_usage: true } });
runner.on("content", () => events.content++).on("chunk", () => events.chunk++);
const gathered = await runner.finalChatCompletion();
assert.equal(gathered.choices[0].message.content, whole.choices[0].message.content);
assert.equal(gathered.choices[0].finish_reason, whole.choices[0].finish_reason);
assert.deepEqual(await runner.totalUsage(), { completion_tokens: whole.usage.completion_tokens,
  prompt_tokens: whole.usage.prompt_tokens, total_tokens: whole.usage.total_tokens });
assert.ok(events.content > 0 && events.chunk >= events.content);
done("the client's own gathering of a stream");

const drawn = { ...ask, temperature: 1, n: 2, seed: 7, logprobs: true, top_logprobs: 2 };
const several = await client.chat.completions.create(drawn);
assert.deepEqual(several.choices.map(each => each.index), [0, 1]);
for (const each of several.choices)
  assert.ok(each.logprobs.content.length && each.logprobs.content.every(t => t.logprob <= 0 && t.top_logprobs.length === 2));
for (const { message, logprobs } of several.choices)
  assert.equal(Buffer.from(logprobs.content.flatMap(t => t.bytes)).toString(), message.content);
const texts = ["", ""];
for await (const chunk of await client.chat.completions.create({ ...drawn, stream: true }))
  for (const each of chunk.choices) texts[each.index] += each.delta.content ?? "";
assert.deepEqual(texts, several.choices.map(each => each.message.content));
done("two answers, whole and streamed, follow from the seed");

const completion = await client.completions.create(
  { model, prompt: ["a tree", "the"], max_tokens: 5, temperature: 0, logprobs: 2, echo: true, ignore_eos: true });
assert.equal(completion.object, "text_completion");
assert.deepEqual(completion.choices.map(each => each.index), [0, 1]);
assert.ok(completion.choices[0].text.startsWith("a tree"));
for (const { logprobs } of completion.choices) {
  assert.equal(logprobs.tokens.length, logprobs.token_logprobs.length);
  assert.equal(logprobs.tokens.length, logprobs.text_offset.length);
  assert.equal(logprobs.token_logprobs[0], null);
  assert.ok(logprobs.token_logprobs.slice(1).every(each => each <= 0));
  assert.ok(logprobs.top_logprobs.slice(1).every(each => Object.keys(each).length >= 2));
}
assert.equal(completion.usage.completion_tokens, 10);
done("completions of two prompts with probabilities");

const Verdict = z.object({ sure: z.boolean(), word: z.enum(["yes", "no"]), grounds: z.array(z.enum(["seen", "told"])).max(2) });
const formed = await client.chat.completions.parse(
  { ...ask, max_completion_tokens: 200, response_format: zodResponseFormat(Verdict, "verdict") });
const verdict = formed.choices[0].message.parsed;
assert.deepEqual(Verdict.parse(verdict), verdict);
assert.equal(formed.choices[0].message.refusal, null);
const streamed = await client.chat.completions.stream(
  { ...ask, max_completion_tokens: 200, response_format: zodResponseFormat(Verdict, "verdict") }).finalChatCompletion();
assert.deepEqual(streamed.choices[0].message.parsed, verdict);
done("an answer under a schema is what the schema says");

const tools = [zodFunction({ name: "judge", parameters: Verdict })];
const called = await client.chat.completions.parse({ ...ask, max_completion_tokens: 250, tools, tool_choice: "required" });
const [call] = called.choices[0].message.tool_calls;
assert.equal(called.choices[0].finish_reason, "tool_calls");
assert.equal(call.type, "function");
assert.ok(call.id);
assert.equal(call.function.name, "judge");
assert.deepEqual(Verdict.parse(call.function.parsed_arguments), call.function.parsed_arguments);
const calling = await client.chat.completions.stream({ ...ask, max_completion_tokens: 250, tools,
  tool_choice: { type: "function", function: { name: "judge" } } }).finalChatCompletion();
const [again] = calling.choices[0].message.tool_calls;
assert.equal(again.function.name, "judge");
assert.deepEqual(again.function.parsed_arguments, call.function.parsed_arguments);
// what came back from the tool can be told
const after = await client.chat.completions.create({ ...ask, tools, tool_choice: "none", messages: [...ask.messages,
  called.choices[0].message, { role: "tool", tool_call_id: call.id, content: "so it is" }] });
assert.ok(after.usage.prompt_tokens > whole.usage.prompt_tokens);
done("a tool that must be called is, whole and streamed");

// what runs, and blocks that are taken, as the server tells them
async function taken() {
  const status = await (await fetch(new URL("/status", baseURL), { headers: { Authorization: "Bearer " + apiKey } })).json();
  return status.requests.length + status.instances.reduce(
    (sum, each) => sum + each.load.memory.totalBlocks - each.load.memory.freeBlocks, 0);
}
async function allFree() {
  const end = Date.now() + 20_000;
  let now = await taken();
  while (now > 0 && Date.now() < end) now = await taken();
  assert.equal(now, 0, "what was given up is still there");
}
await allFree();
const long = { model, prompt: "a tree", max_tokens: 16_000, ignore_eos: true, stream: true };
const controller = new AbortController();
const stream = await client.completions.create(long, { signal: controller.signal });
let parts = 0, most = 0;
for await (const part of stream) {
  assert.ok(part.choices.length);
  if (++parts === 30) {
    most = await taken();
    controller.abort();
  }
}
assert.ok(parts >= 30 && parts < 16_000);
assert.ok(most > 0, "it ran when it was given up");
await allFree();
const early = new AbortController();
const never = client.completions.create({ ...long, stream: false }, { signal: early.signal });
const seen = Date.now() + 20_000;
while (await taken() === 0 && Date.now() < seen);
early.abort();
await assert.rejects(never, OpenAI.APIUserAbortError);
await allFree();
done("streams and answers given up in the middle leave nothing behind");

const refused = async (what, type, status, code) => assert.rejects(what, e => {
  assert.ok(e instanceof type, e.constructor.name + " " + e.message);
  assert.equal(e.status, status);
  assert.ok(e.message && e.type);
  if (code) assert.equal(e.code, code);
  return true;
});
await refused(client.chat.completions.create({ ...ask, model: "no-such-model" }), OpenAI.NotFoundError, 404, "model_not_found");
await refused(client.models.retrieve("no-such-model"), OpenAI.NotFoundError, 404, "model_not_found");
await refused(client.completions.create({ ...long, model: "no-such-model" }), OpenAI.NotFoundError, 404, "model_not_found");
for (const bad of [{ temperature: -1 }, { n: 0 }, { max_completion_tokens: -5 }, { messages: "no list" }, { stop: 7 }])
  await refused(client.chat.completions.create({ ...ask, ...bad }), OpenAI.BadRequestError, 400);
await refused(client.chat.completions.create({ ...ask, stream: true, temperature: -1 }), OpenAI.BadRequestError, 400);
const stranger = new OpenAI({ baseURL, apiKey: "sk-wrong", maxRetries: 0 });
await refused(stranger.models.list(), OpenAI.AuthenticationError, 401, "invalid_api_key");
await refused(stranger.chat.completions.create({ ...ask, stream: true }), OpenAI.AuthenticationError, 401, "invalid_api_key");
done("what is refused is the client's own error");
console.log(`openai ${VERSION}: all as it should be (${model})`);
