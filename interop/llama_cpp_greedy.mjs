// What llama.cpp says after prompts of token ids, most probable token first.
//
// usage: node llama_cpp_greedy.mjs MODEL.gguf PROMPTS.json TOKENS     (needs npm install node-llama-cpp)
//
// PROMPTS.json is a list of lists of ids. Prints a list of the TOKENS ids that follow each.
import { readFileSync } from "node:fs";
import { getLlama } from "node-llama-cpp";

const [file, prompts, tokens] = process.argv.slice(2);
const llama = await getLlama({ gpu: false, build: "never", progressLogs: false, logLevel: "error", maxThreads: 1 });
const model = await llama.loadModel({ modelPath: file });
const context = await model.createContext({ contextSize: 128, threads: 1 });
const sequence = context.getSequence();
const said = [];
for (const prompt of JSON.parse(readFileSync(prompts))) {
  await sequence.clearHistory();
  const made = [];
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    if (made.push(token) === Number(tokens)) break;
  }
  said.push(made);
}
console.log(JSON.stringify(said));
process.exit(0);
