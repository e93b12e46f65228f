# Writes the accounts into a memory file system, with hashed passwords, and becomes the server.
set -eu
umask 077

accounts=$(cat /etc/ticketctl/users.acl)
for secret in /run/secrets/*; do
    name=${secret##*/}
    hash=$(printf '%s' "$(cat "$secret")" | sha256sum)
    accounts=$(printf '%s\n' "$accounts" | sed "s/{{$name}}/#${hash%% *}/g")
done
printf '%s\n' "$accounts" > /run/ticketctl/users.acl

exec redis-server "$@" --aclfile /run/ticketctl/users.acl
