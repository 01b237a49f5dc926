#!/bin/bash
# Verifies this bundle: every file against manifest.json, and every signature in it.
# Needs bash, openssl 3, jq and coreutils. Nothing is fetched, nothing is changed.
#
#   ./verify.sh                      verify all
#   ./verify.sh MANIFEST_SHA256      ... and that this is the bundle that you were told of
#
# What it cannot know is whether the keys in keys/ are those people's keys: compare their
# fingerprints with what they tell you. By whom a certificate must be signed, and whether
# it is still valid, is said by `readiness verify`.
set -eu -o pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 good=0 ignored=0

bad() {
  printf 'FAILED  %s: %s\n' "$1" "$2"
  failed=$((failed + 1))
}

sha() { sha256sum "$1" | cut -d ' ' -f 1; }

for program in openssl jq base64 sha256sum; do
  command -v "$program" >/dev/null || { echo "verify.sh: $program is missing" >&2; exit 3; }
done
[ "$(jq -r .format manifest.json)" = pytest-readiness/bundle/1 ] || {
  echo 'verify.sh: manifest.json is of another format' >&2
  exit 3
}
if [ $# -gt 0 ] && [ "$(sha manifest.json)" != "$1" ]; then
  bad manifest.json "is not the one with the sha256 $1"
fi

# Every file is as the manifest says, and there is no other one.
jq -r '.files | to_entries[] | .value + "  " + .key' manifest.json >"$work/listed"
while IFS= read -r row; do
  name=${row#*  } want=${row%%  *}
  if [ ! -f "$name" ]; then
    bad "$name" 'is missing'
  elif [ "$(sha "$name")" != "$want" ]; then
    bad "$name" 'is not the file that the manifest names'
  fi
done <"$work/listed"
cut -c 67- "$work/listed" | LC_ALL=C sort >"$work/names"
find . -type f ! -path ./manifest.json | cut -c 3- | LC_ALL=C sort >"$work/found"
while IFS= read -r name; do
  bad "$name" 'is not in the manifest'
done < <(LC_ALL=C comm -13 "$work/names" "$work/found")

# A key's fingerprint is that of its own bytes, not what the manifest claims.
while IFS=$'\t' read -r keyid file algorithm; do
  openssl pkey -pubin -in "$file" -outform DER >"$work/der" 2>/dev/null || {
    bad "$file" 'is no public key'
    continue
  }
  case $algorithm in
    ed25519)
      { printf '\0\0\0\013ssh-ed25519\0\0\0\040'; tail -c 32 "$work/der"; } >"$work/blob" ;;
    ecdsa-p256)
      { printf '\0\0\0\023ecdsa-sha2-nistp256\0\0\0\010nistp256\0\0\0\101'
        tail -c 65 "$work/der"; } >"$work/blob" ;;
    *) bad "$file" 'is of an algorithm that is not used here'; continue ;;
  esac
  own=SHA256:$(openssl dgst -sha256 -binary "$work/blob" | base64 | tr -d '=\n')
  [ "$own" = "$keyid" ] || bad "$file" "has the fingerprint $own, not $keyid"
done < <(jq -r '.keys | to_entries[] | [.key, .value.file, .value.algorithm] | @tsv' manifest.json)

# One DSSE envelope: the signature is over "DSSEv1 SP len SP type SP len SP payload".
envelope() {
  local where=$1 type size count number keyid key
  if ! jq -e 'type == "object" and (.payload | type) == "string"
      and (.signatures | type) == "array"' "$work/line" >/dev/null 2>&1; then
    bad "$where" 'is no signed statement'
    return
  fi
  type=$(jq -r .payloadType "$work/line")
  jq -r .payload "$work/line" | base64 -d >"$work/payload" 2>/dev/null || {
    bad "$where" 'its payload is no base64'
    return
  }
  size=$(wc -c <"$work/payload")
  printf 'DSSEv1 %d %s %d ' "$(printf %s "$type" | wc -c)" "$type" "$size" |
    cat - "$work/payload" >"$work/signed"
  count=$(jq '.signatures | length' "$work/line")
  [ "$count" -gt 0 ] || bad "$where" 'is not signed'
  for ((number = 0; number < count; number++)); do
    keyid=$(jq -r ".signatures[$number].keyid // \"\"" "$work/line")
    key=$(jq -r --arg id "$keyid" '.keys[$id].file // ""' manifest.json)
    if [ -z "$key" ]; then
      printf 'ignored %s: signed by %s, whom the trust file does not know\n' \
        "$where" "${keyid:-a key without a name}"
      ignored=$((ignored + 1))
      continue
    fi
    jq -r ".signatures[$number].sig" "$work/line" | base64 -d >"$work/sig" 2>/dev/null || true
    if verified "$key" "$(jq -r --arg id "$keyid" '.keys[$id].algorithm' manifest.json)"; then
      attested "$where" "$keyid"
    else
      bad "$where" "the signature is not that of $keyid"
    fi
  done
}

verified() {
  if [ "$2" = ed25519 ]; then
    openssl pkeyutl -verify -pubin -inkey "$1" -rawin -in "$work/signed" \
      -sigfile "$work/sig" >/dev/null 2>&1
  else
    openssl dgst -sha256 -verify "$1" -signature "$work/sig" "$work/signed" >/dev/null 2>&1
  fi
}

# Whoever a statement speaks for must own the key. A certificate names nobody.
attested() {
  local said owner
  said=$(jq -r '.predicate.attester // ""' "$work/payload" 2>/dev/null || true)
  owner=$(jq -r --arg id "$2" '.keys[$id].person' manifest.json)
  if [ -n "$said" ] && [ "$said" != "$owner" ]; then
    bad "$1" "signed by $owner in the name of $said"
    return
  fi
  good=$((good + 1))
}

while IFS= read -r file; do
  case $file in
    *.intoto.jsonl)
      number=0
      while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        [ -n "$line" ] || continue
        printf '%s\n' "$line" >"$work/line"
        envelope "$file, line $number"
      done <"$file" ;;
    *.intoto.json)
      cat "$file" >"$work/line"
      envelope "$file" ;;
    *.provenance.json)
      artefact=${file%.provenance.json}
      if jq -e 'has("payload")' "$file" >/dev/null 2>&1; then
        cat "$file" >"$work/line"
        envelope "$file"
      else
        cat "$file" >"$work/payload"
        printf 'ignored %s: not signed\n' "$file"
        ignored=$((ignored + 1))
      fi
      want=$(jq -r '.subject[0].digest.sha256 // ""' "$work/payload" 2>/dev/null || true)
      [ -f "$artefact" ] && [ "$(sha "$artefact")" = "$want" ] ||
        bad "$artefact" 'is not the file that was stamped' ;;
  esac
done <"$work/found"

# The certificate is about the very files that are here.
certificate=report/certificate.intoto.jsonl
if [ -f "$certificate" ]; then
  head -n 1 "$certificate" | jq -r .payload | base64 -d >"$work/payload" 2>/dev/null || true
  while IFS=$'\t' read -r name want; do
    case $name in
      report.json | report.html) file=report/$name ;;
      statements.txt) file=report/certificate.statements.txt ;;
      trust.toml | snapshot.txt) file=trust/$name ;;
      suite.lock) file=suite/$name ;;
      *) continue ;;
    esac
    [ -f "$file" ] && [ "$(sha "$file")" = "$want" ] ||
      bad "$file" 'is not the file that the certificate names'
  done < <(jq -r '.predicate.configuration[] | select(.digest.sha256)
      | [.name, .digest.sha256] | @tsv' "$work/payload" 2>/dev/null)
fi

printf '%d signatures verify, %d are left out, %d failures\n' "$good" "$ignored" "$failed"
[ "$failed" -eq 0 ]
