#!/bin/sh
# Makes the step dumps of docs/plan.md: make_plan_suite.sh PYTHON FOLDER
# PYTHON has torch, torchvision and transformers; about ten minutes on two cores, no weights.
set -eu
python=$1 folder=$2
export="$(dirname "$0")/../plan/src/main/resources/dev/banyan/plan/export"
mkdir -p "$folder"
trace() { # NAME MAKE SETTINGS…
  name=$1 make=$2
  shift 2
  [ -f "$folder/$name.json.gz" ] && return
  "$python" "$export/export_step.py" --step "$export/models.py:$make" "$@" --out "$folder/$name.json.gz"
}
for model in alexnet vgg16 mobilenet_v2 mnasnet efficientnet_b0 resnet50 vit bert; do
  for batch in 1 32; do
    trace "$model-$batch" "$model" --set batch=$batch
  done
done
for model in vit bert; do
  for batch in 1 32; do
    trace "$model-sdpa-$batch" "$model" --set batch=$batch --set sdpa=true
  done
done
trace gpt2-1 gpt2 --set batch=1
trace gpt2-8 gpt2 --set batch=8
trace gpt2-sdpa-8 gpt2 --set batch=8 --set sdpa=true
trace gpt2-128 gpt2 --set batch=1 --set length=128
trace qwen2-128 qwen2 --set batch=1 --set length=128
for length in 128 256 1024; do
  trace "gpt2-xl-$length" gpt2_xl --set length=$length
done
