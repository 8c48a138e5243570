#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Asks the server of compose.yaml for the embeddings of texts: by its own client, inside its
# container.
set -euo pipefail

if [ "$#" = 0 ] || [ "$1" = --help ]; then
  echo "usage: deploy/compose/request.sh [stactl's options of embed] TEXT..." >&2
  exit 2
fi
if ! docker compose version >/dev/null 2>&1; then
  echo "request.sh: there is no 'docker compose'; install Docker with its compose plugin" >&2
  exit 1
fi
cd "$(dirname "${BASH_SOURCE[0]}")"
exec docker compose exec --no-TTY server stactl embed --json "$@"
