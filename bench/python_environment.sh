# SPDX-License-Identifier: Apache-2.0
#
# Virtual environments of the benchmarks, for scripts that source this and set `work`, the folder
# where the environments and the logs of their installations are kept.

# install NAME REQUIREMENTS...: the environment $work/venv-NAME with what these files list, kept
# while they do not change. Where pip fails the end of its log is printed and the status is 1.
install() {
  local venv="$work/venv-$1" log="$work/install-$1.log" stamp
  shift
  stamp="$(cat "$@" | sha256sum | cut -d' ' -f1)"
  if [ "$(cat "$venv/installed" 2>/dev/null)" = "$stamp" ]; then return; fi
  echo "bench: installing $*" >&2
  rm -rf "$venv"
  python3 -m venv "$venv" >"$log" 2>&1 || { tail -n 3 "$log" >&2; return 1; }
  local file
  for file in "$@"; do
    "$venv/bin/pip" install --disable-pip-version-check --requirement "$file" >>"$log" 2>&1 ||
      { tail -n 3 "$log" >&2; return 1; }
  done
  echo "$stamp" >"$venv/installed"
}
