# shellcheck shell=bash
# Rights to publish: alone, or together with another person where the register says so. On the
# complaints and logins of page_act.sh, with declarations in which officers publish by two.
cp -r packs "$STEP_DIR/publish_packs"
sed -i 's/{role: officer, rows: "place within office_region", can: \[read, create, amend, transition\]/{role: officer, rows: "place within office_region", can: [read, create, amend, transition, publish_two]/' "$STEP_DIR/publish_packs/consumer/complaint.yaml"
grep -q publish_two "$STEP_DIR/publish_packs/consumer/complaint.yaml" && ok || bad "the declaration has publish_two"
"$ZHIHENG" serve --data "$acts" --packs "$STEP_DIR/publish_packs" --listen 127.0.0.1:0 --public https://zhiheng.example.cn/ >"$STEP_DIR/publish.out" 2>"$STEP_DIR/publish.err" &
PUBLISHER=$!
BEFORE_URL=$URL
URL=""
for _ in $(seq 1200); do
    URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/publish.out")
    [ -z "$URL" ] || break
    sleep 0.05
done

as zhang.san
act "asked for" 303 /figures indicator=complaint_voices
header "and waits on the page of figures" '^location: .*/figures$'
act "twice" 409 /figures indicator=complaint_voices
page "figures" 200 /figures -b "$COOKIE"
has "says who asked for what" "zhang.san 于"
asked=$(grep -o '/figures/asked/[0-9]*' "$OUT" | head -n 1)
act "one's own" 403 "$asked" verdict=take
as zhao.liu
act "a role that may not publish" 403 /figures indicator=complaint_voices
act "nor confirm" 403 "$asked" verdict=take
as li.si
act "the other confirms" 303 "$asked" verdict=take
figure=$(tr -d '\r' <"$STEP_DIR/headers" | sed -n 's/^[Ll]ocation: //p')
page "the figure" 200 "$figure" -b "$COOKIE"
has "is of both" "zhang.san、li.si"
act "once only" 404 "$asked" verdict=take
act "the board" 303 /figures board=1 region=420000
page "figures" 200 /figures -b "$COOKIE"
asked=$(grep -o '/figures/asked/[0-9]*' "$OUT" | head -n 1)
as zhang.san
act "sent back" 303 "$asked" verdict=return
act "the board again" 303 /figures board=1
page "figures" 200 /figures -b "$COOKIE"
asked=$(grep -o '/figures/asked/[0-9]*' "$OUT" | head -n 1)
as li.si
act "confirmed" 303 "$asked" verdict=take
board=$(tr -d '\r' <"$STEP_DIR/headers" | sed -n 's/^[Ll]ocation: //p')
[[ $board == */publications/board-* ]] && ok || bad "has a page of its own: $board"
page "the snapshot" 200 "${board#"$URL"}" -b "$COOKIE"
has "with its ledger position" "看板快照，截至账本 #"
has "its figures" "/figures/"
has "and its persons" "zhang.san、li.si"
page "no such publication" 404 /publications/nothing -b "$COOKIE"
ask "nobody" 401 -H "$HTML" -d "board=1" "$URL/figures"
kill -TERM "$PUBLISHER"
wait "$PUBLISHER"
[ "$(grep -c 'ERROR\|LeakSanitizer\|runtime error' "$STEP_DIR/publish.err")" = 0 ] && ok || bad "sanitizers found something" "$STEP_DIR/publish.err"
# what it declared is kept: reports lead there, --base still wins, and without either they say so
URL=$BEFORE_URL
