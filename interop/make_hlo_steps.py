"""Compiles three training steps with JAX and dumps their HLO: make_hlo_steps.py FOLDER

Leaves FOLDER/{mlp,cnn,transformer}.{before,after}.{hlo.pb,txt} for `banyan plan compare`. Only
shapes are given, nothing runs.
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile


def mlp(jax, jnp):
    widths = [784, 1024, 1024, 1024, 10]
    parameters = [(jnp.zeros((a, b)), jnp.zeros((b,))) for a, b in zip(widths, widths[1:])]

    def logits(p, x):
        for w, b in p[:-1]:
            x = jax.nn.relu(x @ w + b)
        return x @ p[-1][0] + p[-1][1]

    return parameters, logits, ((256, 784), jnp.float32), (256,)


def cnn(jax, jnp):
    channels = [3, 32, 64, 128, 256]
    parameters = [jnp.zeros((3, 3, a, b)) for a, b in zip(channels, channels[1:])]
    parameters.append(jnp.zeros((256, 10)))

    def logits(p, x):
        for w in p[:-1]:
            x = jax.lax.conv_general_dilated(
                x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
            x = jax.nn.gelu(x)
            window = (1, 2, 2, 1)
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
        return x.mean((1, 2)) @ p[-1]

    return parameters, logits, ((32, 64, 64, 3), jnp.float32), (32,)


def transformer(jax, jnp):
    width, heads, layers, words, tokens, batch = 256, 4, 4, 2048, 128, 4

    def layer():
        return {
            "q": jnp.zeros((width, 3 * width)),
            "o": jnp.zeros((width, width)),
            "u": jnp.zeros((width, 4 * width)),
            "d": jnp.zeros((4 * width, width)),
            "n1": jnp.ones(width),
            "n2": jnp.ones(width),
        }

    parameters = {"e": jnp.zeros((words, width)), "l": [layer() for _ in range(layers)]}

    def norm(x, gain):
        return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-5) * gain

    def logits(p, x):
        h = p["e"][x]
        mask = jnp.tril(jnp.ones((tokens, tokens), bool))

        def split(a):
            return a.reshape(batch, tokens, heads, width // heads).transpose(0, 2, 1, 3)

        for l in p["l"]:
            q, k, v = map(split, jnp.split(norm(h, l["n1"]) @ l["q"], 3, -1))
            a = jax.nn.softmax(jnp.where(mask, q @ k.swapaxes(-1, -2) / 8.0, -1e9), -1)
            h = h + (a @ v).transpose(0, 2, 1, 3).reshape(batch, tokens, width) @ l["o"]
            h = h + jax.nn.gelu(norm(h, l["n2"]) @ l["u"]) @ l["d"]
        return (h @ p["e"].T).reshape(-1, words)

    return parameters, logits, ((batch, tokens), jnp.int32), (batch * tokens,)


def compile_step(name):
    import jax
    import jax.numpy as jnp

    parameters, logits, (shape, dtype), labels = globals()[name](jax, jnp)
    tree = jax.tree.map

    def loss(p, x, y):
        scores = jax.nn.log_softmax(logits(p, x))
        return -jnp.take_along_axis(scores, y[:, None], 1).mean()

    def step(p, m, v, t, x, y):
        value, g = jax.value_and_grad(loss)(p, x, y)
        t = t + 1
        m = tree(lambda a, b: 0.9 * a + 0.1 * b, m, g)
        v = tree(lambda a, b: 0.999 * a + 0.001 * b * b, v, g)

        def update(a, b, c):
            return a - 1e-3 * (b / (1 - 0.9**t)) / (jnp.sqrt(c / (1 - 0.999**t)) + 1e-8)

        return tree(update, p, m, v), m, v, t, value

    zeros = tree(jnp.zeros_like, parameters)
    x, y = jax.ShapeDtypeStruct(shape, dtype), jax.ShapeDtypeStruct(labels, jnp.int32)
    jitted = jax.jit(step, donate_argnums=(0, 1, 2, 3))
    jitted.lower(parameters, zeros, zeros, jnp.float32(0), x, y).compile()


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for name in ("mlp", "cnn", "transformer"):
        with tempfile.TemporaryDirectory() as dump:
            flags = f"--xla_dump_to={dump} --xla_dump_hlo_as_proto --xla_dump_hlo_as_text"
            environment = {**os.environ, "XLA_FLAGS": flags}
            command = [sys.executable, __file__, "--compile", name]
            subprocess.run(command, env=environment, check=True)
            for kind in ("before", "after"):
                for end in ("hlo.pb", "txt"):
                    [found] = glob.glob(f"{dump}/*jit_step.*{kind}_optimizations.{end}")
                    shutil.copy(found, f"{folder}/{name}.{kind}.{end}")


if sys.argv[1] == "--compile":
    compile_step(sys.argv[2])
else:
    main(sys.argv[1])
