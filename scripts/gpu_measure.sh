#!/usr/bin/env bash
# Embeddings, speed and memory of every model on this machine's GPUs, with seeded random weights at true size: no download, no token.
# The evidence lands in catalog/evidence, the report in build/nightly. Where $OUT names a folder, both are packed there too.
# Arguments go to scripts/smoke_test.py: `scripts/gpu_measure.sh --deadline 0.15` ends in time, and the same with --resume goes on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${PYTHON:-.venv/bin/python}
command -v "$python" >/dev/null || python=python3
command -v nvidia-smi >/dev/null && nvidia-smi -L || { echo "gpu_measure: no NVIDIA GPU is visible here" >&2; exit 2; }
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"

case " $* " in
  *" --resume"*) asked=() ;;
  *) asked=(--device cuda --random --rungs "architecture,embedding,cost") ;;
esac
case " $* " in
  *" --resume"* | *" --kind "* | *" --all "* | *" --changed-since "* | *" --environment "*) ;;
  *) [[ ${1:-} == [a-z0-9]* ]] || asked+=(--all) ;;
esac

code=0
"$python" scripts/smoke_test.py "${asked[@]}" "$@" || code=$?
[[ $code != 3 ]] || code=0 # that nothing released was loaded is the purpose here
[[ -z ${OUT:-} ]] || tar -czf "$OUT/measured.tar.gz" catalog/evidence build/nightly
exit "$code"
