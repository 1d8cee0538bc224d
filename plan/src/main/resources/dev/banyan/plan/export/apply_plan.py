#!/usr/bin/env python3
"""Runs a PyTorch step in the order of a plan of `banyan plan`, freeing memory where it says.

    python export_step.py --step my.py:make --out step.json.gz
    banyan plan step.json.gz --out plan.json

and then in the training loop

    import apply_plan
    planned = apply_plan.apply(step, args, "plan.json", "step.json.gz")
    for x, y in batches:
        loss = planned(x, y)            # instead of step(x, y)

or from the command line, with the make() that was exported:

    python apply_plan.py --step my.py:make --graph step.json.gz --plan plan.json --steps 100
    python apply_plan.py --step my.py:make --graph step.json.gz --plan plan.json --measure

The graph's operators are called one by one, in the plan's order. Views are not called: a view is
made from its record over its storage when an operator wants it, so that it holds nothing. Results of
an operator are unpacked at once, and a storage is let go right after the last operator that uses it.
Memory comes from PyTorch's own allocator: the plan's offsets are for programs with a block of their
own (`banyan plan run`).

What the step reads from Python is as it was at the export: shapes, numbers, branches, the learning
rate unless it is a tensor. Parameters, buffers, optimizer state and gradients that are kept are the
model's own, changed in place; gradients that are not kept are never stored.
"""

import argparse
import base64
import gzip
import hashlib
import json
import os
import sys
import time
from decimal import Decimal

import torch
from torch.utils import _pytree as pytree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import export_step  # noqa: E402
from export_step import Refused  # noqa: E402


def apply(step, args, plan, graph="step.json.gz", seed=None, original=None):
    """A function to call instead of `step`, with arguments shaped like `args`.

    step, args: as `make()` gave them to export_step.py, but real.
    plan, graph: the files that `banyan plan` and export_step.py wrote.
    seed: None to draw random numbers as PyTorch comes to them; a number to seed every random operator
    by it, the step's count and the operator's name, so that they do not depend on the order.
    original: the exported file, when graph is one with operators that are run again.
    Raises Refused with one line when something does not fit.
    """
    return PlannedStep(step, args, Graph(graph, original), plan_of(plan), seed)


# ---- the two files


def read_json(file):
    try:
        with open(file, "rb") as raw:
            data = raw.read()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        return json.loads(data)
    except FileNotFoundError:
        raise Refused(f"{file}: there is no such file")
    except (ValueError, EOFError, OSError) as broken:
        raise Refused(f"{file}: cannot be read: {broken}")


def plan_of(file):
    plan = read_json(file)
    if not isinstance(plan, dict) or plan.get("format") != "banyan.plan":
        raise Refused(f"{file}: is no plan; banyan plan make --out writes one")
    if str(plan.get("version")).split(".")[0] != "1":
        raise Refused(f"{file}: plan version {plan.get('version')!r} is unknown, 1.x is read")
    plan["file"] = file
    return plan


class Graph:
    """A step dump; every field it uses is checked when it is used."""

    def __init__(self, file, original=None):
        dump = read_json(file)
        if original is not None:  # the copies' graph says nothing about arguments; ids are the same
            exported = read_json(original)
            dump = {**dump, **{key: exported.get(key) for key in ("arguments", "resultTree")}}
        if not isinstance(dump, dict) or dump.get("format") != "banyan.step":
            raise Refused(f"{file}: is no step dump; export_step.py writes one")
        if str(dump.get("version")).split(".")[0] != "1":
            raise Refused(f"{file}: version {dump.get('version')!r} is unknown, 1.x is read")
        if dump.get("arguments") is None:
            raise Refused(
                f"{file}: does not say which tensors are arguments; export it again, or name the "
                "exported file (--original) when this one runs operators again"
            )
        self.file = file
        self.dump = dump
        self.storages = dump["storages"]
        self.tensors = dump["tensors"]
        self.operators = dump["operators"]
        self.results = dump["results"]
        self.arguments = dump["arguments"]
        self.tree = dump.get("resultTree")
        self.traced_by = str(dump.get("torch"))

    def temporary(self, storage):
        return self.storages[storage]["kind"] == "temporary"

    def deaths(self, order):
        """For each position of the order, the temporaries that are not used after it."""
        kept = {self.tensors[each]["storage"] for each in self.results}
        last = {}
        for position, operator in enumerate(order):
            for storage in self.operators[operator]["reads"] + self.operators[operator]["writes"]:
                last[storage] = position
        dying = [[] for _ in order]
        for storage, position in last.items():
            if self.temporary(storage) and storage not in kept:
                dying[position].append(storage)
        return dying

    def hash(self):
        """SHA-256 of the canonical form that a plan carries."""
        parts = ['{"format":"banyan.step","version":"1.0","storages":[']
        parts.append(",".join(self.canonical_storage(each) for each in self.storages))
        parts.append('],"tensors":[')
        parts.append(
            ",".join(
                f'{{"id":{each["id"]},"storage":{each["storage"]},"dtype":{quoted(each["dtype"])},'
                f'"shape":{numbers(each["shape"])},"strides":{numbers(each["strides"])},'
                f'"offset":{each["offset"]}}}'
                for each in self.tensors
            )
        )
        parts.append('],"operators":[')
        parts.append(",".join(self.canonical_operator(each) for each in self.operators))
        parts.append(f'],"results":{numbers(self.results)}}}')
        return hashlib.sha256("".join(parts).encode("utf-8")).hexdigest()

    @staticmethod
    def canonical_storage(each):
        data = f',"data":{quoted(each["data"])}' if each.get("data") else ""
        return (
            f'{{"id":{each["id"]},"bytes":{each["bytes"]},"kind":"{each["kind"]}",'
            f'"name":{quoted(each["name"])}{data}}}'
        )

    @staticmethod
    def canonical_operator(each):
        args = ",".join(canonical(given) for given in each["args"])
        kwargs = ",".join(f"{quoted(k)}:{canonical(v)}" for k, v in each["kwargs"].items())
        outputs = ",".join("null" if out is None else str(out) for out in each["outputs"])
        return (
            f'{{"id":{each["id"]},"name":{quoted(each["name"])},"target":{quoted(each["target"])},'
            f'"args":[{args}],"kwargs":{{{kwargs}}},"outputs":[{outputs}],'
            f'"reads":{numbers(each["reads"])},"writes":{numbers(each["writes"])},'
            f'"random":{str(bool(each["random"])).lower()}}}'
        )


def numbers(values):
    return "[" + ",".join(str(each) for each in values) + "]"


def quoted(text):
    out = []
    for c in text:
        if c in '"\\':
            out.append("\\" + c)
        elif ord(c) < 0x20:
            out.append(f"\\u{ord(c):04x}")
        elif ord(c) > 0xFFFF:
            pair = c.encode("utf-16-be")
            out.append(f"\\u{pair[:2].hex()}\\u{pair[2:].hex()}")
        else:
            out.append(c)
    return '"' + "".join(out) + '"'


def canonical(given):
    if given is None:
        return "null"
    ((tag, value),) = given.items()
    if tag in ("tensor", "int"):
        return f'{{"{tag}":{value}}}'
    if tag == "bool":
        return f'{{"bool":{str(value).lower()}}}'
    if tag == "float":
        return f'{{"float":{java_double(float(value))}}}'
    if tag == "list":
        return '{"list":[' + ",".join(canonical(each) for each in value) + "]}"
    return f'{{"{tag}":{quoted(value)}}}'


def java_double(value):
    """The shortest digits that give the number, as Double.toString lays them out."""
    if value != value:
        return '"nan"'
    if value in (float("inf"), float("-inf")):
        return '"inf"' if value > 0 else '"-inf"'
    if value == 0:
        return "-0.0" if str(value).startswith("-") else "0.0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0") or "0"
    point = len(digits) + exponent  # the number is 0.text times ten to this power
    minus = "-" if sign else ""
    if -2 <= point <= 7:
        if point <= 0:
            return f"{minus}0.{'0' * -point}{text}"
        whole, rest = text[:point].ljust(point, "0"), text[point:]
        return f"{minus}{whole}.{rest or '0'}"
    return f"{minus}{text[0]}.{text[1:] or '0'}E{point - 1}"


# ---- what outlives the step


def bind(graph, step, args):
    """Storage id -> the real storage, for all that outlives the step and is not an argument."""
    held = export_step.held_objects(step)
    optimizers = [each for _, each in held if isinstance(each, torch.optim.Optimizer)]
    export_step.make_capturable(held)
    for optimizer in optimizers:
        make_state(optimizer)
    wanted = {
        each["name"]: each["id"] for each in graph.storages if each["kind"] != "temporary"
    }
    keep_gradients(held, wanted)
    bound = {}
    for name, _, tensor in export_step.held_tensors(held).values():
        if name in wanted:
            bound[wanted[name]] = tensor.untyped_storage()
    given = {graph.tensors[each]["storage"] for each in graph.arguments}
    device = next((each.device for each in pytree.tree_leaves(args) if is_tensor(each)), "cpu")
    for each in graph.storages:
        if each["kind"] == "temporary" or each["id"] in given:
            continue
        if each["id"] not in bound and each["kind"] == "constant" and each.get("data"):
            data = base64.b64decode(each["data"])
            flat = torch.frombuffer(bytearray(data), dtype=torch.uint8)
            bound[each["id"]] = flat.to(device).untyped_storage()
        if each["id"] not in bound and each["bytes"] > 0:
            raise Refused(
                f"{graph.file}: {each['kind']} '{each['name']}' is nowhere in the step; hand it over "
                "as an argument, or export the step as it is now"
            )
        if each["id"] in bound and bound[each["id"]].nbytes() < each["bytes"]:
            raise Refused(
                f"{graph.file}: {each['kind']} '{each['name']}' has "
                f"{bound[each['id']].nbytes()} bytes, the graph was made for {each['bytes']}"
            )
    return bound


def is_tensor(thing):
    return isinstance(thing, torch.Tensor)


def make_state(optimizer):
    """Optimizer state as it is before the first step: a step without gradient, rate and decay."""
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    if all(optimizer.state.get(each) for each in parameters):
        return
    if any(optimizer.state.get(each) for each in parameters):
        raise Refused("the optimizer has state for some of its parameters only; take one full step")
    gradients = [each.grad for each in parameters]
    sums = [bit_sum(each) for each in parameters]
    # A capturable Adam divides by the rate.
    quiet = {"lr": 0.0, "weight_decay": 0.0, "capturable": False}
    before = [{key: group[key] for key in quiet if key in group} for group in optimizer.param_groups]
    for group, old in zip(optimizer.param_groups, before):
        group.update({key: quiet[key] for key in old})
    for each in parameters:
        each.grad = torch.zeros((), dtype=each.dtype, device=each.device).expand_as(each)
    optimizer.step()
    for each, gradient in zip(parameters, gradients):
        each.grad = gradient
    for group, old in zip(optimizer.param_groups, before):
        group.update(old)
    if sums != [bit_sum(each) for each in parameters]:
        raise Refused(
            f"{type(optimizer).__name__} changes parameters even at rate 0, and its state could not "
            "be made; build the model anew, take one full step, then apply the plan"
        )
    for each in parameters:
        state = optimizer.state.get(each, {})
        if is_tensor(state.get("step")):
            state["step"] = torch.zeros_like(state["step"], device=each.device)
        if is_tensor(state.get("momentum_buffer")):  # may be the zero that was the gradient
            state["momentum_buffer"] = torch.zeros_like(each, requires_grad=False)


def bit_sum(parameter):
    """Changes with any one element, for a check that none did."""
    bits = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[parameter.element_size()]
    return parameter.detach().view(bits).sum().item()


def keep_gradients(held, wanted):
    """Gradients that are kept between steps exist before the first one."""
    modules = [each for each in held if isinstance(each[1], torch.nn.Module)]
    for prefix, module in modules:
        start = prefix + "." if len(modules) > 1 else ""
        for name, each in module.named_parameters():
            if start + name + ".grad" in wanted and each.grad is None:
                each.grad = torch.zeros_like(each)


# ---- running


class PlannedStep:
    """A step in a plan's order. `step` stays untouched; both may be called in turn."""

    def __init__(self, step, args, graph, plan, seed=None):
        if plan["graph"] != graph.hash():
            raise Refused(
                f"{plan['file']}: is a plan for another graph than {graph.file}; make it again"
            )
        self.graph = graph
        self.plan = plan
        self.seed = seed
        self.count = 0
        self.probe = None
        args = (args,) if is_tensor(args) else tuple(args)
        self.shape = pytree.tree_flatten(args)[1]
        self.storages = [None] * len(graph.storages)
        for storage, real in bind(graph, step, args).items():
            self.storages[storage] = real
        self.made = [None] * len(graph.tensors)
        self.program = self.compile(plan["order"])

    def compile(self, order):
        if sorted(order) != list(range(len(self.graph.operators))):
            raise Refused(f"{self.plan['file']}: its order is no order of {self.graph.file}")
        dying = self.graph.deaths(order)
        return [
            Call(self.graph, self.graph.operators[each], dying[position])
            for position, each in enumerate(order)
        ]

    def __call__(self, *args):
        self.give(args)
        self.count += 1
        with torch.no_grad():
            for call in self.program:
                if call.random and self.seed is not None:
                    torch.manual_seed(seed_of(self.seed, self.count, call.seed_name))
                if self.probe is None:
                    call.run(self)
                else:
                    self.probe(self, call)
                for storage in call.dying:
                    self.storages[storage] = None
            results = [self.tensor(each).detach() for each in self.graph.results]
        for each in self.graph.results:
            storage = self.graph.tensors[each]["storage"]
            if self.graph.temporary(storage):
                self.storages[storage] = None
        return self.shaped(results)

    def give(self, args):
        leaves, shape = pytree.tree_flatten(tuple(args))
        if shape != self.shape:
            raise Refused("the arguments are nested otherwise than those the step was planned for")
        tensors = [each for each in leaves if is_tensor(each)]
        if len(tensors) != len(self.graph.arguments):
            raise Refused(
                f"{len(tensors)} tensors were given, the graph has {len(self.graph.arguments)}"
            )
        for number, (given, at) in enumerate(zip(tensors, self.graph.arguments)):
            slot = self.graph.tensors[at]
            if list(given.shape) != slot["shape"] or given.dtype != dtype_of(slot["dtype"]):
                raise Refused(
                    f"argument {number} is {given.dtype} {list(given.shape)}, the graph was made for "
                    f"{slot['dtype']} {slot['shape']}"
                )
            if list(given.stride()) != slot["strides"] or given.storage_offset() != slot["offset"]:
                laid = torch.empty_strided(
                    slot["shape"], slot["strides"], dtype=given.dtype, device=given.device
                )
                if slot["offset"] or self.storage_written(slot["storage"]):
                    raise Refused(f"argument {number} lies otherwise in memory than at the export")
                given = laid.copy_(given)
            if self.storages[slot["storage"]] is None or not self.graph.temporary(slot["storage"]):
                self.storages[slot["storage"]] = given.untyped_storage()
                self.made[at] = None

    def storage_written(self, storage):
        return any(storage in each["writes"] for each in self.graph.operators)

    def tensor(self, at):
        """A tensor made from its record over its storage's bytes."""
        slot = self.graph.tensors[at]
        storage = self.storages[slot["storage"]]
        if storage is None:
            raise Refused(f"{self.graph.file}: tensor {at} is used while its storage is not there")
        empty = torch.empty(0, dtype=dtype_of(slot["dtype"]), device=storage.device)
        return empty.set_(storage, slot["offset"], slot["shape"], slot["strides"])

    def shaped(self, results):
        tree = self.graph.tree
        if tree is None:
            return results[0] if len(results) == 1 else tuple(results)
        rest = iter(results)
        leaves = [next(rest) if each is None else each["value"] for each in tree["leaves"]]
        return pytree.tree_unflatten(leaves, pytree.treespec_loads(tree["shape"]))

    def live_bytes(self):
        """Bytes of all temporary storages there are now, each rounded up as the plan counts."""
        align = self.plan["alignment"]
        return sum(
            -(-each.nbytes() // align) * align
            for number, each in enumerate(self.storages)
            if each is not None and self.graph.temporary(number)
        )


def dtype_of(name):
    kind = getattr(torch, name, None)
    if not isinstance(kind, torch.dtype):
        raise Refused(f"element type {name!r} is none of PyTorch's")
    return kind


def seed_of(seed, count, name):
    digest = hashlib.sha256(f"{seed}/{count}/{name}".encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


class Call:
    """One operator of the graph, ready to be called."""

    def __init__(self, graph, operator, dying):
        self.graph = graph
        self.name = operator["name"]
        self.seed_name = self.name.partition("~")[0]  # run again, it draws what it drew before
        self.target = operator["target"]
        self.function = function_of(operator)
        self.args = operator["args"]
        self.kwargs = operator["kwargs"]
        self.outputs = operator["outputs"]
        self.random = operator["random"]
        self.dying = dying
        reads = set(operator["reads"])
        self.fresh = {
            each
            for each in operator["writes"]
            if graph.temporary(each) and each not in reads
        }

    def run(self, planned):
        try:
            given = [value_of(each, planned) for each in self.args]
            named = {key: value_of(each, planned) for key, each in self.kwargs.items()}
            results = self.function(*given, **named)
        except Refused:
            raise
        except (RuntimeError, TypeError) as refused:
            line = str(refused).splitlines()[0]
            raise Refused(f"{self.graph.file}: node {self.name} ({self.target}): {line}")
        if not self.fresh:
            return
        results = results if isinstance(results, (list, tuple)) else [results]
        placed = set()
        for output, result in zip(self.outputs, results):
            if output is not None:
                slot = self.graph.tensors[output]
                if slot["storage"] in self.fresh:
                    self.place(planned, output, slot, result, placed)

    def place(self, planned, output, slot, result, placed):
        storage = slot["storage"]
        bytes_ = self.graph.storages[storage]["bytes"]
        if list(result.shape) != slot["shape"] or result.dtype != dtype_of(slot["dtype"]):
            raise Refused(
                f"{self.graph.file}: node {self.name} gave {result.dtype} {list(result.shape)}, the "
                f"graph has {slot['dtype']} {slot['shape']}"
            )
        if storage in placed:
            planned.tensor(output).copy_(result)
            return
        own = result.untyped_storage()
        lies = list(result.stride()) == slot["strides"] and result.storage_offset() == slot["offset"]
        if (lies or result.numel() == 0) and own.nbytes() == bytes_:
            planned.storages[storage] = own
        else:  # the real operator lays its result out otherwise than the traced one
            planned.storages[storage] = torch.UntypedStorage(bytes_, device=own.device)
            planned.tensor(output).copy_(result)
        placed.add(storage)


def function_of(operator):
    namespace, _, rest = operator["target"].partition(".")
    name, _, overload = rest.rpartition(".")
    try:
        return getattr(getattr(getattr(torch.ops, namespace), name), overload)
    except (AttributeError, RuntimeError):
        raise Refused(f"node {operator['name']}: this PyTorch has no operator {operator['target']}")


def value_of(given, planned):
    if given is None:
        return None
    ((tag, value),) = given.items()
    if tag == "tensor":
        return planned.tensor(value)
    if tag == "list":
        return [value_of(each, planned) for each in value]
    if tag == "float":
        return float(value)
    if tag == "dtype":
        return dtype_of(value)
    if tag == "device":
        return torch.device(value)
    if tag in ("memoryFormat", "layout"):
        return getattr(torch, value)
    return value


# ---- measuring


def memory_events(run):
    """Calls run() under the profiler; its [memory] events and marks `banyan#…` in time's order."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        run()
    events = []
    for each in profiler.profiler.kineto_results.events():
        if each.name() == "[memory]":
            events.append((each.start_ns(), "memory", each.nbytes()))
        elif each.name().startswith("banyan#"):
            events.append((each.start_ns(), "begin", each.name()))
            events.append((each.start_ns() + each.duration_ns(), "end", each.name()))
    events.sort(key=lambda event: event[0])
    return events


def peak_of(events):
    live = peak = 0
    for _, kind, what in events:
        if kind == "memory":
            live += what
            peak = max(peak, live)
    return peak


def own_temporaries(events, made):
    """The operator whose own memory, beside what it leaves behind, is largest: (bytes, name)."""
    largest, name, live = 0, "", 0
    begun = None
    for _, kind, what in events:
        if kind == "memory":
            live += what
            if begun is not None:
                begun[1] = max(begun[1], live)
        elif kind == "begin":
            begun = [live, live]
        elif begun is not None:
            own = begun[1] - begun[0] - made.get(what, 0)
            if own > largest:
                largest, name = own, what.split("#", 2)[2]
            begun = None
    return largest, name


class Probe:
    """Counts storages while a step runs, and marks its operators for the profiler."""

    def __init__(self):
        self.peak = 0
        self.made = {}
        self.number = 0

    def __call__(self, planned, call):
        mark = f"banyan#{self.number}#{call.name}"
        self.number += 1
        with torch.profiler.record_function(mark):
            call.run(planned)
        self.made[mark] = sum(planned.storages[each].nbytes() for each in call.fresh)
        self.peak = max(self.peak, planned.live_bytes())


def measure(make, settings, graph, plan, seed):
    """A step of the program as it is and as planned, not the first: the figures as a dictionary."""
    torch.manual_seed(seed)
    step, args = made_by(make, settings)
    let_go = step(*args)
    del let_go
    drop_gradients(step, graph)
    # Two steps: what the first leaves behind and the second lets go of was seen being taken.
    before = memory_events(lambda: [quiet(step, args) for _ in range(2)])
    del step, args
    torch.manual_seed(seed)
    step, args = made_by(make, settings)
    planned = PlannedStep(step, args, graph, plan)
    planned(*args)
    probe = Probe()
    planned.probe = probe
    after = memory_events(lambda: quiet(planned, args))
    own, name = own_temporaries(after, probe.made)
    return {
        "peakBeforeBytes": peak_of(before),
        "peakAfterBytes": peak_of(after),
        "predictedBytes": plan["peakBytes"],
        "liveAtPeakBytes": probe.peak,
        "largestOwnTemporaryBytes": own,
        "largestOwnTemporary": name,
    }


def quiet(step, args):
    """Calls it and lets its results go."""
    step(*args)


def drop_gradients(step, graph):
    """Lets go of gradients that the graph does not keep between steps."""
    kept = {each["name"] for each in graph.storages if each["kind"] != "temporary"}
    modules = [e for e in export_step.held_objects(step) if isinstance(e[1], torch.nn.Module)]
    for prefix, module in modules:
        start = prefix + "." if len(modules) > 1 else ""
        for name, each in module.named_parameters():
            if start + name + ".grad" not in kept:
                each.grad = None


def check(make, settings, graph, plan, seed):
    """Runs two steps in program order and as planned from the same start; what differs."""
    outcomes = []
    for order in (list(range(len(graph.operators))), plan["order"]):
        torch.manual_seed(seed)
        step, args = made_by(make, settings)
        planned = PlannedStep(step, args, graph, {**plan, "order": order}, seed)
        results = [planned(*args) for _ in range(2)]
        left = [planned.storages[each["id"]] for each in graph.storages
                if each["kind"] in ("parameter", "optimizerState")]  # fmt: skip
        outcomes.append((pytree.tree_leaves(results), left))
    (results, left), (others, rest) = outcomes
    bits = lambda storage: torch.empty(0, dtype=torch.uint8).set_(storage)  # noqa: E731
    different = sum(
        is_tensor(a) and not torch.equal(bits(a.untyped_storage()), bits(b.untyped_storage()))
        for a, b in zip(results, others)
    )
    different += sum(
        a is not None and not torch.equal(bits(a), bits(b)) for a, b in zip(left, rest)
    )
    return different, len(results) + len(left), beside_the_program(make, settings, seed, others)


def beside_the_program(make, settings, seed, planned):
    """Largest relative difference of a result from the program's own; infinite for no number."""
    torch.manual_seed(seed)
    step, args = made_by(make, settings)
    own = pytree.tree_leaves([step(*args) for _ in range(2)])
    worst = 0.0
    for a, b in zip(own, planned):
        if is_tensor(a) and a.is_floating_point() and a.numel() == 1:
            difference = abs(a.item() - b.item()) / max(abs(a.item()), 1e-12)
            worst = max(worst, difference if difference == difference else float("inf"))
    return worst


def made_by(make, settings):
    made = make(**settings)
    args = made[1]
    return made[0], (args,) if is_tensor(args) else tuple(args)


def megabytes(bytes_):
    return f"{bytes_ / 1e6:,.2f} MB"


def report(figures):
    print(f"peak of a step before   {megabytes(figures['peakBeforeBytes']):>14}")
    print(f"peak as planned         {megabytes(figures['peakAfterBytes']):>14}")
    print(f"the plan's prediction   {megabytes(figures['predictedBytes']):>14}")
    same = "equal" if figures["liveAtPeakBytes"] == figures["predictedBytes"] else "NOT EQUAL"
    print(f"storages live at peak   {megabytes(figures['liveAtPeakBytes']):>14}  {same}")
    print(
        f"largest own temporaries {megabytes(figures['largestOwnTemporaryBytes']):>14}  "
        f"of {figures['largestOwnTemporary'] or 'none'}"
    )


def holds(figures):
    allowed = 1.02 * figures["predictedBytes"] + figures["largestOwnTemporaryBytes"]
    exact = figures["liveAtPeakBytes"] == figures["predictedBytes"]
    return exact and figures["peakAfterBytes"] <= allowed


def train(make, settings, graph, plan, steps, seed):
    torch.manual_seed(seed)
    step, args = made_by(make, settings)
    planned = PlannedStep(step, args, graph, plan)
    begun = time.perf_counter()
    for number in range(steps):
        first = pytree.tree_leaves(planned(*args))[:1]
        text = f"{first[0].item():.6g}" if first and is_tensor(first[0]) and first[0].numel() == 1 else ""
        print(f"step {number + 1}: {text}", flush=True)
    print(f"{(time.perf_counter() - begun) / max(1, steps):.3f} s a step")


def main():
    flags = argparse.ArgumentParser(
        description="Runs a PyTorch step in the order of a plan of banyan plan.",
        epilog="example: python apply_plan.py --step my.py:make --graph step.json.gz --plan plan.json",
    )
    flags.add_argument("--step", required=True, metavar="FILE.py:MAKE")
    flags.add_argument("--graph", required=True, metavar="FILE.json.gz")
    flags.add_argument("--plan", required=True, metavar="FILE.json")
    flags.add_argument(
        "--original", metavar="FILE.json.gz", help="the export, when GRAPH runs operators again"
    )
    flags.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    flags.add_argument("--steps", type=int, default=1, metavar="N", help="steps to run (1)")
    flags.add_argument("--seed", type=int, default=1, metavar="N")
    flags.add_argument("--measure", action="store_true", help="peak before and after, by PyTorch")
    flags.add_argument("--check", action="store_true", help="bits beside program order, and numbers beside the program; exit 1")
    flags.add_argument("--json", metavar="FILE", help="the figures of --measure and --check")
    given = flags.parse_args()
    try:
        settings = export_step.settings_of(given.set)
        make = export_step.load(given.step)
        graph, plan = Graph(given.graph, given.original), plan_of(given.plan)
        figures, good = {}, True
        if given.check:
            different, of, apart = check(make, settings, graph, plan, given.seed)
            figures.update(differing=different, compared=of, relativeDifference=apart)
            draws = any(each["random"] for each in graph.operators)
            good = different == 0 and (apart < 1e-3 or draws and apart < float("inf"))
            print("same bits" if different == 0 else "DIFFERENT", end=": ")
            print(f"{different} of {of} differ from program order after two steps")
            drawn = ", which draws random numbers in another order" if draws else ""
            print(f"results within {apart:.1e} of the program's own{drawn}")
        if given.measure:
            figures.update(measure(make, settings, graph, plan, given.seed))
            report(figures)
            good = good and holds(figures)
        if given.json:
            with open(given.json, "w") as out:
                json.dump(figures, out)
        if not given.check and not given.measure:
            train(make, settings, graph, plan, given.steps, given.seed)
    except Refused as refused:
        print(f"apply_plan: {refused}", file=sys.stderr)
        return 2
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
