"""Makes the small graphs of the tests of plan's readers: make_plan_inputs.py FOLDER

Needs torch, jax and onnx. The files hold shapes, no weights that matter.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "plan/src/test/resources/dev/banyan/plan/read/inputs"


def export():
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(8, 16)
            self.conv = nn.Conv2d(1, 2, 3)
            self.norm = nn.BatchNorm2d(2)
            self.register_buffer("count", torch.zeros(3))

        def forward(self, x, y):
            self.count.add_(1)
            h = torch.relu(self.linear(x)).view(2, -1)
            first, second = h.split(8, 1)
            most, _ = torch.max(first, 1)
            picture = self.norm(self.conv(y)).permute(0, 2, 3, 1)
            return most * 2 + self.count.sum(), picture, second.transpose(0, 1).contiguous()

    arguments = (torch.zeros(2, 8), torch.zeros(1, 1, 6, 6))
    program = torch.export.export(Net(), arguments)
    torch.export.save(program, f"{FOLDER}/net.pt2")
    functional = torch.export.export(Net(), arguments).run_decompositions()
    torch.export.save(functional, f"{FOLDER}/net-functional.pt2")
    dynamic = torch.export.export(
        nn.Linear(8, 4), (torch.zeros(2, 8),), dynamic_shapes=({0: torch.export.Dim("batch")},)
    )
    torch.export.save(dynamic, f"{FOLDER}/dynamic.pt2")


HLO = """
import jax, jax.numpy as jnp
def loss(p, x, y):
    for w in p[:-1]:
        x = jax.nn.gelu(x @ w)
    return ((x @ p[-1] - y) ** 2).mean()
def step(p, m, x, y):
    g = jax.grad(loss)(p, x, y)
    m = [0.9 * a + b for a, b in zip(m, g)]
    def more(i, s):
        return jnp.tanh(s @ p[1])
    carried = jax.lax.fori_loop(0, 3, more, x @ p[0])
    return [a - 0.1 * b for a, b in zip(p, m)], m, carried.sum()
p = [jnp.zeros((16, 64)), jnp.zeros((64, 64)), jnp.zeros((64, 4))]
f = jnp.float32
jax.jit(step, donate_argnums=(0, 1)).lower(
    p, p, jax.ShapeDtypeStruct((32, 16), f), jax.ShapeDtypeStruct((32, 4), f)
).compile()
"""


def hlo():
    with tempfile.TemporaryDirectory() as dump:
        flags = f"--xla_dump_to={dump} --xla_dump_hlo_as_proto --xla_dump_hlo_as_text"
        subprocess.run(
            [sys.executable, "-c", HLO], env={**os.environ, "XLA_FLAGS": flags}, check=True
        )
        for kind in ("before", "after"):
            for end in ("hlo.pb", "txt"):
                [found] = glob.glob(f"{dump}/*jit_step.*{kind}_optimizations.{end}")
                shutil.copy(found, f"{FOLDER}/step.{kind}.{end}")


def onnx_models():
    import onnx
    from onnx import TensorProto, helper, numpy_helper, shape_inference
    import numpy as np

    def floats(name, *shape):
        return numpy_helper.from_array(np.zeros(shape, np.float32), name)

    def ints(name, *values):
        return numpy_helper.from_array(np.array(values, np.int64), name)

    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["c1"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["c1", "s", "s", "s", "s"], ["n1"]),
        node("Relu", ["n1"], ["r1"]),
        node("MaxPool", ["r1"], ["p1"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        node("Conv", ["p1", "w2"], ["c2"], auto_pad="SAME_UPPER", strides=[2, 2], group=2),
        node("Split", ["c2", "halves"], ["left", "right"], axis=1),
        node("Concat", ["left", "right", "c2"], ["wide"], axis=1),
        node("GlobalAveragePool", ["wide"], ["g"]),
        # the usual shape subgraph: keep the batch, flatten the rest
        node("Shape", ["g"], ["gs"]),
        node("Gather", ["gs", "zero"], ["batch"], axis=0),
        node("Unsqueeze", ["batch", "axis0"], ["batch1"]),
        node("Concat", ["batch1", "minus1"], ["target"], axis=0),
        node("Reshape", ["g", "target"], ["flat"]),
        node("Gemm", ["flat", "w3", "b3"], ["fc"], transB=1),
        node("Unsqueeze", ["fc", "axis0"], ["fc3"]),
        node("Transpose", ["fc3"], ["t"], perm=[2, 0, 1]),
        node("MatMul", ["t", "m"], ["mm"]),
        node("Softmax", ["mm"], ["soft"], axis=-1),
        node("ReduceMean", ["soft", "axis1"], ["mean"], keepdims=0),
        node("Expand", ["mean", "shape3"], ["big"]),
        node("Slice", ["big", "one", "two", "axis0"], ["cut"]),
        node("Where", ["mask", "cut", "cut"], ["chosen"]),
        node("Pad", ["chosen", "pads"], ["out"]),
        node("Tile", ["out", "repeats"], ["tiled"]),
        node("Cast", ["tiled"], ["y"], to=TensorProto.FLOAT16),
    ]
    constants = [
        floats("w1", 8, 3, 3, 3), floats("b1", 8), floats("s", 8), floats("w2", 6, 4, 3, 3),
        ints("halves", 2, 4), numpy_helper.from_array(np.array(0, np.int64), "zero"),
        ints("axis0", 0), ints("axis1", 1), ints("minus1", -1), floats("w3", 5, 12), floats("b3", 5),
        floats("m", 2, 7), ints("shape3", 3, 5, 7), ints("one", 1), ints("two", 3),
        numpy_helper.from_array(np.ones((5, 1), bool), "mask"), ints("pads", 0, 1, 0, 0, 1, 2),
        ints("repeats", 1, 1, 2),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3, 13, 17])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT16, None)
    graph = helper.make_graph(nodes, "net", [x], [y], constants)
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    onnx.save(model, f"{FOLDER}/net.onnx")
    inferred = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    truth = {
        each.name: [d.dim_value for d in each.type.tensor_type.shape.dim]
        for each in [*inferred.graph.value_info, *inferred.graph.output]
    }
    json.dump(truth, open(f"{FOLDER}/net.onnx.shapes.json", "w"))
    batch = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 13, 17])
    free = helper.make_graph(nodes[:1], "net", [batch], [helper.make_empty_tensor_value_info("c1")],
                             constants[:2])
    onnx.save(helper.make_model(free, opset_imports=opsets, ir_version=9), f"{FOLDER}/dynamic.onnx")


os.makedirs(FOLDER, exist_ok=True)
export()
hlo()
onnx_models()
