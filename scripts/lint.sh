#!/bin/bash
# Checks the format of the sources and analyses them: lint.sh
#
# Exit 0 without findings, 1 with any; each check runs, so that one run shows all.
set -u
cd "$(dirname "$0")/.." || exit 2
failed=0

check() {
    local name=$1
    shift
    echo "lint: $name"
    "$@" || { failed=1; echo "lint: $name: findings above" >&2; }
}

mapfile -t sources < <(git ls-files '*.c' '*.h')
mapfile -t scripts < <(git ls-files 'scripts/*.sh' 'tests/*.sh' .ci/run)
mapfile -t texts < <(git ls-files '*.md' '*.c' '*.h' '*.sh' '*.py' '*.cmake' 'CMakeLists.txt' | grep -v zh-CN)

check clang-format clang-format --dry-run -Werror "${sources[@]}"
check shellcheck shellcheck -x "${scripts[@]}"
check codespell codespell -q 3 -I scripts/codespell-words.txt "${texts[@]}"
check cppcheck cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -j 2 \
    --enable=warning,performance,portability --suppress=missingIncludeSystem \
    --suppress=missingInclude --library=windows -Iinclude -I. \
    driver client mydevice examples cli bench tests/unit tests/wine \
    tests/drivers/echo tests/drivers/rude tests/drivers/pend tests/drivers/refuse \
    tests/drivers/channels tests/drivers/first tests/drivers/sock
exit $failed
