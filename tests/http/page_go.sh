# shellcheck shell=bash
# Search over everything: names, codes, old names, initials, numbers; never by names one may not see.
page "search without a question" 200 /go
has "asks" 'name="q"'
page "a register" 200 "/go?q=%E6%A3%80%E6%9F%A5"
has "is found by a part of its name" 'href="/registers/shop_check"'
page "a code" 200 "/go?q=%E5%AE%9C%E6%98%8C%E5%B8%82"
has "leads to the records" "/registers/shop_check?where=place%20"
page "by initials" 200 "/go?q=ycs"
has "leads there too" "/registers/shop_check?where=place%20"
ask "a number" 303 -H "$HTML" "$URL/go?q=S-1"
header "goes to the record" '^location: /registers/shop_check/'
page "words of a record" 200 "/go?q=%E8%BF%87%E6%9C%9F"
has "find it" "S-2"
page "nothing" 200 "/go?q=zzzzqqqq"
has "says so" "没有找到“zzzzqqqq”"
page "markup" 200 '/go?q=%3Cscript%3Ealert(1)%3C/script%3E'
lacks "is text" '<script>alert'
page "a quote" 200 "/go?q=%27%20or%201%3D1--"
page "too long" 413 "/go?q=$(printf 'a%.0s' $(seq 301))"
page "in English" 200 '/go?q=shop&lang=en'
page "every page" 200 /desk
has "has the field" 'action="/go"'
page "a page by what it is called besides" 200 "/go?q=%E8%8A%82%E5%81%87%E6%97%A5"
has "leads to the calendar" 'href="/calendar"'
page "words that together are a filter" 200 "/go?q=%E5%AE%9C%E6%98%8C%20%E8%BF%87%E6%9C%9F"
has "lead to the filtered list" 'href="/registers/shop_check?where=place%20'
ask "the palette's list" 200 "$URL/go/list?q=%E6%A3%80%E6%9F%A5"
has "is a fragment" 'href="/registers/shop_check"'
lacks "without a frame" '<html'
ask "markup in it" 200 "$URL/go/list?q=%3Cscript%3Ealert(1)%3C/script%3E"
lacks "is text" '<script>alert'
page "the calendar" 200 /calendar
has "says what is missing" "没有导入"
has "asks for two sources" 'name="second"'
ask "a year that no file has" 422 -H "$HTML" --data-urlencode year=2031 --data-urlencode 'first={}' --data-urlencode 'second=[]' "$URL/calendar"
has "is refused with what to bring" "holiday-calendar"
page "declared periods" 200 /clocks
has "with their clause" "测试条款 第2条"
page "notices without accounts" 200 /notices
page "no enterprise of one's own" 404 /mine
