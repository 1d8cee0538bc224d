#!/bin/sh
# Makes the table of docs/plan.md "Run for real": run_plans.sh PYTHON SUITE
# For each step: plan, `banyan plan run` (Java, one block), apply_plan.py --check --measure (PyTorch).
# SUITE is what make_plan_suite.sh made; about ten minutes on two cores, 6 GB.
set -eu
python=$1 suite=$2
here=$(dirname "$0")
export="$here/../plan/src/main/resources/dev/banyan/plan/export"
try() { # NAME MAKE SETTINGS…
  name=$1 make=$2
  shift 2
  graph="$suite/$name.json.gz" plan="$suite/$name.plan.json"
  echo "== $name"
  "$here/../banyan" plan make "$graph" --out "$plan" | grep -E 'program order|planned order'
  "$here/../banyan" plan run "$graph" "$plan" --json "$suite/$name.java.json"
  "$python" "$export/apply_plan.py" --step "$export/models.py:$make" "$@" --graph "$graph" \
    --plan "$plan" --check --measure --json "$suite/$name.torch.json"
}
for model in alexnet vgg16 mobilenet_v2 efficientnet_b0 resnet50 vit bert; do
  try "$model-1" "$model" --set batch=1
done
try gpt2-128 gpt2 --set batch=1 --set length=128
try qwen2-128 qwen2 --set batch=1 --set length=128
