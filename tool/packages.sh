# shellcheck shell=bash
# Debian packages the commands need, and one function that installs those that are missing.
# Sourced by ./run and ./test.

# shellcheck disable=SC2034  # for the commands
BUILD_PACKAGES="gcc libc6-dev make pkg-config libsqlite3-dev libpq-dev libyaml-dev libzip-dev
    libxml2-dev libmicrohttpd-dev libutf8proc-dev libssl-dev zlib1g-dev
    libcairo2-dev libpango1.0-dev libargon2-dev libqrencode-dev fonts-noto-cjk"

# shellcheck disable=SC2034
TEST_PACKAGES="postgresql-15 sqlite3 libcmocka-dev clang libclang-rt-14-dev llvm clang-format
    cppcheck python3 binutils curl poppler-utils golang-go golang-golang-x-mod-dev"

# Peers of bench/p6.sh.
# shellcheck disable=SC2034
BENCH_PACKAGES="r-base-core r-cran-surveillance r-cran-spc r-cran-survival r-cran-survey"

# Installs the named packages that are not installed yet. The package lists are fetched only when
# the ones at hand do not suffice.
install_missing() {
    local name missing="" root=""
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q '^install ok' ||
            missing="$missing $name"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null ||
            { echo "needed:$missing (run as root, or install sudo)" >&2; return 1; }
        root="sudo"
    fi
    echo "installing:$missing"
    # shellcheck disable=SC2086  # a list of words
    $root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 && return 0
    $root apt-get update -qq
    # shellcheck disable=SC2086
    $root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
