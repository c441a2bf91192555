# Parts. A file tests/parts/NAME is sourced by bash, in the root of the repository, and defines:
#
#   run         the function that runs it. It prints the summaries of cargo, node or pytest, or lines of their form, which are counted, and
#               fails if a test has failed. `cannot REASON` ends a part that can't run on this machine; a line `missing: WHAT` names
#               tests that it had to leave out. Words after `--` on the command line are its arguments.
#
# and where they apply
#
#   needs       what it needs besides Rust, for --list
#   builds      `examples` (with the program team-chat) or `tests`, which are built with all features before it starts. A part must not
#               build these itself, since cargo's lock may be taken
#   cargo=yes   it compiles with the target directory of the workspace: one such part runs at a time
#   waits=yes   it mostly waits, for brokers, clients or time: such parts run beside those that compute, as many at once as there are processors
#   alone=yes   nothing else may run meanwhile, because it measures
#   plain=no    it runs only if it is named, since it takes long or its result depends on chance
#   counts=no   it prints no summary, and counts as one test that its exit code decides
#   seconds     how long it takes on a machine with two processors, about: longer ones start first
#   deadline    after how long it is ended (default: 30m)
#
# A part runs beside others. So it takes free ports (port 0), keeps its files in temporary directories or in tests/.cache under a name of
# its own, and ends what it starts: the processes of its group get a signal at its deadline. What it installs goes through the functions
# of install.sh, which wait for each other.

readonly CANNOT=77 # the exit code of a part that can't run here

part_names() { ls tests/parts; }

# The parts that run if none is named.
plain_part_names() {
  local name
  for name in $(part_names); do
    (load_part "$name" && [[ $plain == no ]]) || echo "$name"
  done
}

load_part() {
  needs='' plain=yes builds='' cargo=no waits=no alone=no counts=yes seconds=30 deadline=30m
  source "tests/parts/$1"
}

# Ends a part that can't run on this machine, with the reason.
cannot() {
  echo "cannot: $1"
  exit "$CANNOT"
}

# Prints "passed failed skipped" of a log: the total of the summaries of cargo, node and pytest. Tests that cargo ignores do not count
# as skipped: other tests run them, each in its own process.
tally() {
  awk '
    /^test result: / { for (i = 1; i < NF; i++) { if ($(i + 1) ~ /^passed/) passed += $i; if ($(i + 1) ~ /^failed/) failed += $i } }
    /^ℹ pass /       { passed += $3 }
    /^ℹ (fail|cancelled) / { failed += $3 }
    /^ℹ (skipped|todo) /   { skipped += $3 }
    /^([0-9]+ [a-z]+, )*[0-9]+ [a-z]+ in [0-9.]+s/ { for (i = 1; i < NF; i++) { if ($(i + 1) ~ /^passed/) passed += $i; if ($(i + 1) ~ /^(failed|error)/) failed += $i; if ($(i + 1) ~ /^skipped/) skipped += $i } }
    END { print passed + 0, failed + 0, skipped + 0 }
  ' "$1"
}
