// The llama.cpp side of the decode speed comparison.
//
// usage: node llama_cpp_speed_peer.mjs MODEL.gguf PROMPT TOKENS THREADS RUNS     (needs npm install node-llama-cpp)
//
// Generates TOKENS tokens greedily after PROMPT ids, prompt included in the time, RUNS times after one to warm up.
// Prints one JSON line with the tokens per second of every run.
import { getLlama } from "node-llama-cpp";

const [file, prompt, tokens, threads, runs] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const llama = await getLlama({ gpu: false, build: "never", progressLogs: false, maxThreads: threads });
const model = await llama.loadModel({ modelPath: file });
const context = await model.createContext({ contextSize: 1024, threads: { ideal: threads, min: threads } });
const sequence = context.getSequence();
const ids = Array.from({ length: prompt }, (_, i) => 3 + ((i * 7919) % 16000));
const rates = [];
for (let run = -1; run < runs; run++) {
  await sequence.clearHistory();
  const start = performance.now();
  let made = 0;
  for await (const token of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) {
    if (++made === tokens) break;
  }
  if (run >= 0) rates.push((made * 1000) / (performance.now() - start));
}
console.log(JSON.stringify({ peer: "llama.cpp " + llama.llamaCppRelease.release, tokensPerSecond: rates }));
process.exit(0);
