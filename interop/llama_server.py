"""Two real llama.cpp servers behind Banyan's gateway: one killed, or drained, in the middle of each answer.

    python interop/llama_server.py LLAMA_SERVER MODEL.gguf [BANYAN] [--flags "-ctk f32"] [--long TOKENS | --speed]

LLAMA_SERVER is llama.cpp's server program. Greedy answers, streamed, as a completion and as a
conversation: each is asked for undisturbed once, then again and again while the server that
computes it is killed with SIGKILL after some pieces, and while it is drained, so that the slot it
runs in is saved, read by the other and the answer goes on there. Exit 1 when a text, an end, the
number of failures or of slots that went along differs. With --long, prompts of so many tokens are
drained instead, and the pause a client sees is measured, with slots and without. A model whose
best tokens are close together needs weights, keys and values of 32 bits for answers to be the same
whether a token is computed alone or among others. With --speed, one server alone is asked with and
without what the gateway adds to learn of token ids.
"""

import argparse
import http.client
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("model")
parser.add_argument("banyan", nargs="?", default=os.path.join(os.path.dirname(__file__), "..", "banyan"))
parser.add_argument("--flags", default="", help="further ones of the servers")
parser.add_argument("--long", type=int, default=0, help="tokens of the prompts whose pauses are measured")
parser.add_argument("--speed", action="store_true", help="measures what being asked for ids costs a server")
parser.add_argument("--runs", type=int, default=5, help="of either, with and without")
a = parser.parse_args()
QUESTIONS = {
    "/v1/completions": {"prompt": "the capital of"},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "What is 2 + 3?"}]},
}
SETTINGS = {"max_tokens": 100, "temperature": 0, "stream": True, "ignore_eos": True}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def until(port, process):
    """Waits until a server says that it is well."""
    while True:
        if process.poll() is not None:
            sys.exit(f"a server ended with {process.returncode}")
        try:
            if get(port, "/health")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)


def post(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", path, "{}", {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def start(port, folder):
    flags = ["-m", a.model, "--port", str(port), "-np", "2", "-t", "1", "--metrics", "-c", "8192"]
    flags += a.flags.split()
    flags += ["--slot-save-path", folder] if folder else []
    process = subprocess.Popen([a.program, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(port, process)
    return process


def busy(port):
    return any(slot["is_processing"] for slot in json.loads(get(port, "/slots")[1]))


def ask(port, path, after=lambda pieces: None, question=None, hides=True):
    """The text of a streamed answer, its last line, and when each piece came; `after` is told how many did."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    body = json.dumps({**SETTINGS, **(question or QUESTIONS[path])})
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    text, last, came = "", "", []
    for line in connection.getresponse():
        if not line.startswith(b"data: "):
            continue
        last = line[6:].decode().strip()
        if last == "[DONE]":
            continue
        event = json.loads(last)
        ends = not event["choices"] or event["choices"][0]["finish_reason"]
        if hides and ("__verbose" in event or '"prob"' in last or ("timings" in event and not ends)):
            sys.exit(f"the client was told more than it asked for: {last}")
        for choice in event.get("choices", []):
            piece = choice.get("text") or (choice.get("delta") or {}).get("content") or ""
            text += piece
            if piece:
                came.append(time.monotonic())
        after(len(came))
    return text, last, came


class Gateway:
    """Two servers and the gateway before them."""

    def __init__(self, folder):
        self.folder = folder
        self.servers = {port: start(port, folder) for port in (free_port(), free_port())}
        self.port = free_port()
        backends = [flag for each in self.servers for flag in ("--backend", f"http://127.0.0.1:{each}")]
        self.process = subprocess.Popen([a.banyan, "serve", "run", *backends, "--port", str(self.port)])
        until(self.port, self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        for process in self.servers.values():
            process.kill()

    def counts(self):
        return json.loads(get(self.port, "/status")[1])["counts"]

    def killing(self, pieces, killed):
        """Kills who computes, once so many pieces came."""

        def after(came):
            if came >= pieces and not killed:
                killed.append(None)
                for each, process in self.servers.items():
                    if busy(each):
                        process.send_signal(signal.SIGKILL)
                        killed.append(each)

        return after

    def draining(self, pieces, drained):
        """Drains who computes, once so many pieces came."""

        def after(came):
            if came >= pieces and not drained:
                for number, each in enumerate(self.servers):
                    if busy(each):
                        post(self.port, f"/drain/{number}")
                        drained.append(number)

        return after

    def resume(self, drained):
        for number in drained:
            post(self.port, f"/resume/{number}")


def struck(gateway, every, blow, name):
    """Asks each question while a server is struck after ever more pieces; gives those struck, each as it happens."""
    for path in QUESTIONS:
        undisturbed = ask(gateway.port, path)[:2]
        for pieces in range(1, 80, every):
            servers = []
            same = ask(gateway.port, path, blow(pieces, servers))[:2] == undisturbed
            yield servers, same
            print(path, name, "after", pieces, "pieces:", "same" if same else "DIFFERENT", flush=True)


def kills(gateway):
    wrong = killed = 0
    for servers, same in struck(gateway, 13, gateway.killing, "killed"):
        wrong += not same
        for each in filter(None, servers):
            killed += 1
            gateway.servers[each].wait()
            gateway.servers[each] = start(each, gateway.folder)
        time.sleep(3)  # until the gateway takes it up again
    print(f"{killed} servers killed in the middle of an answer, {wrong} answers differ")
    return wrong or not killed


def drains(gateway):
    wrong = left = 0
    before = gateway.counts()["slots"]
    for servers, same in struck(gateway, 7, gateway.draining, "drained"):
        wrong += not same
        left += len(servers)
        gateway.resume(servers)
    slots = gateway.counts()["slots"] - before
    print(f"{left} servers drained in the middle of an answer, {slots} slots went along, {wrong} answers differ")
    print("files left:", {each: os.path.getsize(os.path.join(gateway.folder, each)) for each in os.listdir(gateway.folder)})
    return wrong or not left or slots != left


def pauses(gateway, seed):
    """Seconds between the pieces before and after a drain, for prompts no server has seen."""
    draw = random.Random(seed)
    words = []
    found = []
    for _ in range(a.runs):
        words = [1] + [draw.randrange(300, 4000) for _ in range(a.long - 1)]
        drained = []
        path = "/v1/completions"
        came = ask(gateway.port, path, gateway.draining(20, drained), {"prompt": words})[2]
        gateway.resume(drained)
        between = sorted(later - earlier for earlier, later in zip(came, came[1:]))
        found.append(between[-1])
        print(f"{a.long} tokens: pause {between[-1]:.3f} s, usual {statistics.median(between):.3f} s", flush=True)
    return found


def speeds():
    """Tokens a second of one server, with and without what the gateway adds."""
    port = free_port()
    process = start(port, "")
    conversation = {"n_probs": 1, "post_sampling_probs": True, "timings_per_token": True}
    everything = {"temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0}

    def speed(path, more):
        came = ask(port, path, question={**QUESTIONS[path], **more}, hides=False)[2]
        return (len(came) - 1) / (came[-1] - came[0])

    for name, path, more, added in (
        ("completion", "/v1/completions", {}, {"verbose": True}),
        ("conversation", "/v1/chat/completions", {}, conversation),
        ("conversation drawn from all tokens", "/v1/chat/completions", everything, conversation),
    ):
        pairs = [(speed(path, more), speed(path, {**more, **added})) for _ in range(a.runs)]
        without, with_ids = (statistics.median(each) for each in zip(*pairs))
        print(f"{name}: {without:.1f} tokens/s as asked, {with_ids:.1f} asked for ids", flush=True)
    process.kill()


def main():
    if a.speed:
        speeds()
        return
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        with Gateway(folder) as gateway:
            if not a.long:
                failed |= kills(gateway)
                failed |= drains(gateway)
            else:
                with_slots = pauses(gateway, 1)
                print("counts:", gateway.counts())
        if a.long:
            with Gateway("") as gateway:
                anew = pauses(gateway, 2)
                print("counts:", gateway.counts())
            for name, found in (("with its slot", with_slots), ("computed anew", anew)):
                print(f"{name}: median {statistics.median(found):.3f} s, {min(found):.3f} to {max(found):.3f}")
    sys.exit(1 if failed else 0)


main()
