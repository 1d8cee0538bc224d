"""usage: python close_tensors.py A.safetensors B.safetensors: fails unless names agree and values do to 1e-5."""
import sys

import torch
from safetensors.torch import load_file

a, b = load_file(sys.argv[1]), load_file(sys.argv[2])
assert a.keys() == b.keys(), sorted(a.keys() ^ b.keys())
for name in a:
    torch.testing.assert_close(a[name], b[name], rtol=1e-5, atol=1e-5)
