# Runs one PostgreSQL cluster for as long as standard input stays open, then removes every trace of it.
# The writing end of standard input is held by the test process, so its end, even by SIGKILL, is the signal.
#
# usage: sh -c "$(cat watch.sh)" watch BIN HOME PORT [-c SETTING]...
bin=$1 home=$2 port=$3
shift 3

trap '' HUP INT TERM # a Ctrl-C is for the test process; this shell leaves when that one has
trap 'rm -rf "$home"' EXIT
exec 3<&0 </dev/null

fail() {
    tail -n 40 "$home/log" >&2
    exit 1
}

"$bin/initdb" --pgdata "$home/data" --username anlao --auth trust --encoding UTF8 --locale C.UTF-8 \
    --no-sync --no-instructions >"$home/log" 2>&1 3<&- || fail

# Nothing here needs to survive a power cut, so nothing waits for the disk. synchronous_commit stays on: Anlao
# refuses a database without it.
serve() {
    exec "$bin/postgres" -D "$home/data" -p "$port" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories="$home" \
        -c max_connections=300 -c shared_buffers=64MB \
        -c fsync=off -c full_page_writes=off -c synchronous_commit=on \
        -c checkpoint_timeout=30min -c max_wal_size=4GB -c autovacuum=off "$@" \
        >>"$home/log" 2>&1 3<&-
}
serve "$@" &
server=$!

{
    cat >/dev/null
    : >"$home/over"
    kill -QUIT "$(head -n 1 "$home/data/postmaster.pid")"
} <&3 2>/dev/null &
watcher=$!
exec 3<&-

# Whoever wants a restart leaves a file of that name and then ends the server as roughly as it likes.
while true; do
    wait "$server"
    status=$?
    if [ -e "$home/over" ] || [ ! -e "$home/restart" ]; then break; fi
    rm -f "$home/restart"
    serve "$@" &
    server=$!
done
[ "$status" = 0 ] || tail -n 40 "$home/log" >&2
kill -KILL "$watcher" 2>/dev/null # it ignores anything gentler, like this shell
exit 0
