"""A mail server (SMTP with STARTTLS and AUTH PLAIN) and a webhook receiver, for tests.

usage: receiver.py FOLDER CERT KEY   prints "SMTP_PORT HOOK_PORT", then keeps every message and every
request as a file of FOLDER: mail-N.eml, hook-N.json. FOLDER/slow makes a mail take five seconds
between its last line and the answer; FOLDER/down answers 451, FOLDER/fail answers webhooks 500.
"""
import base64
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import time

folder, cert, key = sys.argv[1:4]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
lock = threading.Lock()


def keep(kind, text):
    with lock:
        n = len([name for name in os.listdir(folder) if name.startswith(kind + "-")])
        with open(os.path.join(folder, f"{kind}-{n}"), "w", encoding="utf-8") as out:
            out.write(text)


def is_set(name):
    return os.path.exists(os.path.join(folder, name))


class Mail(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")
        self.wfile.flush()

    def message(self):
        lines = []
        while True:
            line = self.rfile.readline()
            if not line or line == b".\r\n":
                return b"".join(lines).decode("ascii"), bool(line)
            lines.append(line[1:] if line.startswith(b".") else line)

    def handle(self):
        secure = known = False
        self.say("220 test")
        while True:
            line = self.rfile.readline().decode("ascii").strip()
            verb = line[:4].upper()
            if verb == "EHLO":
                self.say("250-test")
                self.say("250 AUTH PLAIN" if secure else "250 STARTTLS")
            elif verb == "STAR":
                self.say("220 go")
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb")
                secure = True
            elif verb == "AUTH":
                known = base64.b64decode(line.split()[2]) == b"\0robot\0a word of the test"
                self.say("235 ok" if known else "535 no")
            elif verb in ("MAIL", "RCPT"):
                if is_set("down"):
                    self.say("451 later")
                else:
                    self.say("250 ok" if secure and known else "530 first AUTH")
            elif verb == "DATA":
                self.say("354 go")
                text, whole = self.message()
                if not whole:
                    return
                keep("mail", text)
                if is_set("slow"):
                    time.sleep(5)
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                return


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode("utf-8")
        keep("hook", json.dumps({"headers": dict(self.headers), "body": body}))
        self.send_response(500 if is_set("fail") else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that was killed


mail = Server(("127.0.0.1", 0), Mail)
hook = Server(("127.0.0.1", 0), Hook)
print(mail.server_address[1], hook.server_address[1], flush=True)
threading.Thread(target=mail.serve_forever, daemon=True).start()
hook.serve_forever()
