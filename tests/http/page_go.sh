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
