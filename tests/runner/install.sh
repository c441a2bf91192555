# Installs the requirements of parts. Each function does nothing if its work is done already. With NO_INSTALL, the part ends instead.
# Concurrent parts take turns: two may need the same package, and Debian's tool runs once at a time.

install_npm_packages() {
  local js=${1:-tests/interop/js}
  if grep -q '"resolved"' "$js/package-lock.json"; then
    echo "$js/package-lock.json names the registry it was written with: npm install --omit-lockfile-registry-resolved"
    return 1
  fi
  once "$js/node_modules" "$js/package-lock.json" npm --prefix "$js" ci --no-audit --no-fund
}

# Installs the Python packages of the tests in a directory, into a separate environment.
install_python_packages() { in_turn "${2//\//-}" python_packages "$@"; }

python_packages() {
  local requirements=tests/$1/${3:-requirements.txt} venv=$cache/$2
  if [[ ! -x $venv/bin/python ]]; then
    may_install "a Python environment in ${venv#"$root/"}"
    make_venv "$venv"
  fi
  once "$venv" "$requirements" "$venv/bin/python" -m pip install --quiet --requirement "$requirements"
}

make_venv() {
  # Debian has the files that `venv` needs in a separate package.
  python3 -c 'import ensurepip' 2>/dev/null || install_debian_package python3-venv
  python3 -m venv --clear "$1"
}

# Runs a command that fills a directory, unless it has done so already for the same content of the file.
once() {
  local directory=${1#"$root/"}
  in_turn "${directory//\//-}" fill_once "$@"
}

fill_once() {
  local directory=$1 file=$2
  shift 2
  local marker=$directory/.installed hash
  hash=$(sha256sum <"$file")
  if [[ -d $directory && $(cat "$marker" 2>/dev/null) == "$hash" ]]; then return; fi
  may_install "a package in $file"
  "$@" && echo "$hash" >"$marker"
}

# Ends the part if nothing may be installed.
may_install() {
  [[ -z ${NO_INSTALL-} ]] || cannot "$1 is not installed"
}

# Installs a Debian package, unless the command named after it is there. Services that come with it are not started.
install_debian_package() { in_turn debian debian_package "$@"; }

debian_package() {
  local package=$1 program=${2-} as_root=()
  if [[ -n $program ]] && command -v "$program"; then return; fi
  may_install "$package"
  if ((EUID != 0)); then
    sudo -n true 2>/dev/null || cannot "$package is missing and this user can't install packages"
    as_root=(sudo -n)
  fi
  command -v apt-get >/dev/null || cannot "$package is missing and this is not Debian"
  # Once in each run.
  if [[ $(cat "$cache/apt-updated" 2>/dev/null) != "${RUN_ID-}" ]]; then
    "${as_root[@]}" apt-get update
    echo "${RUN_ID-}" >"$cache/apt-updated"
  fi
  "${as_root[@]}" sh -euc '
    export DEBIAN_FRONTEND=noninteractive
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
      trap "rm -f $policy" EXIT
      printf "#!/bin/sh\nexit 101\n" >"$policy"
      chmod +x "$policy"
    fi
    apt-get install --yes --no-install-recommends "$1"
  ' sh "$package"
}

# Runs a function while no other part runs one under the same name. Without `flock`, parts run one after another.
in_turn() {
  local lock
  mkdir -p "$cache/locks"
  exec {lock}>"$cache/locks/$1"
  ! command -v flock >/dev/null || flock "$lock"
  "${@:2}"
  exec {lock}>&-
}

# Installs a program with cargo, unless it is there.
install_cargo_program() {
  export PATH=$cache/cargo/bin:$PATH
  if command -v "$1"; then return; fi
  may_install "$1"
  in_turn "cargo-$1" cargo install --locked --root "$cache/cargo" --target-dir "$cache/cargo/target-$1" "$1" || cannot "$1 can't be installed"
  rm -rf "$cache/cargo/target-$1"
}
