"""Two real llama.cpp servers behind Banyan's gateway, one killed in the middle of each answer.

    python interop/llama_server.py LLAMA_SERVER MODEL.gguf [BANYAN]

LLAMA_SERVER is llama.cpp's server program. Greedy answers, streamed, as a completion and as a
conversation: each is asked for undisturbed once, then again and again while the server that
computes it is killed with SIGKILL after some pieces. Exit 1 when a text, an end or the number of
failures differs.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

PROGRAM, MODEL = sys.argv[1], sys.argv[2]
BANYAN = sys.argv[3] if len(sys.argv) > 3 else os.path.join(os.path.dirname(__file__), "..", "banyan")
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


def start(port):
    flags = ["-m", MODEL, "--port", str(port), "-np", "2", "-t", "1", "--metrics"]
    process = subprocess.Popen([PROGRAM, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(port, process)
    return process


def busy(port):
    return any(slot["is_processing"] for slot in json.loads(get(port, "/slots")[1]))


def ask(port, path, after=lambda pieces: None):
    """The text of a streamed answer, and its last line; `after` is told how many pieces came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({**QUESTIONS[path], **SETTINGS})
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    text, last, pieces = "", "", 0
    for line in connection.getresponse():
        if not line.startswith(b"data: "):
            continue
        last = line[6:].decode().strip()
        if last == "[DONE]":
            continue
        event = json.loads(last)
        for choice in event.get("choices", []):
            piece = choice.get("text") or (choice.get("delta") or {}).get("content") or ""
            text += piece
            pieces += bool(piece)
        after(pieces)
    return text, last


def main():
    servers = {port: start(port) for port in (free_port(), free_port())}
    port = free_port()
    backends = [flag for each in servers for flag in ("--backend", f"http://127.0.0.1:{each}")]
    gateway = subprocess.Popen([BANYAN, "serve", "run", *backends, "--port", str(port)])
    kills = wrong = 0
    try:
        until(port, gateway)
        for path in QUESTIONS:
            undisturbed = ask(port, path)
            for pieces in range(1, 80, 13):
                killed = []

                def kill(came):
                    if came >= pieces and not killed:
                        for each, process in servers.items():
                            if busy(each):
                                process.send_signal(signal.SIGKILL)
                                killed.append(each)
                        killed.append(None)

                same = ask(port, path, kill) == undisturbed
                wrong += not same
                for each in filter(None, killed):
                    kills += 1
                    servers[each].wait()
                    servers[each] = start(each)
                print(path, "after", pieces, "pieces:", "same" if same else "DIFFERENT", flush=True)
                time.sleep(3)  # until the gateway takes it up again
    finally:
        gateway.terminate()
        for process in servers.values():
            process.kill()
    print(f"{kills} servers killed in the middle of an answer, {wrong} answers differ")
    sys.exit(1 if wrong or not kills else 0)


main()
