# Builds what the chosen parts need, runs them concurrently, and prints the total. The output of a part goes into its log, whose end is
# shown if the part has failed.

passed=0 failed=0 skips=() not_run=()
waiting=()            # parts that have not started, the longest first
declare -A running=() # process id → part
declare -A began=()   # part → second
declare -A settings=() # part → "builds cargo waits alone counts deadline"
jobs=1                # how many run at once, of those that compute and of those that wait
built=                # whether cargo has built everything: empty, yes or no

run_parts() {
  local name
  mkdir -p "$cache/logs"
  trap 'stop_all' EXIT
  trap 'exit 130' INT TERM
  mapfile -t waiting < <(for name in "$@"; do (load_part "$name" && echo "$seconds $name"); done | sort -rn | cut -d' ' -f2)
  for name in "$@"; do
    settings[$name]=$(load_part "$name" && echo "${builds:--} $cargo $waits $alone $counts $deadline")
  done

  # Installing needs `flock` to take turns.
  ! command -v flock >/dev/null || jobs=${JOBS:-$(nproc)}
  build
  while ((${#waiting[@]} + ${#running[@]} > 0)); do
    start_what_may_run
    wait_for_one
  done

  ((${#skips[@]} == 0)) || printf '%s\n' "${skips[@]}" | sort
  ((${#not_run[@]} == 0)) || printf '%s\n' "${not_run[@]}" | sort
  echo "$passed passed, $failed failed"
  ((failed == 0))
}

# Everything with the same features, so that nothing is compiled twice.
build() {
  local command log=$cache/logs/build.log started=$SECONDS
  case " ${settings[*]} " in
    *" tests "*) command='cargo test --locked --workspace --all-features --no-run' ;;
    *" examples "*) command='cargo build --locked --workspace --all-features --examples --bin team-chat' ;;
    *) return 0 ;;
  esac
  [[ $SOCKETIO_EXAMPLES == "$target/debug/examples" || $command == *test* ]] || return 0
  built=yes
  $command >"$log" 2>&1 || built=no
  printf '%-19s %-38s %4d s\n' build "$([[ $built == yes ]] && echo "everything once" || echo "failed")" $((SECONDS - started))
  if [[ $built == no ]]; then
    failed=$((failed + 1))
    show_end "$log" 1
  fi
}

start_what_may_run() {
  local name left=() builds rest
  for name in "${waiting[@]}"; do
    read -r builds rest <<<"${settings[$name]}"
    if [[ $builds != - && $built == no ]]; then
      not_run+=("not run: $name (the build has failed)")
    elif may_start "$name"; then
      start "$name"
    else
      left+=("$name")
    fi
  done
  waiting=("${left[@]}")
  # Parts that must run alone come last.
  if ((${#running[@]} == 0 && ${#waiting[@]} > 0)); then
    start "${waiting[0]}"
    waiting=("${waiting[@]:1}")
  fi
}

may_start() {
  local builds cargo waits alone rest other other_cargo other_waits other_alone same=0
  read -r builds cargo waits alone rest <<<"${settings[$1]}"
  [[ $alone == no ]] || return 1
  for other in "${running[@]}"; do
    read -r builds other_cargo other_waits other_alone rest <<<"${settings[$other]}"
    [[ $other_alone == no && ($cargo == no || $other_cargo == no) ]] || return 1
    [[ $other_waits != "$waits" ]] || same=$((same + 1))
  done
  ((same < jobs))
}

start() {
  local name=$1 deadline=${settings[$1]##* }
  began[$name]=$SECONDS
  # A process of its own: `timeout` leads its group, and a signal to it reaches every server that the part has started.
  timeout --kill-after=10s "$deadline" "$root/tests/run" --inside "$name" run "${part_arguments[@]}" </dev/null >"$cache/logs/$name.log" 2>&1 &
  running[$!]=$name
}

wait_for_one() {
  local pid='' status=0
  ((${#running[@]} > 0)) || return 0
  wait -n -p pid "${!running[@]}" || status=$?
  report "${running[$pid]}" "$status"
  unset "running[$pid]"
}

report() {
  local name=$1 status=$2 log=$cache/logs/$1.log good bad skipped=0 missing builds cargo waits alone counts rest
  local took=$((SECONDS - began[$name]))
  read -r builds cargo waits alone counts rest <<<"${settings[$name]}"
  if ((status == CANNOT)); then
    not_run+=("not run: $name ($(sed -n 's/^cannot: //p' "$log" | tail -n 1))")
    printf '%-19s not run\n' "$name"
    return
  fi
  if [[ $counts == no ]]; then
    good=$((status == 0)) bad=$((status != 0))
  else
    read -r good bad skipped < <(tally "$log")
    # A part that was aborted, or that ran no test, has failed whatever it counted.
    if ((bad == 0 && (status != 0 || good == 0))); then bad=1; fi
  fi
  passed=$((passed + good)) failed=$((failed + bad))
  while read -r missing; do not_run+=("not run: $missing of $name"); done < <(sed -n 's/^missing: //p' "$log")
  if ((skipped > 0)); then skips+=("skipped: $skipped of $name (${log#"$root/"})"); fi
  printf '%-19s %-38s %4d s\n' "$name" "$good passed, $bad failed$( ((skipped == 0)) || echo ", $skipped skipped")" "$took"
  if ((bad > 0)); then show_end "$log" "$status"; fi
}

show_end() {
  echo "--- the end of ${1#"$root/"}, status $2"
  tail -n 80 "$1"
  echo "---"
}

stop_all() {
  ((${#running[@]} == 0)) || kill "${!running[@]}" 2>/dev/null || true
}
