"""Logging in by an identity provider, as a browser does it, and every lie a provider or a third party
might try. usage: oidc.py URL PROVIDER LIAR PROGRAM DATA. Prints what failed, then counts."""
import http.cookiejar
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

base, provider, liar, program, data = sys.argv[1:6]
passed = failed = 0


def check(good, what):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print("FAILED:", what)


def account(*arguments, stdin=None):
    return subprocess.run([program, "account", *arguments, "--data", data], input=stdin, capture_output=True, text=True)


def configure(issuer, client="zhiheng-rs", claim="preferred_username", secret="ein Geheimnis/mit:Zeichen"):
    done = account("oidc", issuer, client, base, claim, stdin=secret + "\n")
    check(done.returncode == 0, f"configured {issuer}: {done.stderr}")


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


class Browser:
    def __init__(self):
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), Stay)

    def ask(self, url, form=None):
        sent = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(url, data=sent, headers={"Accept": "text/html"})
        try:
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        text = answer.read().decode("utf-8", "replace")
        return answer.status, answer.headers.get("Location"), text

    def session(self):
        return next((c.value for c in self.jar if c.name == "zh_session"), None)

    def follow(self, url, person, stop=None):
        """Goes on until the server under test answers, filling the provider's forms on the way."""
        status, text = 0, ""
        for _ in range(20):
            if stop is not None and url.startswith(base + stop):
                return 0, url
            status, location, text = self.ask(url)
            form = re.search(r'<form[^>]*action="([^"]+)"', text) if status == 200 and not url.startswith(base) else None
            if form:
                fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', text))
                fields.update({"login": person, "password": "x"} if 'name="login"' in text else {})
                status, location, text = self.ask(urllib.parse.urljoin(url, form.group(1)), fields)
            if location is None:
                break
            url = urllib.parse.urljoin(url, location)
            if url.startswith(base) and "/login/oidc" not in url:
                return status, url
        return status, text


for client, secret in (("zhiheng-rs", "ein Geheimnis/mit:Zeichen"), ("zhiheng-es", "ein Geheimnis/mit:Zeichen"), ("zhiheng-public", "")):
    configure(provider, client, secret=secret)
    browser = Browser()
    check("统一认证" in browser.ask(base + "/login")[2], "the login page offers it")
    status, where = browser.follow(base + "/login/oidc?next=/registers", "kwuhan")
    check(where == base + "/registers" and browser.session(), f"{client}: logged in: {status} {where[:300]}")
    page = browser.ask(base + "/account")[2]
    check("kwuhan" in page and "officer" not in page.split("我的岗位")[0], f"{client}: as the account")
# no privilege comes from the provider; no account is made
browser = Browser()
status, text = browser.follow(base + "/login/oidc", "kstranger")
check(browser.session() is None and "没有与之对应的账户" in text, f"a stranger stays outside: {text[:200]}")
check("kstranger" not in account().stdout, "and no account was made")
browser = Browser()
browser.follow(base + "/login/oidc", "knopost")
check(browser.session() is not None, "an account without a post comes in")
check("还没有在任的岗位" in browser.ask(base + "/account")[2], "and the provider's role gives it nothing")
# linked by subject: another provider's word for the same name is not enough
configure(provider, "zhiheng-rs", claim="sub")
browser = Browser()
browser.follow(base + "/login/oidc", "kwuhan")
check(browser.session() is not None, "a linked account is found by its subject")
configure(f"{liar.rstrip('/')}/honest")
browser = Browser()
status, text = browser.follow(base + "/login/oidc", "kwuhan")
check(browser.session() is None and "没有与之对应的账户" in text, "another provider does not take it over")
browser = Browser()
# every lie
for lie in ("wrong-iss", "wrong-aud", "aud-list", "expired", "future", "wrong-nonce", "no-nonce", "no-sub", "alg-none", "alg-hs256",
            "no-such-kid", "wrong-key", "changed", "other-issuer", "plain-http", "wrong-iss-answer"):
    configure(f"{liar.rstrip('/')}/{lie}")
    browser = Browser()
    status, text = browser.follow(base + "/login/oidc", "kwuhan")
    check(browser.session() is None and status in (403, 422), f"{lie} is refused: {status} {text[:200]}")
# the state: another browser's, used twice, made up, an answer with an error
configure(provider, "zhiheng-rs")
victim, attacker = Browser(), Browser()
status, url = attacker.follow(base + "/login/oidc", "kyichang", stop="/login/oidc/back")
status, _, text = victim.ask(url)
check(status == 403 and victim.session() is None, f"a link that an attacker made does not log the victim in: {status}")
status, _, _ = attacker.ask(url)
check(attacker.session() is not None, "in its own browser it does")
status, _, _ = attacker.ask(url)
check(status == 403, f"once: {status}")
for query in ("", "?code=x", "?state=x&code=y", "?error=access_denied"):
    check(Browser().ask(base + "/login/oidc/back" + query)[0] == 403, f"“{query}” is refused")
browser = Browser()
_, location, _ = browser.ask(base + "/login/oidc?next=//example.org/")
check("code_challenge_method=S256" in location and "nonce=" in location, "PKCE and a nonce are asked for")
status, where = browser.follow(location, "kwuhan")
check(where == base + "/desk", f"a path of another site is not gone to: {where[:100]}")
account("disable", "kwuhan")
browser = Browser()
status, text = browser.follow(base + "/login/oidc", "kwuhan")
check(browser.session() is None, "a disabled account stays outside")
account("enable", "kwuhan")
# configuration
for issuer in ("http://example.org", "ftp://x", "https://a b"):
    check(account("oidc", issuer, "c", base, "sub", stdin="\n").returncode != 0, f"{issuer} is no provider")
check("Geheimnis" not in account("oidc").stdout, "the secret is not printed")
configure("http://127.0.0.1:9/")
check(Browser().ask(base + "/login/oidc")[0] in (500, 502, 503), "a provider that is not there is an error, not a login")
account("oidc", "off")
check(Browser().ask(base + "/login/oidc")[0] == 404, "switched off")
check("统一认证" not in Browser().ask(base + "/login")[2], "and not offered")
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
