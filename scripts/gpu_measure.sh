#!/usr/bin/env bash
# Everything that wants a GPU, in one call, with seeded random weights at true size: no download, no token.
#
#   scripts/gpu_measure.sh [--piece SECONDS] [benchmark] [embedding] [cost] [arguments of scripts/smoke_test.py]
#
# First the throughput benchmark, then embeddings of every model, four at a time on each GPU, then speed and memory one at a time,
# patch encoders before the others; or only the steps that are named. With --piece it ends in that time. Called again, here or
# wherever the evidence is, it goes on with what the evidence lacks. Evidence lands in catalog/evidence, the benchmark's table and
# the reports in build/. Where $OUT names a folder, all of that is packed there as measured.tar.gz, to be unpacked here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

piece=86400 steps=()
while (($#)); do
  case $1 in
    --piece) piece=${2:?"wants seconds"} && shift 2 ;;
    benchmark | embedding | cost) steps+=("$1") && shift ;;
    *) break ;;
  esac
done
((${#steps[@]})) || steps=(benchmark embedding cost)
[[ $piece =~ ^[1-9][0-9]*$ ]] || { echo "gpu_measure: --piece wants seconds, got '$piece'" >&2; exit 2; }

python=${PYTHON:-.venv/bin/python}
command -v "$python" >/dev/null || python=python3
command -v nvidia-smi >/dev/null && nvidia-smi -L || { echo "gpu_measure: no NVIDIA GPU is visible here" >&2; exit 2; }
cards=${CUDA_VISIBLE_DEVICES:-$(nvidia-smi -L | awk '/^GPU / { printf "%s%d", comma, number++; comma = "," }')}
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"

cap=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max) # bytes of a container
# Of one process, in GB; few of those side by side want much.
memory=$(awk -v cap="$cap" '/^MemTotal/ { all = $2 * 1024; if (cap + 0 && cap + 0 < all) all = cap; print all * 0.6 / 1e9 }' /proc/meminfo)
to_end=40 least=60 most=3600 worst=0 # seconds, but for the last; `most` is what one rung of one model may take
left() { echo $((piece - SECONDS - to_end)); }

measure() { # slots, rung, and which models
  local code=0
  (($(left) > least)) || { worst=1 && return 0; }
  local limit=$((piece - to_end - least / 2))
  ((limit <= most)) || limit=$most
  # A model that takes longer than a whole piece times out and is kept as such; one that is cut short by the piece's end is not.
  CUDA_VISIBLE_DEVICES=$1 "$python" scripts/smoke_test.py --device cuda --random --missing --rungs "$2" --memory "$memory" \
    --deadline "$(awk "BEGIN { print $(left) / 3600 }")" --time-limit "$limit" "${@:3}" || code=$?
  ((code == 3 || code <= worst)) || worst=$code # that nothing released was loaded is the purpose here
}

for step in "${steps[@]}"; do
  case $step in
    benchmark)
      mkdir -p build
      # What was measured before the time ran out stands.
      if (($(left) > least)) && timeout "$(left)" "$python" benchmarks/encode_throughput.py | tee build/throughput.partial; then
        mv build/throughput.partial build/throughput.txt
      else
        worst=1 && { grep -q ' x)' build/throughput.partial && mv build/throughput.partial build/throughput.txt; } 2>/dev/null || true
      fi
      ;;
    embedding) measure "$cards,$cards,$cards,$cards" embedding "${@:---all}" ;;
    cost)
      (($#)) || measure "$cards" cost --kind patch-encoder
      measure "$cards" cost "${@:---all}"
      ;;
  esac
done

if [[ -n ${OUT:-} ]]; then
  mkdir -p build/nightly && touch build/throughput.txt
  tar -czf "$OUT/measured.tar.gz" catalog/evidence build/nightly build/throughput.txt
fi
exit "$worst"
