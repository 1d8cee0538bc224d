"""The PyTorch side of the training-speed comparison: the same Llama, the same step, eager, fused AdamW.

usage: python train_speed_peer.py --dtype float32 --threads 2 --steps 12 [--profile]

Model: Llama, hidden 256, 6 layers, 8 heads / 4 key-value heads of 32, FFN 704, vocabulary 4096, tied
embeddings off; batch 8 x 256 tokens; AdamW (betas 0.9/0.95, decay 0.1), gradient clipping at 1.
Prints one JSON line: the best and the median step in tokens per second.
"""
import argparse, json, statistics, time
import torch
import torch.nn.functional as F
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--steps", type=int, default=12)
parser.add_argument("--warmup", type=int, default=3)
parser.add_argument("--batch", type=int, default=8)
parser.add_argument("--time", type=int, default=256)
parser.add_argument("--profile", action="store_true")
a = parser.parse_args()
torch.set_num_threads(a.threads)
torch.manual_seed(0)

HIDDEN, LAYERS, HEADS, KV_HEADS, FFN, VOCAB = 256, 6, 8, 4, 704, 4096
HEAD_DIM = HIDDEN // HEADS


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.input_norm, self.post_norm = nn.RMSNorm(HIDDEN, eps=1e-6), nn.RMSNorm(HIDDEN, eps=1e-6)
        self.q = nn.Linear(HIDDEN, HEADS * HEAD_DIM, bias=False)
        self.k = nn.Linear(HIDDEN, KV_HEADS * HEAD_DIM, bias=False)
        self.v = nn.Linear(HIDDEN, KV_HEADS * HEAD_DIM, bias=False)
        self.o = nn.Linear(HEADS * HEAD_DIM, HIDDEN, bias=False)
        self.gate = nn.Linear(HIDDEN, FFN, bias=False)
        self.up = nn.Linear(HIDDEN, FFN, bias=False)
        self.down = nn.Linear(FFN, HIDDEN, bias=False)

    def forward(self, x, cos, sin):
        b, t, _ = x.shape
        h = self.input_norm(x)
        q = self.q(h).view(b, t, HEADS, HEAD_DIM).transpose(1, 2)
        k = self.k(h).view(b, t, KV_HEADS, HEAD_DIM).transpose(1, 2)
        v = self.v(h).view(b, t, KV_HEADS, HEAD_DIM).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if a.dtype == "bfloat16":  # bf16 attention on CPU is slow: leave autocast for it
            with torch.autocast("cpu", enabled=False):
                y = F.scaled_dot_product_attention(q.float(), k.float(), v.float(), is_causal=True, enable_gqa=True)
        else:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        x = x + self.o(y.transpose(1, 2).reshape(b, t, HEADS * HEAD_DIM))
        h = self.post_norm(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


def rotate(x, cos, sin):
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, HIDDEN)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.RMSNorm(HIDDEN, eps=1e-6)
        self.head = nn.Linear(HIDDEN, VOCAB, bias=False)
        frequency = 10000.0 ** (-torch.arange(0, HEAD_DIM, 2) / HEAD_DIM)
        angle = torch.outer(torch.arange(a.time), frequency)
        self.register_buffer("cos", torch.cat((angle, angle), -1).cos())
        self.register_buffer("sin", torch.cat((angle, angle), -1).sin())

    def forward(self, ids):
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        return self.head(self.norm(x))


model = Llama()
for p in model.parameters():
    if p.dim() == 2:
        nn.init.normal_(p, std=0.02)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
ids = torch.randint(0, VOCAB, (a.batch, a.time + 1), generator=torch.Generator().manual_seed(1))


def step():
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=a.dtype == "bfloat16"):
        logits = model(ids[:, :-1])
    loss = F.cross_entropy(logits.float().view(-1, VOCAB), ids[:, 1:].reshape(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


for _ in range(a.warmup):
    loss = step()
if a.profile:
    with torch.profiler.profile() as prof:
        for _ in range(3):
            step()
    print(prof.key_averages().table(sort_by="self_cpu_time_total", row_limit=25, max_name_column_width=50))
seconds = []
cpu = time.process_time()
for _ in range(a.steps):
    start = time.perf_counter()
    loss = step()
    seconds.append(time.perf_counter() - start)
tokens = a.batch * a.time
cpu = time.process_time() - cpu
print(json.dumps(dict(peer="torch " + torch.__version__, dtype=a.dtype, threads=a.threads,
    parameters=sum(p.numel() for p in model.parameters()), loss=loss,
    bestTokensPerSecond=tokens / min(seconds), medianTokensPerSecond=tokens / statistics.median(seconds),
    tokensPerCpuSecond=a.steps * tokens / cpu)))
