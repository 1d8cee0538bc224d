"""Writes Flight Recorder dumps of four Gloo ranks, pickled and as JSON.

python make_gloo_dumps.py OUT straggler|absent

straggler: rank 2 sleeps 200 ms before every all-reduce. absent: rank 2 leaves before the tenth, while
the others wait in it. These are the golden files of cluster/src/test/resources/dumps/gloo_*.
"""

import datetime
import os
import sys
import threading
import time

import torch
import torch._C._distributed_c10d as c10d
import torch.distributed as dist
import torch.multiprocessing as mp

WORLD = 4


def dump(rank, out):
    trace = c10d._dump_fr_trace(
        includeCollectives=True, includeStackTraces=False, onlyActive=False
    )
    with open(f"{out}/gloo_{rank}", "wb") as file:
        file.write(trace)
    with open(f"{out}/gloo_rank_{rank}.json", "wb") as file:
        file.write(c10d._dump_fr_trace_json())


def run(rank, out, fault):
    os.environ.update(
        MASTER_ADDR="127.0.0.1", MASTER_PORT="29613", TORCH_FR_BUFFER_SIZE="200"
    )
    limit = datetime.timedelta(seconds=20)
    dist.init_process_group("gloo", rank=rank, world_size=WORLD, timeout=limit)
    pair = dist.new_group([0, 1], timeout=limit)
    x = torch.ones(1024)
    for step in range(12):
        if fault == "straggler" and rank == 2:
            time.sleep(0.2)
        if fault == "absent" and step == 9:
            if rank == 2:
                time.sleep(3)
                dump(rank, out)
                os._exit(0)
            threading.Timer(2.0, lambda: (dump(rank, out), os._exit(0))).start()
        dist.all_reduce(x)
        if rank < 2:
            dist.all_reduce(x, group=pair)
    dump(rank, out)


if __name__ == "__main__":
    folder, planted = sys.argv[1], sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    mp.start_processes(run, args=(folder, planted), nprocs=WORLD, start_method="spawn")
