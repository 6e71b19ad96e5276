# shellcheck shell=bash
# Rights to publish, as the shipped declarations give them: figures of complaints by two analysts,
# of sampling by one, by nobody else. On the complaints and logins of page_act.sh.
printf 'orange-kettle-qian.qi-77\n' | "$ZHIHENG" account add qian.qi qian.qi --data "$acts" >"$OUT" 2>&1 && ok || bad "account qian.qi" "$OUT"
expect "post of another analyst" 0 account grant qian.qi analyst all 420000 --data "$acts"
"$ZHIHENG" serve --data "$acts" --listen 127.0.0.1:0 --public https://zhiheng.example.cn/ >"$STEP_DIR/publish.out" 2>"$STEP_DIR/publish.err" &
PUBLISHER=$!
BEFORE_URL=$URL
URL=""
for _ in $(seq 1200); do
    URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/publish.out")
    [ -z "$URL" ] || break
    sleep 0.05
done

as zhao.liu
act "asked for" 303 /figures indicator=complaint_voices
header "and waits on the page of figures" '^location: .*/figures$'
act "twice" 409 /figures indicator=complaint_voices
page "figures" 200 /figures -b "$COOKIE"
has "says who asked for what" "zhao.liu 于"
asked=$(grep -o '/figures/asked/[0-9]*' "$OUT" | head -n 1)
act "one's own" 403 "$asked" verdict=take
as zhang.san
act "a role that may not publish" 403 /figures indicator=complaint_voices
act "nor confirm" 403 "$asked" verdict=take
as qian.qi
act "the other confirms" 303 "$asked" verdict=take
figure=$(tr -d '\r' <"$STEP_DIR/headers" | sed -n 's/^[Ll]ocation: //p')
page "the figure" 200 "$figure" -b "$COOKIE"
has "is of both" "zhao.liu、qian.qi"
act "once only" 404 "$asked" verdict=take
act "the board" 303 /figures board=1 region=420000
page "figures" 200 /figures -b "$COOKIE"
asked=$(grep -o '/figures/asked/[0-9]*' "$OUT" | head -n 1)
as zhao.liu
act "sent back" 303 "$asked" verdict=return
act "the board again" 303 /figures board=1
page "figures" 200 /figures -b "$COOKIE"
asked=$(grep -o '/figures/asked/[0-9]*' "$OUT" | head -n 1)
as qian.qi
act "confirmed" 303 "$asked" verdict=take
board=$(tr -d '\r' <"$STEP_DIR/headers" | sed -n 's/^[Ll]ocation: //p')
[[ $board == */publications/board-* ]] && ok || bad "has a page of its own: $board"
page "the snapshot" 200 "${board#"$URL"}" -b "$COOKIE"
has "with its ledger position" "看板快照，截至账本 #"
has "its figures" "/figures/"
has "and its persons" "zhao.liu、qian.qi"
as zhang.san
act "who may not publish one figure may not publish the board" 403 /figures board=1
as zhao.liu
act "with somebody else only: the promises" 303 /figures indicator=promise_kept_rate
header "and waits on the page of figures" '^location: .*/figures$'
page "no such publication" 404 /publications/nothing -b "$COOKIE"
ask "nobody" 401 -H "$HTML" -d "board=1" "$URL/figures"
kill -TERM "$PUBLISHER"
wait "$PUBLISHER"
[ "$(grep -c 'ERROR\|LeakSanitizer\|runtime error' "$STEP_DIR/publish.err")" = 0 ] && ok || bad "sanitizers found something" "$STEP_DIR/publish.err"
# what it declared is kept: reports lead there, --base still wins, and without either they say so
URL=$BEFORE_URL
