#!/bin/sh
#SBATCH --job-name=pcap-slim
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --mem=256M
#SBATCH --nice=1000
# One task of a job array: slim the file in line SLURM_ARRAY_TASK_ID of the list of names.
#   sbatch --array=1-100%20 slurm-array.sh NAMES
set -eu
file=$(sed -n "${SLURM_ARRAY_TASK_ID:?not a task of a job array}p" "$1")
[ -n "$file" ] || {
    echo "slurm-array.sh: $1 has no line $SLURM_ARRAY_TASK_ID" >&2
    exit 1
}
exec pcap-slim --single "$file"
