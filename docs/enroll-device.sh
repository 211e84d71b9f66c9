#!/usr/bin/env bash
# A device in one screen of shell: makes its own key, enrols with a token, authenticates by private_key_jwt, sends a
# heartbeat. Needs curl and openssl.
# usage: enroll-device.sh ENROLMENT_TOKEN [NAME] [GATEWAY]
set -euo pipefail
token="${1:?usage: enroll-device.sh ENROLMENT_TOKEN [NAME] [GATEWAY]}"
name="${2:-$(hostname)}"
gateway="${3:-http://localhost:8080}"

keys="$(mktemp -d)"
trap 'rm -rf "$keys"' EXIT
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$keys/device.pem"

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
member() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/"; }
sign() { # type, claims: a compact JWS (RFC 7515)
    local signed
    signed="$(printf '{"alg":"RS256","typ":"%s"}' "$1" | base64url).$(printf '%s' "$2" | base64url)"
    printf '%s.%s' "$signed" "$(printf '%s' "$signed" | openssl dgst -sha256 -sign "$keys/device.pem" | base64url)"
}

now="$(date +%s)"
modulus="$(openssl rsa -in "$keys/device.pem" -noout -modulus | cut -d= -f2 | xxd -r -p | base64url)"
bound="$(printf '%s' "$token" | openssl dgst -sha256 -binary | base64url)"
proof="$(sign enroll+jwt "{\"aud\":\"$gateway\",\"iat\":$now,\"jti\":\"$(openssl rand -hex 16)\",\"ath\":\"$bound\"}")"
enrolled="$(curl -fsS "$gateway/api/v1/devices/enroll" -H 'Content-Type: application/json' -d "{
    \"enrollmentToken\": \"$token\", \"name\": \"$name\",
    \"publicKey\": {\"kty\": \"RSA\", \"n\": \"$modulus\", \"e\": \"AQAB\"}, \"proof\": \"$proof\"}")"
echo "$enrolled"
device="$(member deviceId <<<"$enrolled")"

# The identity service hears of the device over the bus, so the first try may come too early.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    now="$(date +%s)"
    assertion="$(sign JWT "{\"iss\":\"$device\",\"sub\":\"$device\",\"aud\":\"$gateway/connect/token\",\"iat\":$now,\"exp\":$((now + 60)),\"jti\":\"$(openssl rand -hex 16)\"}")"
    answer="$(curl -sS "$gateway/connect/token" \
        -d grant_type=client_credentials \
        -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
        -d client_assertion="$assertion")"
    [[ "$answer" == *access_token* ]] && break
    sleep 0.5
done
access="$(member access_token <<<"$answer")"
curl -fsS "$gateway/api/v1/devices/$device/heartbeat" -H "Authorization: Bearer $access" -H 'Content-Type: application/json' -d '{"status":"ok"}'
echo
