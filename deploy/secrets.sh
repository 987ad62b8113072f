#!/bin/sh
# Makes ./secrets for compose.yaml, once: keys, passwords, and who may do what in Redis. What is there stays.
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p secrets
docker run --rm --user "$(id -u)" --volume "$PWD/secrets:/made" darkroom secrets /made

new() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
hash() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }
keep() { [ -e "secrets/$1" ] || cat > "secrets/$1"; }

if [ ! -e secrets/redis.acl ]; then
    house=$(new) worker=$(new)
    sed -e "s/HOUSE_PASSWORD_SHA256/$(hash "$house")/" -e "s/WORKER_PASSWORD_SHA256/$(hash "$worker")/" \
        "$here/redis.acl" > secrets/redis.acl
    chmod 644 secrets/redis.acl # hashes only, and Redis runs as a user of its own
    echo "redis://house:$house@redis:6379/0" > secrets/redis_house_url
    echo "redis://worker:$worker@redis:6379/0" > secrets/redis_worker_url
fi
new | keep postgres_password
echo "*:5432:darkroom:darkroom:$(cat secrets/postgres_password)" | keep pgpass
[ -e secrets/blobs_secret ] || echo "Put the secret of your bucket's key into secrets/blobs_secret."
# The containers run as 10001, which must be able to read what is mounted into them.
chown -R 10001 secrets 2>/dev/null || echo "Give secrets/ to the user 10001: sudo chown -R 10001 secrets"
