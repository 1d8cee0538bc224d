#!/usr/bin/env python3
"""Writes one PyTorch step as a step dump for `banyan plan`.

    python export_step.py --step my.py:make --out g.json.gz

`make()` returns `(step, args)`: `step(*args)` is one step (forward, backward, optimizer, or only
forward), `args` are tensors in tuples, lists and dicts. It is called under fake tensors, so nothing
is computed and no weights are needed: a model that does not fit in memory is traced as well.

What `step` uses besides `args` is found too: modules and optimizers it holds (in its closure, its
globals, or its object) give their tensors names and kinds, and are run once before the trace so that
optimizer state exists. A third value `(step, args, kinds)` may say of each argument whether it holds
"parameter", "optimizerState", "input" or "constant" tensors.

`--set batch=32` is handed to `make(batch=32)`. Works with torch 2.6 to 2.13.
"""

import argparse
import base64
import gzip
import importlib.util
import inspect
import json
import math
import operator
import os
import sys
import traceback

import torch
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    FakeTensorMode,
)
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

DATA_LIMIT = 64 * 1024


class Refused(Exception):
    """The step cannot be dumped; the message is the one line the user reads."""


def load(place):
    file, _, name = place.rpartition(":")
    if not file or not name:
        raise Refused(f"--step {place}: expected FILE.py:FUNCTION, for example my.py:make")
    if not os.path.isfile(file):
        raise Refused(f"--step {place}: there is no file {file}")
    spec = importlib.util.spec_from_file_location("step_module", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["step_module"] = module
    sys.path.insert(0, os.path.dirname(os.path.abspath(file)))
    spec.loader.exec_module(module)
    if not callable(getattr(module, name, None)):
        raise Refused(f"--step {place}: {file} has no function {name}")
    return getattr(module, name)


def value(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return {"true": True, "false": False}.get(text.lower(), text)


def settings_of(given):
    settings = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals:
            raise Refused(f"--set {each}: expected NAME=VALUE, for example batch=32")
        settings[name] = value(text)
    return settings


# ---- what the step holds besides its arguments


def held_objects(step):
    """Modules, optimizers, tensors the step reaches: closure, globals it names, object, partial."""
    found, seen = [], set()

    def visit(name, thing, depth):
        if id(thing) in seen or depth > 3:
            return
        seen.add(id(thing))
        if isinstance(thing, (torch.nn.Module, torch.optim.Optimizer, torch.Tensor)):
            found.append((name, thing))
        elif isinstance(thing, dict):
            for key, each in list(thing.items())[:1000]:
                visit(str(key), each, depth + 1)
        elif isinstance(thing, (list, tuple)):
            for index, each in enumerate(thing[:1000]):
                visit(f"{name}.{index}", each, depth + 1)
        elif hasattr(thing, "func") and hasattr(thing, "args"):
            visit(name, thing.func, depth)
            visit(name, list(thing.args), depth)
            visit(name, dict(thing.keywords), depth)
        elif inspect.ismethod(thing):
            visit(name, thing.__self__, depth)
            visit(name, thing.__func__, depth)
        elif inspect.isfunction(thing):
            for key, cell in zip(thing.__code__.co_freevars, thing.__closure__ or ()):
                try:
                    visit(key, cell.cell_contents, depth + 1)
                except ValueError:
                    pass  # not filled yet
            for key in thing.__code__.co_names:
                if key in thing.__globals__:
                    each = thing.__globals__[key]
                    if not inspect.ismodule(each) and not inspect.isclass(each):
                        visit(key, each, depth + 1)
        elif hasattr(thing, "__dict__") and not inspect.isclass(thing):
            if not inspect.ismodule(thing) and not isinstance(thing, torch.Tensor):
                visit(name, vars(thing), depth + 1)

    visit("step", step, 0)
    return found


def held_tensors(held):
    """Storage address -> (name, kind, tensor) of what modules and optimizers keep between steps."""
    known = {}

    def put(tensor, name, kind):
        if isinstance(tensor, torch.Tensor):
            # The tensor is kept: an address that is free again would be given to another storage.
            known.setdefault(address(tensor), (name, kind, tensor))

    modules = [each for each in held if isinstance(each[1], torch.nn.Module)]
    for prefix, module in modules:
        start = prefix + "." if len(modules) > 1 else ""
        for name, each in module.named_parameters():
            put(each, start + name, "parameter")
            put(each.grad, start + name + ".grad", "optimizerState")
        for name, each in module.named_buffers():
            put(each, start + name, "parameter")
    for prefix, optimizer in held:
        if isinstance(optimizer, torch.optim.Optimizer):
            for parameter, state in optimizer.state.items():
                of = known.get(address(parameter), ("?",))[0]
                for key, each in state.items():
                    put(each, f"{of}.{key}", "optimizerState")
            for number, group in enumerate(optimizer.param_groups):
                for key, each in group.items():
                    put(each, f"{prefix}.{number}.{key}", "input")
    for number, (name, each) in enumerate(held):
        put(each, f"{name}#{number}", "input")
    return known


def make_capturable(held):
    """Adam keeps its step count as a tensor it may not read while tracing."""
    for _, optimizer in held:
        if isinstance(optimizer, torch.optim.Optimizer):
            for group in optimizer.param_groups:
                if "capturable" in group:
                    group["capturable"] = True
                if group.get("foreach") is None and "foreach" in group:
                    group["foreach"] = False
    check = "_get_capturable_supported_devices"
    for name in list(sys.modules):
        if name.startswith("torch.optim.") and hasattr(sys.modules[name], check):
            setattr(sys.modules[name], check, lambda *_, **__: ["cpu", "cuda", "xpu", "meta"])


def skip_initialisation():
    """Nothing is computed, so initial values do not matter; some initialisers would read them."""
    for name in dir(torch.nn.init):
        if name.endswith("_") and not name.startswith("__") and callable(getattr(torch.nn.init, name)):
            setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)
    for name in ("_no_grad_trunc_normal_", "_no_grad_uniform_", "_no_grad_normal_"):
        if hasattr(torch.nn.init, name):
            setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)


# ---- tracing


def trace(make, settings):
    """The traced graph, the flat arguments with their paths, and what the step holds."""
    skip_initialisation()
    with FakeTensorMode(allow_non_fake_inputs=True):
        made = make(**settings)
        if not isinstance(made, tuple) or len(made) not in (2, 3) or not callable(made[0]):
            raise Refused("make() must return (step, args) or (step, args, kinds)")
        step, args = made[0], made[1]
        if isinstance(args, torch.Tensor):
            args = (args,)
        kinds = made[2] if len(made) == 3 else [None] * len(args)
        held = held_objects(step)
        if any(isinstance(each, torch.optim.Optimizer) for _, each in held):
            make_capturable(held)
            step(*args)  # so that optimizer state exists before the trace
        leaves, shape = pytree.tree_flatten(tuple(args))
        paths = [path for path, _ in pytree.tree_flatten_with_path(tuple(args))[0]]
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]

        results = []

        def flat(*tensors):
            full = list(leaves)
            for place, tensor in zip(places, tensors):
                full[place] = tensor
            out = step(*pytree.tree_unflatten(full, shape))
            results.clear()
            results.append(result_tree(out))
            return [each for each in pytree.tree_leaves(out) if isinstance(each, torch.Tensor)]

        tensors = [leaves[place] for place in places]
        arguments = []
        for place, tensor in zip(places, tensors):
            kind = kinds[paths[place][0].idx] or (
                "parameter" if isinstance(tensor, torch.nn.Parameter) else None
            )
            arguments.append((path_name(paths[place]), kind))
        known = held_tensors(held)
        # Already fake tensors are traced as they are; the graph's storages are theirs.
        graph = make_fx(flat, tracing_mode="real")(*tensors)
    return graph, arguments, known, results[0]


def result_tree(out):
    """What the step returns: its containers, and a number for each leaf that is no tensor."""
    leaves, shape = pytree.tree_flatten(out)
    plain = [None if isinstance(each, torch.Tensor) else {"value": each} for each in leaves]
    try:
        tree = {"shape": pytree.treespec_dumps(shape), "leaves": plain}
        json.dumps(tree, allow_nan=False)
        return tree
    except Exception:  # a container of the user's own: the tensors are returned as a tuple
        return None


def path_name(path):
    """The dictionary keys of a path are its state_dict name."""
    keys = [str(key.key) for key in path if hasattr(key, "key")]
    if keys:
        return ".".join(keys)
    return "argument" + ".".join(str(getattr(key, "idx", key)) for key in path)


def address(tensor):
    return tensor.untyped_storage()._cdata


# ---- the dump


class Dump:
    def __init__(self, arguments, known):
        self.arguments = list(arguments)
        self.known = known
        self.storages, self.tensors, self.operators = [], [], []
        self.by_address, self.by_layout, self.of_node = {}, {}, {}
        self.kept = []  # fake tensors: an address must not be used twice
        self.given = []  # the tensors of the step's arguments, in their order

    def storage(self, tensor, kind, name):
        key = address(tensor)
        if key not in self.by_address:
            if key in self.known:
                name, kind, _ = self.known[key]
            bytes_ = tensor.untyped_storage().nbytes()
            if not isinstance(bytes_, int):
                raise Refused(f"{name}: its size is symbolic ({bytes_}); trace with fixed shapes")
            self.by_address[key] = len(self.storages)
            self.kept.append(tensor)
            entry = {"id": len(self.storages), "bytes": bytes_, "kind": kind, "name": name}
            self.storages.append(entry)
        return self.by_address[key]

    def tensor(self, tensor, kind, name):
        storage = self.storage(tensor, kind, name)
        shape, strides = list(tensor.shape), list(tensor.stride())
        if not all(isinstance(each, int) for each in shape + strides):
            raise Refused(f"{name}: its shape {shape} is symbolic; trace with fixed shapes")
        dtype = str(tensor.dtype).replace("torch.", "")
        offset = tensor.storage_offset()
        key = (storage, dtype, tuple(shape), tuple(strides), offset)
        if key not in self.by_layout:
            self.by_layout[key] = len(self.tensors)
            self.tensors.append(
                {"id": len(self.tensors), "storage": storage, "dtype": dtype, "shape": shape,
                 "strides": strides, "offset": offset})  # fmt: skip
        return self.by_layout[key]

    def argument(self, given, node):
        if given is None:
            return None
        if isinstance(given, torch.fx.Node):
            return {"tensor": self.of_node[given]}
        if isinstance(given, bool):
            return {"bool": given}
        if isinstance(given, int):
            return {"int": given}
        if isinstance(given, float):
            return {"float": given if math.isfinite(given) else str(given)}
        if isinstance(given, str):
            return {"string": given}
        if isinstance(given, torch.dtype):
            return {"dtype": str(given).replace("torch.", "")}
        if isinstance(given, torch.device):
            return {"device": str(given)}
        if isinstance(given, torch.memory_format):
            return {"memoryFormat": str(given).replace("torch.", "")}
        if isinstance(given, torch.layout):
            return {"layout": str(given).replace("torch.", "")}
        if isinstance(given, (list, tuple)):
            return {"list": [self.argument(each, node) for each in given]}
        raise Refused(f"node {node.name}: an argument of type {type(given).__name__} has no form")

    def placeholder(self, node):
        name, kind = self.arguments.pop(0)
        self.of_node[node] = self.tensor(node.meta["val"], kind or "input", name)
        self.given.append(self.of_node[node])

    def constant(self, node, held):
        if not isinstance(held, torch.Tensor):
            raise Refused(f"node {node.name}: attribute {node.target} is no tensor")
        self.of_node[node] = self.tensor(held, "constant", str(node.target))
        entry = self.storages[self.by_address[address(held)]]
        if entry["kind"] == "constant" and not isinstance(held, FakeTensor):
            if 0 < entry["bytes"] <= DATA_LIMIT:
                flat = torch.empty(0, dtype=torch.uint8).set_(held.untyped_storage())
                entry["data"] = base64.b64encode(bytes(flat.tolist())).decode("ascii")

    def call(self, node):
        if node.target is operator.getitem:
            of, index = node.args
            self.of_node[node] = self.of_node[of][index]
            return
        schema = getattr(node.target, "_schema", None)
        if schema is None:
            raise Refused(f"node {node.name}: {node.target} is no ATen operator; it has no schema")
        if schema.name.startswith("profiler::"):
            self.of_node[node] = None
            return
        reads, writes = [], []
        for tensor in nodes_in((node.args, node.kwargs)):
            add(reads, self.storage_of(tensor))
        for position, formal in enumerate(schema.arguments):
            if formal.alias_info is not None and formal.alias_info.is_write:
                given = node.kwargs.get(formal.name)
                if position < len(node.args):
                    given = node.args[position]
                for tensor in nodes_in(given):
                    add(writes, self.storage_of(tensor))
                    if formal.is_out:
                        reads.remove(self.storage_of(tensor))
        before = len(self.storages)
        val = node.meta.get("val")
        values = list(val) if isinstance(val, (list, tuple)) else [val]
        outputs = []
        for index, each in enumerate(values):
            if not isinstance(each, torch.Tensor):
                outputs.append(None)
                continue
            name = node.name if len(values) == 1 else f"{node.name}.{index}"
            outputs.append(self.tensor(each, "temporary", name))
        fresh = list(range(before, len(self.storages)))
        self.of_node[node] = outputs if isinstance(val, (list, tuple)) else outputs[0]
        if not fresh and not writes:
            return  # a view, or nothing that is a tensor
        self.operators.append(
            {
                "id": len(self.operators),
                "name": node.name,
                "target": str(node.target),
                "args": [self.argument(each, node) for each in node.args],
                "kwargs": {key: self.argument(each, node) for key, each in node.kwargs.items()},
                "outputs": outputs,
                "reads": reads,
                "writes": writes + fresh,
                "random": torch.Tag.nondeterministic_seeded in node.target.tags,
                "frame": frame(node),
            }
        )

    def storage_of(self, node):
        tensor = self.of_node[node]
        if not isinstance(tensor, int):
            raise Refused(f"node {node.name}: a tuple of tensors is used as one tensor")
        return self.tensors[tensor]["storage"]

    def write(self, file, results, tree):
        written = {each for op in self.operators for each in op["writes"]}
        for entry in self.storages:
            if entry["kind"] == "input" and entry["id"] in written:
                entry["kind"] = "optimizerState"
        dump = {
            "format": "banyan.step",
            "version": "1.0",
            "torch": torch.__version__,
            "storages": self.storages,
            "tensors": self.tensors,
            "operators": self.operators,
            "results": results,
            "arguments": self.given,
            "resultTree": tree,
        }
        text = json.dumps(dump, separators=(",", ":"), allow_nan=False).encode("utf-8")
        part = file + ".part"
        with open(part, "wb") as out:  # without a time stamp: the same step gives the same bytes
            out.write(gzip.compress(text, 9, mtime=0))
        os.replace(part, file)


def add(where, what):
    if what not in where:
        where.append(what)


def nodes_in(tree):
    found = []
    torch.fx.node.map_arg(tree, found.append)
    return found


def frame(node):
    lines = [line for line in (node.meta.get("stack_trace") or "").splitlines() if "File" in line]
    return lines[-1].strip() if lines else None


def export(make, settings, file):
    graph, arguments, known, tree = trace(make, settings)
    dump = Dump(arguments, known)
    results = []
    for node in graph.graph.nodes:
        if node.op == "placeholder":
            dump.placeholder(node)
        elif node.op == "get_attr":
            dump.constant(node, getattr(graph, node.target))
        elif node.op == "call_function":
            dump.call(node)
        elif node.op == "output":
            results = [dump.of_node[each] for each in nodes_in(node.args)]
    dump.write(file, results, tree)
    return dump


def main():
    flags = argparse.ArgumentParser(
        description="Writes one PyTorch step as a step dump for banyan plan.",
        epilog="example: python export_step.py --step models.py:resnet50 --set batch=1 --out r.json.gz",
    )
    flags.add_argument("--step", required=True, metavar="FILE.py:MAKE")
    flags.add_argument("--out", required=True, metavar="FILE.json.gz")
    flags.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    given = flags.parse_args()
    try:
        dump = export(load(given.step), settings_of(given.set), given.out)
    except Refused as refused:
        print(f"export_step: {refused}", file=sys.stderr)
        return 2
    except (DataDependentOutputException, DynamicOutputShapeException) as unknown:
        frames = traceback.extract_tb(unknown.__traceback__)
        inside = os.path.dirname(torch.__file__)
        last = [each for each in frames if not each.filename.startswith(inside)][-1]
        print(
            f"export_step: {last.filename}:{last.lineno}: '{last.line}' needs a value that is not "
            f"known before the step runs ({unknown.func}); steps with .item(), bool(tensor) or "
            "shapes that depend on values have no fixed graph",
            file=sys.stderr,
        )
        return 2
    print(
        f"{given.out}: {len(dump.operators)} operators, {len(dump.storages)} storages",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
