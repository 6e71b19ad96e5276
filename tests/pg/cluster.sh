# shellcheck shell=bash
# A PostgreSQL 15 cluster for one test run: own directory, free loopback port, fsync on, gone at the
# end. Sourced; pg_start sets and exports ZH_TEST_PG_URL, pg_stop removes everything.
#
# The default collation is ICU's Chinese one on purpose: text must sort by bytes because the program
# says so, not because the database happens to.

PG_BIN=/usr/lib/postgresql/15/bin
PG_DIR=""

# The server refuses to run as root.
pg_as_owner() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$PG_DIR" "$@"
    else
        "$@"
    fi
}

pg_free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

pg_start() {
    local port attempt
    PG_DIR=$(mktemp -d)
    [ "$(id -u)" != 0 ] || chown postgres:postgres "$PG_DIR"
    pg_as_owner "$PG_BIN/initdb" -D "$PG_DIR/data" -U zhiheng --auth=trust --encoding=UTF8 \
        --locale=C.UTF-8 --locale-provider=icu --icu-locale=zh-CN >"$PG_DIR.log" 2>&1 ||
        { cat "$PG_DIR.log"; return 1; }
    # Somebody else may take the port between finding it and listening on it.
    for attempt in 1 2 3 4 5; do
        port=$(pg_free_port)
        if pg_as_owner "$PG_BIN/pg_ctl" -D "$PG_DIR/data" -l "$PG_DIR/server.log" -w -s \
            -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$PG_DIR \
                -c fsync=on -c max_connections=100 -c shared_buffers=64MB -c timezone=UTC" \
            start >>"$PG_DIR.log" 2>&1; then
            export ZH_TEST_PG_URL="postgresql://zhiheng@127.0.0.1:$port/postgres"
            return 0
        fi
    done
    cat "$PG_DIR.log"
    echo "PostgreSQL did not start after $attempt attempts"
    return 1
}

pg_stop() {
    [ -n "$PG_DIR" ] || return 0
    pg_as_owner "$PG_BIN/pg_ctl" -D "$PG_DIR/data" -m immediate -s stop >/dev/null 2>&1 || true
    rm -rf "$PG_DIR" "$PG_DIR.log"
    PG_DIR=""
}
