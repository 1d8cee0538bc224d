"""Runs a Vidur-format trace through llumnix_sim (a fork of Vidur) with constant step times.

    banyan serve simulate trace.csv --profile constant --instances 4 --policy round-robin \\
        --completions ours.csv
    python serve_simulator_peer.py PATH_TO_LLUMNIX_SIM trace.csv peer.csv 4 851 ours.csv

The trace must begin at 0 s. The last line says how far each request's time is from Banyan's.

Instances are Vidur's vLLM schedulers behind round-robin; a prefill step takes 0.1 s and a decode
step 0.025 s, as in Banyan's profile `constant`. One rule of Vidur's differs: a request
that decodes must find a free block even when it needs none, so it preempts a step earlier when
memory is full to the last block. Libraries the simulation itself does not
use (plots, regression) are replaced by empty modules, so numpy, yaml and tqdm are enough.
"""

import sys
from types import SimpleNamespace
from unittest.mock import MagicMock


def main() -> None:
    folder, trace, out, instances, blocks = sys.argv[1:6]
    sys.path.insert(0, folder)
    for name in ("pandas", "wandb", "plotly", "plotly.express", "plotly.io", "ddsketch",
                 "ddsketch.ddsketch", "fasteners", "matplotlib", "matplotlib.pyplot", "seaborn",
                 "sklearn", "sklearn.base", "sklearn.ensemble", "sklearn.linear_model",
                 "sklearn.metrics", "sklearn.model_selection", "sklearn.pipeline",
                 "sklearn.preprocessing", "plotly_express"):
        sys.modules[name] = MagicMock()

    from vidur.entities import Request
    from vidur.events import BaseEvent, RequestArrivalEvent
    from vidur.scheduler.global_scheduler.round_robin_global_scheduler import (
        RoundRobinGlobalScheduler)
    from vidur.scheduler.replica_scheduler.vllm_replica_scheduler import VLLMReplicaScheduler
    from vidur.scheduler.replica_stage_scheduler import ReplicaStageScheduler

    class Constant:
        def get_execution_time(self, batch, stage):
            seconds = 0.1 if max(batch.num_tokens) > 1 else 0.025
            return SimpleNamespace(total_time=seconds, model_time=seconds)

    class Replica(VLLMReplicaScheduler):
        """The scheduler as it is, without planning memory from a GPU's data sheet."""

        def __init__(self, number):
            self._config = SimpleNamespace(
                num_blocks=int(blocks), block_size=16, watermark_blocks_fraction=0.01,
                batch_size_cap=256, max_tokens_in_batch=1 << 40)
            self._replica_id = number
            self._num_stages = 1
            self._request_queue, self._preempted_requests = [], []
            self._num_allocated_blocks, self._num_running_batches = 0, 0
            self._allocation_map = {}
            self._max_micro_batch_size = 256
            self._watermark_blocks = int(0.01 * int(blocks))
            self._replica_stage_schedulers = {
                0: ReplicaStageScheduler(number, 0, True, Constant())}

    class Gateway(RoundRobinGlobalScheduler):
        def __init__(self, count):
            self._num_replicas = count
            self._request_queue, self._request_counter = [], 0
            self._replica_schedulers = {i: Replica(i) for i in range(count)}

    gateway = Gateway(int(instances))
    BaseEvent.global_scheduler_ref = gateway
    requests = []
    with open(trace) as file:
        next(file)
        for line in file:
            at, prompt, output = line.strip().split(",")
            requests.append(Request(float(at), int(prompt), int(output)))
    import heapq
    # By time, then by kind of event as Vidur means it to be.
    events = [(each.arrived_at, i, RequestArrivalEvent(each.arrived_at, each))
              for i, each in enumerate(requests)]
    heapq.heapify(events)
    number, nothing = len(events), MagicMock()
    while events:
        _, _, event = heapq.heappop(events)
        for following in event.handle_event(gateway, nothing):
            heapq.heappush(events, (following.time, number, following))
            number += 1
    with open(out, "w") as file:
        for i, each in enumerate(requests):
            file.write(f"{i},{each.completed_at:.9f}\n")
    print(len(requests), "requests,", sum(each.num_restarts for each in requests), "restarts")
    if len(sys.argv) > 6:
        with open(sys.argv[6]) as file:
            ours = [float(line.split(",")[1]) for line in file]
        far = sorted(abs(mine - each.completed_at) / (each.completed_at - each.arrived_at)
                     for mine, each in zip(ours, requests, strict=True))
        print(f"furthest {far[-1]:.4%}, above 1 %: {sum(each > 0.01 for each in far)}, "
              f"above a millionth: {sum(each > 1e-6 for each in far)}")


if __name__ == "__main__":
    main()
