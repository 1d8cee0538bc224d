#!/bin/sh
# Grows a tiny model of every family, wider, deeper and into experts, and has transformers load the
# results. usage: grow_targets.sh BANYAN-COMMAND PYTHON TRANSFORMERS4-FOLDER WORK-FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
banyan=$1 python=$2 old=$3 work=$4
hf=$here/../weights/src/test/resources/hf

grow() { # CASE SOURCE FLAGS…
  case=$1 source=$2
  shift 2
  mkdir -p "$work/$case"
  ln -sfn "$hf/$source" "$work/$case/source"
  for made in "target $*" plain; do
    # the words of the flags are meant to fall apart
    $banyan grow run "$hf/$source" "$work/$case/"$made >"$work/$case/log" 2>&1 || {
      cat "$work/$case/log" >&2
      return 1
    }
  done
}

for source in llama-gqa llama-bias llama-headdim llama3-rope llama-linear mistral qwen2 \
  qwen2-window qwen3 mixtral qwen2-moe-step qwen3-moe qwen3-moe-packed; do
  set -- $(sed -n -e 's/^ *"hidden_size": \([0-9]*\),*/h \1/p' -e 's/^ *"num_attention_heads": \([0-9]*\),*/a \1/p' \
    -e 's/^ *"num_key_value_heads": \([0-9]*\),*/k \1/p' -e 's/^ *"num_hidden_layers": \([0-9]*\),*/l \1/p' \
    "$hf/$source/config.json" | sort | tr '\n' ' ')
  heads=$2 hidden=$4 groups=$6 layers=$8
  case $source in
    # heads x head_dim must stay hidden
    qwen2-moe*) grow "$source-larger" "$source" --factor 2 --layers $((layers + 2)) ;;
    # stored in 16 bits, which hold shares but not what is scaled
    mistral) grow "$source-larger" "$source" --factor 2 --width duplicate --layers $((layers + 2)) ;;
    *)
      grow "$source-larger" "$source" --hidden $((hidden * 5 / 4)) --heads $((heads * 2)) \
        --kv-heads $((groups * 2)) --layers $((layers + 2))
      ;;
  esac
done
grow mixtral-from-llama llama-gqa --moe copy --experts 4
grow mixtral-granular llama-gqa --moe granular --experts 3 --shards 2
grow mixtral-from-llama3 llama3-rope --moe copy --experts 4 --layers 6
grow mixtral-from-mistral mistral --moe copy --experts 4
grow qwen2-moe-from-qwen2 qwen2 --moe copy --experts 4
grow qwen2-moe-shared qwen2 --moe shared-carry --experts 4
grow qwen2-moe-from-llama llama-gqa --moe shared-carry --experts 4
grow qwen3-moe-from-qwen3 qwen3 --moe copy --experts 4
grow qwen3-moe-granular qwen3 --moe granular --experts 2 --shards 4
"$python" -W ignore "$here/check_grown.py" "$work"
PYTHONPATH=$old "$python" -W ignore "$here/transformers4.py" "$here/check_grown.py" "$work"
