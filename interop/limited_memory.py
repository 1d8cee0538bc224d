"""An ordinary training loop: a small GPT, AdamW, gradients of all parameters at once."""
import sys
import torch
from torch import nn
import torch.nn.functional as F

class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.up, self.down = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = (y.view(b, t, 16, d // 16).transpose(1, 2) for y in self.qkv(self.norm1(x)).chunk(3, -1))
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(a.transpose(1, 2).reshape(b, t, d))
        return x + self.down(F.gelu(self.up(self.norm2(x))))

class Gpt(nn.Module):
    def __init__(self, vocabulary=8192, d=1024, layers=16, length=128):
        super().__init__()
        self.words, self.places = nn.Embedding(vocabulary, d), nn.Embedding(length, d)
        self.blocks = nn.ModuleList(Block(d) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, vocabulary, bias=False)

    def forward(self, ids):
        x = self.words(ids) + self.places.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))

def make():
    torch.manual_seed(1)
    model = Gpt()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)

    def step(ids):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(ids)[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        return loss

    return step, (torch.randint(0, 8192, (1, 128)),)

def batches(n):
    torch.manual_seed(2)
    for _ in range(n):
        start = torch.randint(0, 8192, (1, 1))
        yield (start + torch.arange(128)) % 8192

if __name__ == "__main__":
    step, args = make()
    if len(sys.argv) > 1:  # the plan and the graph: the one change
        import apply_plan
        step = apply_plan.apply(step, args, plan=sys.argv[1], graph=sys.argv[2])
    for number, ids in enumerate(batches(5)):
        print(f"step {number + 1}: loss {step(ids).item():.4f}", flush=True)
