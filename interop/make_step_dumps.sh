#!/bin/sh
# Makes the small step dumps that tests and `banyan life` run: make_step_dumps.sh PYTHON
# PYTHON has torch 2.6 or newer; a minute, no weights.
set -eu
python=$1
here=$(dirname "$0")
export="$here/../plan/src/main/resources/dev/banyan/plan/export/export_step.py"
tests="$here/../train/src/test/resources/steps"
shipped="$here/../cli/src/main/resources/dev/banyan/cli/life"
mkdir -p "$tests" "$shipped"
trace() { # MAKE OUT SETTINGS…
  make=$1 out=$2
  shift 2
  "$python" "$export" --step "$here/small_steps.py:$make" "$@" --out "$out"
}
trace conv "$tests/conv.json.gz"
trace llama "$tests/llama.json.gz"
trace life "$shipped/step-tiny.json.gz" --set scale=tiny
trace life "$shipped/step-default.json.gz" --set scale=default
