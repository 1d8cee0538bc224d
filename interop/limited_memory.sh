#!/bin/sh
# A training loop that a memory limit kills, and the same loop under its plan: limited_memory.sh
# PYTHON FOLDER [LIMIT]. Needs root and a cgroup v1 or v2 memory controller; 5 GB of memory.
set -eu
python=$1 folder=$2 limit=${3:-3400000000}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
"$here/../banyan" plan exporter "$folder" >/dev/null
cp "$here/limited_memory.py" "$folder/train.py"
cd "$folder"
"$python" export_step.py --step train.py:make --out step.json.gz
"$here/../banyan" plan step.json.gz --out plan.json
if [ -d /sys/fs/cgroup/memory ]; then
  group=/sys/fs/cgroup/memory/banyan-limited-$$ most=memory.limit_in_bytes
  peak=memory.max_usage_in_bytes
else
  group=/sys/fs/cgroup/banyan-limited-$$ most=memory.max peak=memory.peak
fi
mkdir "$group"
trap 'rmdir "$group"' EXIT
echo "$limit" >"$group/$most"
limited() {
  code=0
  sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$group" "$@" || code=$?
  echo "exit $code, most used $(cat "$group/$peak") of $limit bytes"
}
echo "as it is:"
limited "$python" train.py
echo "as planned:"
echo 0 >"$group/$peak" 2>/dev/null || true
limited "$python" train.py plan.json step.json.gz
