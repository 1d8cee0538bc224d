#!/bin/sh
# Compares Banyan with the Python libraries whose formats it reads and writes. Sets itself up under
# interop/.peers (Python 3.11 or newer, about 2 GB); PEERS=FOLDER uses another place. Needs a build
# (mvn package) and a JDK 25 as JAVA_HOME or BANYAN_JAVA_HOME. Not part of mvn verify.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
home=$(dirname "$here")
peers=${PEERS:-$here/.peers}
java=${BANYAN_JAVA_HOME:-${JAVA_HOME:?names no JDK 25}}/bin/java
python=$peers/py/bin/python

if [ ! -x "$python" ]; then
  mkdir -p "$peers"
  python3 -m venv "$peers/py"
  "$python" -m pip install -q 'torch==2.13.*' 'transformers==5.18.*' safetensors 'jinja2==3.1.*' 'peft==0.21.*'
fi
if [ ! -d "$peers/transformers4" ]; then
  "$python" -m pip install -q --no-deps --target "$peers/transformers4" 'transformers==4.57.*'
  "$python" -m pip install -q --target "$peers/transformers4" requests
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "== folders written by Banyan, read by transformers"
"$java" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
  -cp "$home/cli/target/banyan.jar:$home/cli/target/lib/*" \
  "$here/WriteFolders.java" "$home/weights/src/test/resources/hf" "$work/folders"
"$python" "$here/check_folders.py" "$work/folders"
PYTHONPATH=$peers/transformers4 "$python" "$here/transformers4.py" \
  "$here/check_folders.py" "$work/folders"

echo "== chat templates, as transformers renders them"
chat=$home/model/src/test/resources/chat
compare_chat() { # GOLDEN.json
  "$java" -cp "$home/cli/target/banyan.jar:$home/cli/target/lib/*" \
    "$here/ChatTemplates.java" "$chat/conversations.json" "$1"
}
"$python" "$here/make_chat_golden.py" "$work/chat.json" "$chat/templates"
cmp "$work/chat.json" "$chat/recorded.json"
compare_chat "$work/chat.json"
"$python" -W ignore "$here/random_templates.py" "$work/random.json" 3000 "${SEED:-$(date +%j)}"
compare_chat "$work/random.json"
# other people's templates are not kept here: CHAT_TEMPLATES=FOLDER has .jinja files of your own
if [ -n "${CHAT_TEMPLATES:-}" ]; then
  "$python" "$here/make_chat_golden.py" "$work/public.json" "$CHAT_TEMPLATES"
  compare_chat "$work/public.json"
fi

echo "== adapters, as PEFT computes with them"
"$python" "$here/make_adapter_golden.py" "$home/weights/src/test/resources/hf" "$work/adapter"
for folder in "$work"/adapter/*/; do
  name=$(basename "$folder")
  recorded=$home/model/src/test/resources/adapter/$name/adapter_model.safetensors
  case $name in
    # a product of matrices: its last bit depends on the processor
    *-projected) "$python" "$here/close_tensors.py" "$folder/adapter_model.safetensors" "$recorded" ;;
    *) cmp "$folder/adapter_model.safetensors" "$recorded" ;;
  esac
done

echo "== recorded outputs are what the libraries give today"
"$python" "$here/make_weights_golden.py" "$work/weights"
"$python" "$here/make_model_golden.py" "$home/weights/src/test/resources/hf" "$work/model"
for name in every-type.json every-type.safetensors float8.json configs.json; do
  cmp "$work/weights/$name" "$home/weights/src/test/resources/golden/$name"
done
echo "done"
