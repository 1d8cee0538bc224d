"""Small training steps for tests, and the PyTorch twin of the model of `banyan life`.

make_step_dumps.sh exports them; life.json.gz of each scale is shipped with the command line.
"""

import torch
from torch import nn
from torch.nn import functional as F


class Conv(nn.Module):
    """Convolutions with batch norm, pooling and dropout: in-place operators, masks, two outputs."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.Hardswish(),
            nn.AdaptiveAvgPool2d(4),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(256, 10))

    def forward(self, pictures):
        return self.head(self.features(pictures))


def conv(batch=4):
    model = Conv().train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    def step(pictures, classes):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(pictures), classes)
        loss.backward()
        optimizer.step()
        return loss

    return step, (torch.randn(batch, 3, 16, 16), torch.randint(0, 10, (batch,)))


# ---- a Llama with the names of Hugging Face, packed rows, grouped queries, tied output


class Norm(nn.Module):
    def __init__(self, width, epsilon=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight


def turned(x, cosines, sines):
    half = x.shape[-1] // 2
    return x * cosines + torch.cat((-x[..., half:], x[..., :half]), -1) * sines


class Attention(nn.Module):
    def __init__(self, hidden, heads, kv_heads):
        super().__init__()
        self.heads, self.kv_heads, self.width = heads, kv_heads, hidden // heads
        self.q_proj = nn.Linear(hidden, hidden, bias=False)
        self.k_proj = nn.Linear(hidden, kv_heads * self.width, bias=False)
        self.v_proj = nn.Linear(hidden, kv_heads * self.width, bias=False)
        self.o_proj = nn.Linear(hidden, hidden, bias=False)

    def forward(self, x, cosines, sines, mask):
        rows, time, hidden = x.shape
        split = lambda y, n: y.view(rows, time, n, self.width).transpose(1, 2)  # noqa: E731
        q = turned(split(self.q_proj(x), self.heads), cosines, sines)
        k = turned(split(self.k_proj(x), self.kv_heads), cosines, sines)
        v = split(self.v_proj(x), self.kv_heads)
        k = k.repeat_interleave(self.heads // self.kv_heads, 1)
        v = v.repeat_interleave(self.heads // self.kv_heads, 1)
        scores = (q @ k.transpose(2, 3)) / self.width**0.5
        mixed = scores.masked_fill(mask, float("-inf")).softmax(-1) @ v
        return self.o_proj(mixed.transpose(1, 2).reshape(rows, time, hidden))


class FeedForward(nn.Module):
    def __init__(self, hidden, ffn):
        super().__init__()
        self.gate_proj = nn.Linear(hidden, ffn, bias=False)
        self.up_proj = nn.Linear(hidden, ffn, bias=False)
        self.down_proj = nn.Linear(ffn, hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, hidden, heads, kv_heads, ffn):
        super().__init__()
        self.self_attn = Attention(hidden, heads, kv_heads)
        self.mlp = FeedForward(hidden, ffn)
        self.input_layernorm = Norm(hidden)
        self.post_attention_layernorm = Norm(hidden)

    def forward(self, x, cosines, sines, mask):
        x = x + self.self_attn(self.input_layernorm(x), cosines, sines, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, vocabulary, hidden, layers, heads, kv_heads, ffn):
        super().__init__()
        self.embed_tokens = nn.Embedding(vocabulary, hidden)
        self.layers = nn.ModuleList(Layer(hidden, heads, kv_heads, ffn) for _ in range(layers))
        self.norm = Norm(hidden)


class Llama(nn.Module):
    def __init__(self, vocabulary, hidden, layers, heads, kv_heads, ffn):
        super().__init__()
        self.model = Body(vocabulary, hidden, layers, heads, kv_heads, ffn)
        self.width = hidden // heads

    def forward(self, ids, positions, documents):
        rates = 10000.0 ** (-torch.arange(0, self.width, 2).float() / self.width)
        angles = positions[:, None, :, None].float() * torch.cat((rates, rates))
        cosines, sines = angles.cos(), angles.sin()
        time = torch.arange(ids.shape[1])
        mask = (time[None, :] > time[:, None]) | (documents[:, :, None] != documents[:, None, :])
        x = self.model.embed_tokens(ids)
        for layer in self.model.layers:
            x = layer(x, cosines, sines, mask[:, None])
        return self.model.norm(x) @ self.model.embed_tokens.weight.t()


def llama(vocabulary=64, hidden=16, layers=2, heads=4, kv_heads=2, ffn=24, rows=2, length=8):
    """A step as the trainer makes it: packed rows, clipped gradients, AdamW; matrices decay."""
    model = Llama(vocabulary, hidden, layers, heads, kv_heads, ffn)
    groups = [
        {"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.dim() == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=4e-3, betas=(0.9, 0.95), eps=1e-8)

    def step(batch):
        optimizer.zero_grad()
        logits = model(batch["ids"], batch["positions"], batch["documents"])
        loss = F.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten(), ignore_index=-100)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=False)
        optimizer.step()
        return loss

    whole = lambda: torch.zeros(rows, length, dtype=torch.long)  # noqa: E731
    return step, ({"ids": whole(), "labels": whole(), "positions": whole(), "documents": whole()},)


def life(scale="default"):
    """The default model and batch of `banyan life` at a scale."""
    tiny = scale == "tiny"
    return llama(
        vocabulary=1024 if tiny else 2048,
        hidden=128,
        layers=2 if tiny else 4,
        heads=4,
        kv_heads=2,
        ffn=352,
        rows=8,
        length=256,
    )
