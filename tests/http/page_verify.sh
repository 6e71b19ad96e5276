# shellcheck shell=bash
# The page that verifies proofs in the browser; its arithmetic is tested by tests/proof/verify.mjs.

page "verify" 200 /verify
has "says that nothing is uploaded" "不会上传"
has "has its script" "/static/verify.js"
page "verify in English" 200 '/verify?lang=en'
has "is English" "Verify a proof"
